#include "symbolize/jitdump.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/xalloc.h"

enum {
    RECORD_HEADER = 16,
    LOAD_FIELDS = 40, /* of a LOAD, between its header and the name */
    NAME_MAX_BYTES = 64 * 1024,
    DEBUG_INFO_MAX = 1 << 22,
};

/* A record without the last `rest` bytes, or as much of it as `most` allows; to be freed. */
static uint8_t *read_record(int fd, uint64_t offset, uint64_t rest, size_t most,
                            uint64_t *budget, struct cursor *cursor)
{
    uint8_t header[RECORD_HEADER], *bytes;
    struct cursor fields = cursor_over(header, sizeof(header));
    size_t size;
    ssize_t got;

    *cursor = (struct cursor){.failed = true};
    if (pread(fd, header, sizeof(header), (off_t)offset) != (ssize_t)sizeof(header))
        return NULL;
    cursor_u32(&fields); /* kind */
    size = cursor_u32(&fields);
    size = rest < size ? size - (size_t)rest : 0;
    size = size < most ? size : most;
    if (size < RECORD_HEADER || size > *budget)
        return NULL;
    *budget -= size;
    bytes = xalloc(size);
    got = pread(fd, bytes, size, (off_t)offset);
    if (got > RECORD_HEADER) {
        *cursor = cursor_over(bytes, (size_t)got);
        cursor_skip(cursor, RECORD_HEADER);
    }
    return bytes;
}

/* {pid, tid, vma, code address, size, index}, name, code.  Not all writers end the name where
 * they should: the code is not taken for a part of it. */
static char *read_name(int fd, const struct jit_function *function, uint64_t *budget)
{
    struct cursor cursor;
    uint8_t *bytes = read_record(fd, function->load, function->size,
                                 RECORD_HEADER + LOAD_FIELDS + NAME_MAX_BYTES, budget, &cursor);
    char *name = NULL;
    size_t left;

    cursor_skip(&cursor, LOAD_FIELDS);
    left = cursor_left(&cursor);
    if (!cursor.failed)
        name = xstrndup((const char *)cursor.at, strnlen((const char *)cursor.at, left));
    free(bytes);
    return name;
}

/* {address, count}, entries {address, line, discriminator, file}, ascending; "\xff" repeats the
 * file before.  Addresses are those of the load. */
static void read_line(int fd, const struct jit_function *function, uint64_t address,
                      uint64_t *budget, struct jit_hit *hit)
{
    struct cursor cursor;
    uint8_t *bytes = read_record(fd, function->debug, 0, DEBUG_INFO_MAX, budget, &cursor);
    const char *path = NULL, *found = NULL;
    uint64_t count, base = 0;

    address -= function->address;
    cursor_u64(&cursor); /* code address */
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
        if (!i)
            base = start;
        if (start - base > address)
            break;
        found = path;
        hit->line = line;
    }
    if (found)
        hit->path = xstrndup(found, strnlen(found, NAME_MAX_BYTES));
    free(bytes);
}

void jitdump_name(int fd, const struct jit_function *function, uint64_t address,
                  uint64_t *budget, struct jit_hit *hit)
{
    hit->name = read_name(fd, function, budget);
    if (function->debug)
        read_line(fd, function, address, budget, hit);
}
