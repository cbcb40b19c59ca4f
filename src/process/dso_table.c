#include "process/dso_table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "elf/image.h"

struct dso_table {
    struct dso **dsos;
    size_t count, room;
    struct map by_identity; /* hash of what a mapping says -> newest dso with that hash */
    uint32_t *older;        /* next dso with the same hash, or UINT32_MAX */
    size_t older_room;
    struct root_view own_view;
    struct root **roots; /* other than ours */
    size_t root_count, root_room;
    uint32_t open, refused, most_open;
    bool recorded;
};

static uint32_t add(struct dso_table *table, const struct dso *dso)
{
    struct dso *added = xalloc(sizeof(*added));

    table->dsos = xgrow(table->dsos, &table->room, table->count + 1, sizeof(*table->dsos));
    table->older = xgrow(table->older, &table->older_room, table->count + 1, sizeof(uint32_t));
    *added = *dso;
    added->id = (uint32_t)table->count;
    added->path = xstrdup(dso->path);
    table->dsos[table->count] = added;
    table->older[table->count] = UINT32_MAX;
    return (uint32_t)table->count++;
}

/* Half of what we may open; the rest is for events, rings and outputs. */
static uint32_t files_allowed(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > 1u << 20)
        return 1u << 19;
    return (uint32_t)limit.rlim_cur / 2;
}

struct dso_table *dso_table_new(void)
{
    struct dso_table *table = xcalloc(1, sizeof(*table));

    table->most_open = files_allowed();
    root_view_of(0, &table->own_view);
    add(table, &(struct dso){.kind = DSO_KERNEL,
                             .path = "[kernel.kallsyms]",
                             .fd = -1,
                             .kernel_code = kernel_code_new()});
    return table;
}

void dso_table_free(struct dso_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++) {
        if (table->dsos[i]->fd >= 0)
            close(table->dsos[i]->fd);
        jit_code_free(table->dsos[i]->code);
        jit_code_free(table->dsos[i]->map);
        jit_home_close((struct jit_home *)(uintptr_t)table->dsos[i]->jit);
        kernel_code_free(table->dsos[i]->kernel_code);
        free((void *)(uintptr_t)table->dsos[i]->path);
        free(table->dsos[i]);
    }
    for (size_t i = 0; i < table->root_count; i++)
        root_close(table->roots[i]);
    free(table->roots);
    free(table->dsos);
    free(table->older);
    map_free(&table->by_identity);
    free(table);
}

const struct dso *dso_table_kernel(const struct dso_table *table)
{
    return table->dsos[0];
}

const struct dso *dso_table_at(const struct dso_table *table, uint32_t id)
{
    return table->dsos[id];
}

uint32_t dso_table_count(const struct dso_table *table)
{
    return (uint32_t)table->count;
}

void dso_table_set_recorded(struct dso_table *table)
{
    table->recorded = true;
}

void dso_table_files(const struct dso_table *table, uint32_t *open, uint32_t *refused)
{
    *open = table->open;
    *refused = table->refused;
}

/* Run-times that write a jitdump tell of it by mapping a page of "jit-PID.dump". */
static bool is_jitdump(const char *path)
{
    const char *name = text_file_name(path);
    size_t digits;

    if (strncmp(name, "jit-", 4))
        return false;
    digits = strspn(name + 4, "0123456789");
    return digits && !strcmp(name + 4 + digits, ".dump");
}

static enum dso_kind kind_of(const char *path)
{
    if (is_jitdump(path))
        return DSO_JIT;
    if (!strcmp(path, "[vdso]"))
        return DSO_VDSO;
    if (!strcmp(path, "[vsyscall]"))
        return DSO_VSYSCALL;
    if (path[0] != '/' || !strncmp(path, "//anon", 6) || !strncmp(path, "/dev/zero", 9) ||
        !strncmp(path, "/anon_hugepage", 14))
        return DSO_ANONYMOUS;
    return DSO_FILE;
}

static uint64_t device_of(const struct mapping_record *mapping)
{
    return (uint64_t)mapping->device_major << 32 | mapping->device_minor;
}

/* Memory without a file belongs to its process; all of one process is one dso a name. */
static uint64_t identity_hash(pid_t pid, const struct mapping_record *mapping,
                              enum dso_kind kind)
{
    uint64_t hash = hash_bytes(mapping->path, strlen(mapping->path));

    if (kind == DSO_ANONYMOUS || kind == DSO_JIT)
        return hash_u64(hash ^ (uint64_t)pid);
    if (kind != DSO_FILE)
        return hash;
    if (mapping->build_id_size)
        return hash ^ hash_bytes(mapping->build_id, mapping->build_id_size);
    return hash_u64(hash ^ mapping->inode) ^ hash_u64(device_of(mapping));
}

static bool same_identity(const struct dso *dso, pid_t pid,
                          const struct mapping_record *mapping, enum dso_kind kind)
{
    if (dso->kind != kind || strcmp(dso->path, mapping->path))
        return false;
    if (kind == DSO_ANONYMOUS || kind == DSO_JIT)
        return dso->pid == pid;
    if (kind != DSO_FILE)
        return true;
    if (mapping->build_id_size)
        return dso->build_id.size == mapping->build_id_size &&
               !memcmp(dso->build_id.bytes, mapping->build_id, mapping->build_id_size);
    return dso->inode == mapping->inode && dso->device == device_of(mapping);
}

/*
 * Whether an opened file is what was mapped.  With a build ID there is proof.  Otherwise the
 * inode has to agree; the device may not (btrfs, overlayfs show another one to fstat).
 */
