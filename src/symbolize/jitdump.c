#include "symbolize/jitdump.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/map.h"
#include "base/search.h"
#include "base/xalloc.h"

enum {
    MAGIC = 0x4a695444, /* "JiTD" read as little-endian on a little-endian machine */
    RECORD_LOAD = 0,
    RECORD_MOVE = 1,
    RECORD_DEBUG_INFO = 2,
    RECORD_HEADER = 16,
    WINDOW = 1 << 20,
    NAME_MAX_BYTES = 64 * 1024,
    DEBUG_INFO_MAX = 1 << 22,
    FUNCTIONS_MAX = 1 << 22,
};

/* A piece of the file in memory. */
struct window {
    int fd;
    uint64_t file_size, offset;
    uint8_t *bytes;
    size_t size, room;
};

/* Where a function's record is, so that a move finds its name. */
struct function {
    uint64_t record; /* offset of its LOAD */
    uint64_t debug;  /* offset of the DEBUG_INFO before it, or 0 */
    uint64_t address, size;
};

struct dump {
    struct window window;
    const uint64_t *addresses;
    size_t count;
    struct jit_hit *hits;
    struct function *functions;
    size_t function_count, function_room;
    struct map by_index; /* code index to function; indexes are 64 bits, hence hashed by map */
    uint64_t debug;      /* DEBUG_INFO that belongs to the next LOAD */
    uint64_t budget;     /* bytes that may still be gone through */
};

/* Up to `size` bytes at `offset`; fewer where the file ends. */
static struct cursor at(struct window *window, uint64_t offset, size_t size)
{
    if (offset >= window->file_size)
        return (struct cursor){.failed = true};
    if (size > window->file_size - offset)
        size = (size_t)(window->file_size - offset);
    if (offset < window->offset || offset + size > window->offset + window->size) {
        size_t wanted = size > WINDOW ? size : WINDOW;
        ssize_t got;

        window->bytes = xgrow(window->bytes, &window->room, wanted, 1);
        got = pread(window->fd, window->bytes, wanted, (off_t)offset);
        window->offset = offset;
        window->size = got > 0 ? (size_t)got : 0;
        if (size > window->size)
            size = window->size;
    }
    return cursor_over(window->bytes + (offset - window->offset), size);
}

/* ---- lines ---- */

/* Entries {address, line, discriminator, file}, ascending; "\xff" repeats the file before. */
static void find_line(struct dump *dump, const struct function *function, uint64_t address,
                      struct jit_hit *hit)
{
    struct cursor cursor = at(&dump->window, function->debug + 4, 4);
    uint32_t size = cursor_u32(&cursor);
    uint64_t count;
    uint64_t base = 0;
    const char *path = NULL;
    const char *found = NULL;
    bool first = true;

    if (size < 32 || size > DEBUG_INFO_MAX || size > dump->budget)
        return;
    dump->budget -= size;
    cursor = at(&dump->window, function->debug + RECORD_HEADER, size - RECORD_HEADER);
    cursor_u64(&cursor); /* code address when it was loaded */
    count = cursor_u64(&cursor);
    for (uint64_t i = 0; i < count && !cursor.failed; i++) {
        uint64_t start = cursor_u64(&cursor);
        uint32_t line = cursor_u32(&cursor);
        const char *text;

        cursor_u32(&cursor);
        text = cursor_string(&cursor);
        if (cursor.failed)
            break;
        if (strcmp(text, "\xff"))
            path = text;
        if (first)
            base = start;
        first = false;
        /* Addresses are those of the load; a moved function keeps its distances. */
        if (start - base > address - function->address)
            break;
        found = path;
        hit->line = line;
    }
    if (found)
        hit->path = xstrndup(found, NAME_MAX_BYTES);
}

/* ---- records ---- */

static char *name_of(struct dump *dump, uint64_t record)
{
    enum { FIXED = 40 };
    struct cursor cursor = at(&dump->window, record + RECORD_HEADER + FIXED, NAME_MAX_BYTES);

    /* Not all writers end the name where they should: never beyond this bound. */
    return xstrndup((const char *)cursor.at,
                    cursor.failed ? 0 : strnlen((const char *)cursor.at, cursor_left(&cursor)));
}

