#ifndef FIQ_DOCTOR_PACKAGE_H
#define FIQ_DOCTOR_PACKAGE_H

/* The Debian package that a file belongs to, by dpkg's own lists, to be freed; or NULL. */
char *package_of(const char *path);

/* A value of /etc/os-release ("ID", "VERSION_CODENAME"), to be freed; or NULL. */
char *distribution(const char *key);

#endif
