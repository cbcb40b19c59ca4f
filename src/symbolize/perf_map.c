#include "symbolize/perf_map.h"

#include <stdlib.h>

#include "base/search.h"
#include "base/xalloc.h"
#include "process/jit_map.h"

void jit_hits_free(struct jit_hit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(hits[i].name);
        free(hits[i].path);
    }
    free(hits);
}

/* What is looked for, and how much work is left. */
struct search {
    const uint64_t *addresses;
    size_t count;
    struct jit_hit *hits;
    uint64_t budget;
};

static void take_line(const struct jit_map_line *line, void *data)
{
    struct search *search = data;
    const uint64_t *addresses = search->addresses;
    size_t count = search->count;
    struct jit_hit *hits = search->hits;
    uint64_t cost = 64 + (uint64_t)line->name_length;

    if (line->start > addresses[count - 1])
        return;
    for (size_t i = first_from(addresses, count, line->start);
         i < count && addresses[i] - line->start < line->size && search->budget >= cost; i++) {
        search->budget -= cost;
        free(hits[i].name);
        free(hits[i].path);
        hits[i] = (struct jit_hit){.name = xstrndup(line->name, line->name_length)};
    }
}

void perf_map_find_in(const char *text, size_t size, const uint64_t *addresses, size_t count,
                      struct jit_hit *hits)
{
    struct search search = {addresses, count, hits, JIT_WORK_MAX};

    if (count)
        jit_map_lines(text, size, 0, take_line, &search);
}

void perf_map_find(int fd, uint64_t limit, const uint64_t *addresses, size_t count,
                   struct jit_hit *hits)
{
    struct search search = {addresses, count, hits, JIT_WORK_MAX};

    if (count)
        jit_map_read(fd, 0, limit, take_line, &search);
}

void perf_map_name(int fd, const struct jit_function *function, struct jit_hit *hit)
{
    struct jit_map_line line;
    char *name;

    if (!jit_map_line_at(fd, function->load, &line, &name))
        return;
    /* The file may have been written anew. */
    if (line.start == function->address && line.size == function->size)
        hit->name = name;
    else
        free(name);
}
