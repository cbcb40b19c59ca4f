#ifndef FIQ_BASE_ROOT_H
#define FIQ_BASE_ROOT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The root directory of a process that may see other files than we do: in a container, a
 * chroot, a mount namespace of its own.  It is held open, so that files can be looked for in it
 * when the process has ended.  A path is followed below it as the process would: absolute links
 * and ".." do not lead out.
 *
 * Any thread.
 */
struct root {
    int fd;
    struct root_view {
        dev_t device; /* of the directory */
        ino_t inode;
        ino_t mounts; /* the mount namespace */
    } view;
};

/* What tells one process's view of files from another's; 0 is our own process.  False when it
 * has gone or may not be asked. */
bool root_view_of(pid_t pid, struct root_view *view);
bool root_view_same(const struct root_view *a, const struct root_view *b);

/* The root of the process; NULL when that cannot be had. */
struct root *root_open(pid_t pid);
/* The root that begins a path like "/proc/4711/root/usr/bin/x"; *path moves on to "/usr/bin/x".
 * NULL when the path does not begin so, or there is no such process. */
struct root *root_of_path(const char **path);
void root_close(struct root *root);

/* Opens a file for reading below the root, NULL is ours; a descriptor, or -1 with errno.  Never
 * waits (a FIFO) and never takes a terminal. */
int root_open_file(const struct root *root, const char *path);

#endif
