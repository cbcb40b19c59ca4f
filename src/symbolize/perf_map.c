#include "symbolize/perf_map.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/search.h"
#include "base/text.h"
#include "base/xalloc.h"

enum {
    NAME_MAX_BYTES = 64 * 1024,
    CHUNK = 1 << 20,
    LONGEST = 16 /* chunks without an end of line: what follows is no perf map (a hole) */
};

void jit_hits_free(struct jit_hit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(hits[i].name);
        free(hits[i].path);
    }
    free(hits);
}

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

/* What is looked for, and how much work is left. */
struct search {
    const uint64_t *addresses;
    size_t count;
    struct jit_hit *hits;
    uint64_t budget;
};

static void take_line(struct search *search, const char *line, const char *end)
{
    const uint64_t *addresses = search->addresses;
    size_t count = search->count;
    struct jit_hit *hits = search->hits;
    uint64_t cost;

    uint64_t start, size;

    if (end > line && end[-1] == '\r')
        end--;
    if (!parse_hex(&line, end, &start) || !parse_hex(&line, end, &size) || line == end ||
        start > addresses[count - 1])
        return;
    if (end - line > NAME_MAX_BYTES)
        end = line + NAME_MAX_BYTES;
    cost = 64 + (uint64_t)(end - line);
    for (size_t i = first_from(addresses, count, start);
         i < count && addresses[i] - start < size && search->budget >= cost; i++) {
        search->budget -= cost;
        free(hits[i].name);
        free(hits[i].path);
        hits[i] = (struct jit_hit){.name = xstrndup(line, (size_t)(end - line))};
    }
}

/* Returns how many bytes of whole lines there were. */
static size_t take_lines(struct search *search, const char *text, size_t size)
{
    const char *at = text;
    const char *end = text + size;
    const char *stop;

    while (at < end && (stop = memchr(at, '\n', (size_t)(end - at)))) {
        take_line(search, at, stop);
        at = stop + 1;
    }
    return (size_t)(at - text);
}

void perf_map_find_in(const char *text, size_t size, const uint64_t *addresses, size_t count,
                      struct jit_hit *hits)
{
    struct search search = {addresses, count, hits, JIT_WORK_MAX};

    if (count)
        take_lines(&search, text, size);
}

void perf_map_find(int fd, uint64_t limit, const uint64_t *addresses, size_t count,
                   struct jit_hit *hits)
{
    struct search search = {addresses, count, hits, JIT_WORK_MAX};
    char *chunk = xalloc(CHUNK);
    uint64_t at = 0;
    size_t kept = 0;
    unsigned dropped = 0;

    while (count && at < limit && dropped < LONGEST) {
        ssize_t got = pread(fd, chunk + kept, CHUNK - kept, (off_t)at);
        size_t used;

        if (got <= 0)
            break;
        at += (uint64_t)got;
        kept += (size_t)got;
        used = take_lines(&search, chunk, kept);
        /* A line that fills the buffer is no line of a perf map: drop it. */
        if (used) {
            dropped = 0;
        } else if (kept == CHUNK) {
            used = kept;
            dropped++;
        }
        memmove(chunk, chunk + used, kept - used);
        kept -= used;
    }
    free(chunk);
}
