#include "symbolize/debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
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
    void (*set_data)(struct client *client, void *data);
    void (*end)(struct client *client);
};

/* The library's; the same each time that it is loaded. */
static void *(*data_of)(struct client *client);

/* Of one file. */
struct wait {
    const char *file;
    uint64_t started_ns;
    long shown; /* tenths */
    bool told, too_long;
};

enum { TELL_AFTER_S = 2, SILENCE_MAX_S = 30 };

static bool load(struct library *library)
{
    void *handle = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);

    if (!handle)
        return false;
    *(void **)&library->begin = dlsym(handle, "debuginfod_begin");
    *(void **)&library->find_debuginfo = dlsym(handle, "debuginfod_find_debuginfo");
    *(void **)&library->set_progress = dlsym(handle, "debuginfod_set_progressfn");
    *(void **)&library->set_data = dlsym(handle, "debuginfod_set_user_data");
    *(void **)&data_of = dlsym(handle, "debuginfod_get_user_data");
    *(void **)&library->end = dlsym(handle, "debuginfod_end");
    return library->begin && library->find_debuginfo && library->set_progress &&
           library->set_data && data_of && library->end;
}

static double seconds_of(const struct wait *wait)
{
    return (double)(clock_ns(CLOCK_MONOTONIC) - wait->started_ns) / 1e9;
}

/* Called about once a second; other than 0 ends it.  `all` is 0 until the file begins to come.
 */
static int show_progress(struct client *client, long done, long all)
{
    struct wait *wait = data_of(client);
    long tenth = all > 1 << 20 ? 10 * done / all : 0;

    if (!wait->told && seconds_of(wait) > TELL_AFTER_S) {
        log_warning("waiting for debuginfod: %s (without --debuginfod and DEBUGINFOD_URLS "
                    "nobody is asked)",
                    wait->file);
        wait->told = true;
    }
    if (wait->told && tenth > wait->shown)
        log_warning("debuginfod: %ld of %ld MB", done >> 20, all >> 20);
    wait->shown = tenth;
    wait->too_long = !all && seconds_of(wait) > SILENCE_MAX_S;
    return wait->too_long;
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

/* A descriptor, or the library's reason. */
static int ask(struct debuginfod *servers, const struct library *library, struct client *client,
               struct image *program, char **path)
{
    const struct build_id *id = image_build_id(program);
    struct wait wait = {.file = image_name(program), .started_ns = clock_ns(CLOCK_MONOTONIC)};
    int fd;

    log_note("asking debuginfod for %s", wait.file);
    library->set_data(client, &wait);
    library->set_progress(client, show_progress);
    fd = library->find_debuginfo(client, id->bytes, id->size, path);
    if (fd < 0 && wait.too_long)
        fd = -ETIME;
    servers->given_up = fd == -ETIME || fd == -ETIMEDOUT || fd == -EHOSTUNREACH ||
                        fd == -ECONNREFUSED || fd == -ENETUNREACH;
    return fd;
}

static const char *reason(int failed)
{
    switch (-failed) {
    case ENOENT:
        return "no server has it";
    case ETIME:
        return "the servers did not answer in time";
    default:
        return strerror(-failed);
    }
}

bool debuginfod_find(struct debuginfod *servers, struct debug_file *file, struct image *program,
                     const char **why)
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
    *why = "the servers are not asked any more";
    if (servers->given_up)
        return false;
    *why = "the library libdebuginfod.so.1 is not installed (package libdebuginfod1)";
    if (!load(&library))
        return false;
    setenv("DEBUGINFOD_URLS", usual_server, 0);
    *why = "the debuginfod client cannot be started";
    client = library.begin();
    if (!client)
        return false;
    fd = ask(servers, &library, client, program, &path);
    library.end(client);
    *why = fd < 0 ? reason(fd) : "the file does not fit";
    if (servers->given_up)
        log_warning("debuginfod, for %s: %s; it is not asked any more", image_name(program),
                    *why);
    if (fd < 0)
        free(path);
    return fd >= 0 && take(file, fd, path ? path : xstrdup(""), id);
}
