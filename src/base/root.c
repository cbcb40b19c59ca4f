#include "base/root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/xalloc.h"

enum { PATH_SIZE = 48 };

/* "/proc/4711/root"; 0 is "self". */
static const char *path_in_proc(pid_t pid, const char *name, char *path)
{
    if (pid)
        snprintf(path, PATH_SIZE, "/proc/%d/%s", (int)pid, name);
    else
        snprintf(path, PATH_SIZE, "/proc/self/%s", name);
    return path;
}

bool root_view_of(pid_t pid, struct root_view *view)
{
    char path[PATH_SIZE];
    struct stat root, mounts;

    if (stat(path_in_proc(pid, "root/", path), &root) ||
        stat(path_in_proc(pid, "ns/mnt", path), &mounts))
        return false;
    *view = (struct root_view){
        .device = root.st_dev, .inode = root.st_ino, .mounts = mounts.st_ino};
    return true;
}

bool root_view_same(const struct root_view *a, const struct root_view *b)
{
    return a->device == b->device && a->inode == b->inode && a->mounts == b->mounts;
}

struct root *root_open(pid_t pid)
{
    char path[PATH_SIZE];
    struct root_view view;
    struct root *root;
    int fd;

    if (!root_view_of(pid, &view))
        return NULL;
    fd = open(path_in_proc(pid, "root", path), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    root = xalloc(sizeof(*root));
    *root = (struct root){.fd = fd, .view = view};
    return root;
}

struct root *root_of_path(const char **path)
{
    int pid, length = 0;
    struct root *root;

    if (sscanf(*path, "/proc/%9d/root/%n", &pid, &length) != 1 || !length || pid <= 0)
        return NULL;
    root = root_open(pid);
    if (root)
        *path += length - 1;
    return root;
}

void root_close(struct root *root)
{
    if (!root)
        return;
    close(root->fd);
    free(root);
}

int root_open_file(const struct root *root, const char *path)
{
    enum { HOW = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };
    struct open_how how = {.flags = HOW, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};

    if (!root)
        return open(path, HOW);
    return (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
}