static void place(struct dump *dump, const struct function *function)
{
    size_t i;

    if (!dump->count || function->address > dump->addresses[dump->count - 1])
        return;
    i = first_from(dump->addresses, dump->count, function->address);
    for (; i < dump->count && dump->addresses[i] - function->address < function->size; i++) {
        struct jit_hit *hit = &dump->hits[i];
        uint64_t cost;

        if (!dump->budget)
            return;
        free(hit->name);
        free(hit->path);
        *hit = (struct jit_hit){.name = name_of(dump, function->record)};
        cost = 64 + strlen(hit->name);
        dump->budget -= cost < dump->budget ? cost : dump->budget;
        if (function->debug)
            find_line(dump, function, dump->addresses[i], hit);
    }
}

/* {pid, tid, vma, code address, size, index}, name, code */
static void take_load(struct dump *dump, uint64_t record)
{
    struct cursor cursor = at(&dump->window, record + RECORD_HEADER, 40);
    struct function function = {.record = record, .debug = dump->debug};
    uint64_t index;

    dump->debug = 0;
    cursor_skip(&cursor, 16); /* pid, tid, vma */
    function.address = cursor_u64(&cursor);
    function.size = cursor_u64(&cursor);
    index = cursor_u64(&cursor);
    if (cursor.failed || dump->function_count >= FUNCTIONS_MAX)
        return;
    dump->functions = xgrow(dump->functions, &dump->function_room, dump->function_count + 1,
                            sizeof(*dump->functions));
    map_set(&dump->by_index, index, (uint32_t)dump->function_count);
    dump->functions[dump->function_count++] = function;
    place(dump, &function);
}

/* {pid, tid, vma, old address, new address, size, index} */
static void take_move(struct dump *dump, uint64_t record)
{
    struct cursor cursor = at(&dump->window, record + RECORD_HEADER, 48);
    uint64_t address, size;
    uint32_t known;

    cursor_skip(&cursor, 24); /* pid, tid, vma, old address */
    address = cursor_u64(&cursor);
    size = cursor_u64(&cursor);
    known = map_get(&dump->by_index, cursor_u64(&cursor));
    if (cursor.failed || known == UINT32_MAX)
        return;
    dump->functions[known].address = address;
    dump->functions[known].size = size;
    place(dump, &dump->functions[known]);
}

static void take_records(struct dump *dump, uint64_t offset)
{
    while (offset < dump->window.file_size) {
        struct cursor cursor = at(&dump->window, offset, RECORD_HEADER);
        uint32_t kind = cursor_u32(&cursor);
        uint32_t size = cursor_u32(&cursor);

        if (cursor.failed || size < RECORD_HEADER || size > dump->window.file_size - offset)
            return; /* cut off, or being written */
        if (kind == RECORD_LOAD)
            take_load(dump, offset);
        else if (kind == RECORD_MOVE)
            take_move(dump, offset);
        else if (kind == RECORD_DEBUG_INFO)
            dump->debug = offset;
        offset += size;
    }
}

bool jitdump_find(int fd, const uint64_t *addresses, size_t count, struct jit_hit *hits)
{
    struct dump dump = {
        .addresses = addresses, .count = count, .hits = hits, .budget = JIT_WORK_MAX};
    struct cursor cursor;
    struct stat file;
    uint32_t header_size;
    bool good;

    if (fstat(fd, &file) || !S_ISREG(file.st_mode) || file.st_size <= 0)
        return false;
    dump.window = (struct window){.fd = fd, .file_size = (uint64_t)file.st_size};
    cursor = at(&dump.window, 0, 40);
    good = cursor_u32(&cursor) == MAGIC;
    cursor_u32(&cursor); /* version */
    header_size = cursor_u32(&cursor);
    good &= !cursor.failed && header_size >= 40 && header_size < WINDOW;
    if (good)
        take_records(&dump, header_size);
    free(dump.window.bytes);
    free(dump.functions);
    map_free(&dump.by_index);
    return good;
}
