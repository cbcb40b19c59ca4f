#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/xalloc.h"

/* A number from the environment that sudo sets, or -1. */
static long sudo_number(const char *name)
{
    const char *text = getenv(name);
    char *end;
    long value;

    if (!text || !*text)
        return -1;
    errno = 0;
    value = strtol(text, &end, 10);
    return errno || *end || value < 0 || value > INT_MAX ? -1 : value;
}

void output_give_to_sudo_user(int fd)
{
    long uid = sudo_number("SUDO_UID");
    long gid = sudo_number("SUDO_GID");

    if (geteuid() == 0 && uid >= 0 && fchown(fd, (uid_t)uid, gid >= 0 ? (gid_t)gid : (gid_t)-1))
        return;
}

/* The kernel refuses such links too, but only where fs.protected_symlinks is on. */
static bool planted_link(const char *path, const struct stat *link)
{
    char *copy = xstrdup(path);
    struct stat directory;
    bool planted = !stat(dirname(copy), &directory) && (directory.st_mode & S_ISVTX) &&
                   (directory.st_mode & S_IWOTH) && link->st_uid != geteuid() &&
                   link->st_uid != directory.st_uid;

    free(copy);
    return planted;
}

static int cannot_write(struct error *err, int code, const char *path)
{
    return error_set(err, code, "cannot write %s: %s",
                     strcmp(path, "-") ? path : "to standard output", strerror(code));
}

static int open_directly(struct output *output, const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ENXIO)
        return error_set(err, ENXIO, "cannot write %s: nobody reads that pipe", path);
    if (fd < 0)
        return cannot_write(err, errno, path);
    fcntl(fd, F_SETFL, 0);
    output->stream = fdopen(fd, "w");
    return 0;
}

/* A file without a name vanishes with us, whatever ends us.  It gets its name through /proc. */
static int open_unnamed(const char *directory)
{
    if (access("/proc/self/fd", X_OK))
        return -1;
    return open(*directory ? directory : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int open_beside(struct output *output, mode_t mode, struct error *err)
{
    const char *slash = strrchr(output->target, '/');
    size_t directory = slash ? (size_t)(slash - output->target) + 1 : 0;
    char *where = xstrndup(output->target, directory);
    int fd = open_unnamed(where);

    if (fd < 0) { /* not every file system can */
        output->beside = xasprintf("%s.fiq-XXXXXX", where);
        fd = mkostemp(output->beside, O_CLOEXEC);
    }
    free(where);
    if (fd < 0) {
        int failed = cannot_write(err, errno, output->path);

        free(output->beside);
        output->beside = NULL;
        return failed;
    }
    fchmod(fd, mode);
    output_give_to_sudo_user(fd);
    output->stream = fdopen(fd, "w");
    return 0;
}

/* Names what open_unnamed() made, beside the target.  0 or an errno. */
static int give_name(struct output *output)
{
    const char *slash = strrchr(output->target, '/');
    int directory = slash ? (int)(slash - output->target) + 1 : 0;
    char self[32];
    int failed = EEXIST;

    snprintf(self, sizeof(self), "/proc/self/fd/%d", fileno(output->stream));
    for (unsigned try = 0; try < 1000 && failed == EEXIST; try++) {
        char *name = xasprintf("%.*s.fiq-%d-%u", directory, output->target, (int)getpid(), try);

        failed = linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW) ? errno : 0;
        if (failed)
            free(name);
        else
            output->beside = name;
    }
    return failed;
}

static mode_t default_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

static int open_path(struct output *output, struct error *err)
{
    struct stat link, file;
    char resolved[PATH_MAX];

    if (lstat(output->path, &link) == 0 && S_ISLNK(link.st_mode)) {
        if (planted_link(output->path, &link))
            return error_set(err, EACCES,
                             "%s is a symbolic link of another user in a sticky directory; "
                             "it is not followed",
                             output->path);
        if (realpath(output->path, resolved))
            output->target = xstrdup(resolved);
    }
    if (!output->target)
        output->target = xstrdup(output->path);
    if (stat(output->target, &file))
        return open_beside(output, default_mode(), err);
    if (S_ISDIR(file.st_mode))
        return cannot_write(err, EISDIR, output->path);
    if (!S_ISREG(file.st_mode)) {
        free(output->target);
        output->target = NULL;
        return open_directly(output, output->path, err);
    }
    if (access(output->target, W_OK))
        return cannot_write(err, errno, output->path);
    return open_beside(output, file.st_mode & 0777, err);
}

int output_open(struct output *output, const char *path, struct error *err)
{
    int failed;

    *output = (struct output){.path = xstrdup(path)};
    if (!strcmp(path, "-")) {
        int fd = dup(STDOUT_FILENO);

        if (fd < 0) {
            failed = cannot_write(err, errno, path);
            output_discard(output);
            return failed;
        }
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        output->stream = fdopen(fd, "w");
        if (output->stream)
            return 0;
        close(fd);
        failed = error_set(err, EBADF, "standard output is closed, or not for writing");
        output_discard(output);
        return failed;
    }
    failed = open_path(output, err);
    if (failed)
        output_discard(output);
    return failed;
}

static void forget(struct output *output)
{
    free(output->path);
    free(output->target);
    free(output->beside);
    *output = (struct output){0};
}

/* What an earlier write failed of, nobody has noted. */
static int why_not(const struct output *output)
{
    struct statvfs system;

    return !fstatvfs(fileno(output->stream), &system) && !system.f_bavail ? ENOSPC : EIO;
}

int output_commit(struct output *output, struct error *err)
{
    int failed = 0;
    bool bad = ferror(output->stream);

    errno = 0;
    if (fflush(output->stream) || bad)
        failed = cannot_write(err, errno ? errno : why_not(output), output->path);
    if (!failed && output->target && !output->beside) {
        int unnamed = give_name(output);

        if (unnamed)
            failed = cannot_write(err, unnamed, output->path);
    }
    if (fclose(output->stream) && !failed)
        failed = cannot_write(err, errno ? errno : EIO, output->path);
    output->stream = NULL;
    if (!failed && output->beside && rename(output->beside, output->target))
        failed = cannot_write(err, errno, output->path);
    if (failed)
        output_discard(output);
    else
        forget(output);
    return failed;
}

void output_discard(struct output *output)
{
    if (output->stream)
        fclose(output->stream);
    if (output->beside)
        unlink(output->beside);
    forget(output);
}
