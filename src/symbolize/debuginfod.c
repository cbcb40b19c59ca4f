#include "symbolize/debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"

static const char usual_server[] = "https://debuginfod.elfutils.org/";

/* The part of elfutils/debuginfod.h that is used; the header is in a package of its own. */
struct client;
struct library {
    struct client *(*begin)(void);
    int (*find_debuginfo)(struct client *client, const unsigned char *build_id,
                          int build_id_size, char **path);
    void (*set_progress)(struct client *client,
                         int (*progress)(struct client *client, long done, long all));
    void (*end)(struct client *client);
};

static bool load(struct library *library)
{
    void *handle = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);

    if (!handle)
        return false;
    *(void **)&library->begin = dlsym(handle, "debuginfod_begin");
    *(void **)&library->find_debuginfo = dlsym(handle, "debuginfod_find_debuginfo");
    *(void **)&library->set_progress = dlsym(handle, "debuginfod_set_progressfn");
    *(void **)&library->end = dlsym(handle, "debuginfod_end");
    return library->begin && library->find_debuginfo && library->set_progress && library->end;
}

/* At each tenth, for files that take a while; `all` is 0 while the size is unknown. */
static int show_progress(struct client *client, long done, long all)
{
    static long shown;
    long tenth = all > 1 << 20 ? 10 * done / all : 0;

    (void)client;
    if (tenth > shown)
        log_note("debuginfod: %ld of %ld MB", done >> 20, all >> 20);
    shown = tenth;
    return 0;
}

static bool take(struct debug_file *file, int fd, char *path, const struct build_id *id)
{
    const struct build_id *found;

    *file = (struct debug_file){.fd = fd, .path = path};
    if (image_open(&file->image, fd, path, NULL))
        file->image = NULL;
    found = file->image ? image_build_id(file->image) : NULL;
    if (found && found->size == id->size && !memcmp(found->bytes, id->bytes, id->size))
        return true;
    debug_file_close(file);
    return false;
}

bool debuginfod_find(struct debug_file *file, struct image *program, const char **why)
{
    const struct build_id *id = image_build_id(program);
    struct library library;
    struct client *client;
    char *path = NULL;
    int fd;

    *file = (struct debug_file){.fd = -1};
    *why = "it has no build ID to ask for";
    if (!id->size)
        return false;
    *why = "the library libdebuginfod.so.1 is not installed (package libdebuginfod1)";
    if (!load(&library))
        return false;
    setenv("DEBUGINFOD_URLS", usual_server, 0);
    *why = "the debuginfod client cannot be started";
    client = library.begin();
    if (!client)
        return false;
    log_note("asking debuginfod for %s", image_name(program));
    library.set_progress(client, show_progress);
    fd = library.find_debuginfo(client, id->bytes, id->size, &path);
    library.end(client);
    *why = fd == -ENOENT ? "no server has it"
           : fd < 0      ? strerror(-fd)
                         : "the file does not fit";
    if (fd < 0)
        free(path);
    return fd >= 0 && take(file, fd, path ? path : xstrdup(""), id);
}
