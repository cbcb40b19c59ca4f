#ifndef FIQ_TESTS_UNWIND_STORED_H
#define FIQ_TESTS_UNWIND_STORED_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/source.h"
#include "base/xalloc.h"
#include "perf/record.h"

/*
 * Stored samples: this magic, then for each sample the stored_sample, `stack_size` bytes of
 * stack and `depth` addresses as unwind() is to give them.  Little-endian.
 */
enum { STORED_REGISTERS = 24 };
static const char stored_magic[8] = "fiqstk1";

struct stored_sample {
    uint64_t registers[STORED_REGISTERS]; /* in perf's numbering */
    uint32_t stack_size, depth;
};

struct expected {
    struct sample sample;
    uint8_t *stack;
    uint64_t *chain;
    size_t depth;
};

__attribute__((unused)) static bool stored_take(struct source *source, void *into, size_t size)
{
    size_t there;
    const uint8_t *bytes = source_peek(source, size, &there);

    if (there < size)
        return false;
    memcpy(into, bytes, size);
    source_skip(source, size);
    return true;
}

static bool stored_next(struct source *source, struct expected *expected)
{
    struct stored_sample head;

    *expected = (struct expected){0};
    if (!stored_take(source, &head, sizeof(head)))
        return false;
    memcpy(expected->sample.regs.r, head.registers, sizeof(head.registers));
    expected->sample.regs.known = 0xff01ff;
    expected->depth = head.depth;
    expected->stack = xalloc(head.stack_size);
    expected->chain = xalloc(head.depth * sizeof(uint64_t));
    expected->sample.stack = expected->stack;
    expected->sample.stack_size = head.stack_size;
    return stored_take(source, expected->stack, head.stack_size) &&
           stored_take(source, expected->chain, head.depth * sizeof(uint64_t));
}

/* All samples of a file, to be freed with stored_free(); NULL when it is none. */
__attribute__((unused)) static struct expected *stored_read(const char *path, size_t *count)
{
    struct expected *samples = NULL;
    struct source *source;
    size_t room = 0;
    char magic[8];

    *count = 0;
    if (source_open(&source, path, NULL))
        return NULL;
    if (stored_take(source, magic, sizeof(magic)) &&
        !memcmp(magic, stored_magic, sizeof(magic)))
        do
            samples = xgrow(samples, &room, *count + 1, sizeof(*samples));
        while (stored_next(source, &samples[*count]) && ++*count);
    source_close(source);
    return samples;
}

__attribute__((unused)) static void stored_free(struct expected *samples, size_t count)
{
    for (size_t i = 0; samples && i < count; i++) {
        free(samples[i].stack);
        free(samples[i].chain);
    }
    free(samples);
}

#endif