static bool is_what_was_mapped(int fd, const struct mapping_record *mapping)
{
    struct build_id id;
    struct stat file;

    if (fstat(fd, &file) || !S_ISREG(file.st_mode))
        return false;
    if (!mapping->build_id_size)
        return !mapping->inode || file.st_ino == mapping->inode;
    image_read_build_id(fd, &id);
    return id.size == mapping->build_id_size &&
           !memcmp(id.bytes, mapping->build_id, mapping->build_id_size);
}

/* Never waits and never takes a terminal: the path is the target's to choose. */
static int open_checked(const char *path, const struct mapping_record *mapping)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd >= 0 && !is_what_was_mapped(fd, mapping)) {
        close(fd);
        errno = ESTALE;
        fd = -1;
    }
    return fd;
}

/*
 * The mapped file itself by map_files, which needs a capability but no path; else through the
 * process; else by its path, for a process that has already gone.
 */
static int open_mapped(pid_t pid, const struct mapping_record *mapping)
{
    char path[PATH_MAX + 64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, mapping->start,
             mapping->start + mapping->size);
    fd = open_checked(path, mapping);
    if (fd >= 0)
        return fd;
    snprintf(path, sizeof(path), "/proc/%d/root%s", pid, mapping->path);
    fd = open_checked(path, mapping);
    if (fd >= 0)
        return fd;
    snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    fd = open_checked(path, mapping);
    return fd >= 0 ? fd : open_checked(mapping->path, mapping);
}

/* By its path, or as perf keeps copies: ~/.debug/.build-id/ab/cdef…/elf. */
static int open_recorded(const struct mapping_record *mapping)
{
    const char *home = getenv("HOME");
    char hex[2 * sizeof(mapping->build_id) + 1] = "", *path;
    int fd = open_checked(mapping->path, mapping);

    if (fd >= 0 || !mapping->build_id_size || !home)
        return fd;
    for (size_t i = 0; i < mapping->build_id_size; i++)
        snprintf(hex + 2 * i, 3, "%02x", mapping->build_id[i]);
    path = xasprintf("%s/.debug/.build-id/%.2s/%s/elf", home, hex, hex + 2);
    fd = open_checked(path, mapping);
    free(path);
    return fd;
}

static bool may_open(struct dso_table *table)
{
    bool may = table->open < table->most_open;

    table->refused += !may;
    return may;
}

/* Few processes have another root than ours, and those of a container share theirs. */
static const struct root *root_of(struct dso_table *table, pid_t pid)
{
    struct root_view view;
    struct root *root;

    if (!root_view_of(pid, &view) || root_view_same(&view, &table->own_view))
        return NULL;
    for (size_t i = 0; i < table->root_count; i++)
        if (root_view_same(&view, &table->roots[i]->view))
            return table->roots[i];
    root = may_open(table) ? root_open(pid) : NULL;
    if (!root)
        return NULL;
    table->open++;
    table->roots =
        xgrow(table->roots, &table->root_room, table->root_count + 1, sizeof(*table->roots));
    table->roots[table->root_count++] = root;
    return root;
}

static void open_file(struct dso_table *table, pid_t pid, const struct mapping_record *mapping,
                      struct dso *dso)
{
    if (!may_open(table))
        return;
    dso->fd = table->recorded ? open_recorded(mapping) : open_mapped(pid, mapping);
    if (dso->fd < 0)
        return;
    table->open++;
    if (!table->recorded && dso->kind == DSO_FILE)
        dso->root = root_of(table, pid);
    if (mapping->build_id_size) {
        dso->build_id.size = mapping->build_id_size;
        memcpy(dso->build_id.bytes, mapping->build_id, mapping->build_id_size);
    } else {
        image_read_build_id(dso->fd, &dso->build_id);
    }
}

const struct dso *dso_table_find(struct dso_table *table, pid_t pid,
                                 const struct mapping_record *mapping)
{
    enum dso_kind kind = kind_of(mapping->path);
    uint32_t *newest = map_at(&table->by_identity, identity_hash(pid, mapping, kind));
    uint32_t older = *newest;
    struct dso dso = {.kind = kind,
                      .pid = pid,
                      .device = device_of(mapping),
                      .inode = mapping->inode,
                      .path = mapping->path,
                      .fd = -1,
                      .first_start = mapping->start,
                      .first_limit = mapping->start + mapping->size,
                      .first_offset = mapping->file_offset};

    for (uint32_t i = older; i != UINT32_MAX; i = table->older[i])
        if (same_identity(table->dsos[i], pid, mapping, kind))
            return table->dsos[i];
    if (mapping->build_id_size) {
        dso.build_id.size = mapping->build_id_size;
        memcpy(dso.build_id.bytes, mapping->build_id, mapping->build_id_size);
    }
    if (kind == DSO_FILE && table->recorded)
        dso.pid = 0;
    if (kind == DSO_FILE || kind == DSO_JIT)
        open_file(table, pid, mapping, &dso);
    if ((kind == DSO_ANONYMOUS || kind == DSO_JIT) && may_open(table)) {
        dso.jit = jit_home_open(table->recorded ? 0 : pid, pid);
        table->open += dso.jit->tmp >= 0;
    }
    if (kind == DSO_JIT && dso.fd >= 0)
        dso.code = jit_code_open(dso.fd);
    if (kind == DSO_ANONYMOUS && dso.jit && !table->recorded)
        dso.map = jit_code_open_map(dso.jit);
    *newest = add(table, &dso);
    table->older[*newest] = older;
    return table->dsos[*newest];
}
