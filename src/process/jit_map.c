#include "process/jit_map.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"

enum {
    CHUNK = 1 << 20,
    LONGEST = 16, /* chunks without an end of line: what follows is no perf map (a hole) */
    NUMBERS = 48  /* of two numbers and what is between them */
};

/* A number with or without 0x, and the blank behind it. */
static bool parse_hex(const char **at, const char *end, uint64_t *number)
{
    const char *digit = *at;

    if (end - digit > 2 && digit[0] == '0' && (digit[1] == 'x' || digit[1] == 'X'))
        digit += 2;
    digit = text_hex(digit, end, number);
    if (!digit || digit == end || (*digit != ' ' && *digit != '\t'))
        return false;
    while (digit < end && (*digit == ' ' || *digit == '\t'))
        digit++;
    *at = digit;
    return true;
}

bool jit_map_parse(const char *text, const char *end, struct jit_map_line *line)
{
    if (end > text && end[-1] == '\r')
        end--;
    if (!parse_hex(&text, end, &line->start) || !parse_hex(&text, end, &line->size) ||
        text == end)
        return false;
    line->name = text;
    line->name_length = end - text > JIT_MAP_NAME_MAX ? JIT_MAP_NAME_MAX : (size_t)(end - text);
    return true;
}

size_t jit_map_lines(const char *text, size_t size, uint64_t offset, jit_map_fn *take,
                     void *data)
{
    const char *at = text;
    const char *end = text + size;
    const char *stop;

    while (at < end && (stop = memchr(at, '\n', (size_t)(end - at)))) {
        struct jit_map_line line = {.offset = offset + (uint64_t)(at - text)};

        if (jit_map_parse(at, stop, &line))
            take(&line, data);
        at = stop + 1;
    }
    return (size_t)(at - text);
}

uint64_t jit_map_read(int fd, uint64_t from, uint64_t limit, jit_map_fn *take, void *data)
{
    char *chunk = xalloc(CHUNK);
    uint64_t at = from; /* of the first byte in the chunk */
    size_t kept = 0;
    unsigned dropped = 0;

    while (at + kept < limit && dropped < LONGEST) {
        ssize_t got = pread(fd, chunk + kept, CHUNK - kept, (off_t)(at + kept));
        size_t used;

        if (got <= 0)
            break;
        kept += (size_t)got;
        used = jit_map_lines(chunk, kept, at, take, data);
        /* A line that fills the buffer is no line of a perf map: drop it. */
        if (used) {
            dropped = 0;
        } else if (kept == CHUNK) {
            used = kept;
            dropped++;
        }
        memmove(chunk, chunk + used, kept - used);
        kept -= used;
        at += used;
    }
    free(chunk);
    return at;
}

bool jit_map_line_at(int fd, uint64_t offset, struct jit_map_line *line, char **text)
{
    char *bytes = xalloc(NUMBERS + JIT_MAP_NAME_MAX);
    ssize_t got = pread(fd, bytes, NUMBERS + JIT_MAP_NAME_MAX, (off_t)offset);
    const char *end = got > 0 ? memchr(bytes, '\n', (size_t)got) : NULL;
    bool found;

    /* Of a longer one the beginning. */
    if (got == NUMBERS + JIT_MAP_NAME_MAX && !end)
        end = bytes + got;
    line->offset = offset;
    found = end && jit_map_parse(bytes, end, line);
    *text = found ? xstrndup(line->name, line->name_length) : NULL;
    line->name = *text;
    free(bytes);
    return found;
}
