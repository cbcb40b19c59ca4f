#include "perf/perfdata_queue.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

enum { CHUNK = 256 * 1024 };
static_assert(CHUNK >= UINT16_MAX + 7, "any record fits");

struct queue_chunk {
    struct queue_chunk *next; /* spare */
    size_t used, records;
    uint8_t bytes[CHUNK]; /* records, each at a multiple of 8 */
};

static size_t padded(uint32_t size)
{
    return (size + 7u) & ~(size_t)7;
}

static void leave(struct perfdata_queue *queue, struct queue_chunk *chunk)
{
    if (--chunk->records)
        return;
    chunk->used = 0;
    if (chunk == queue->filling)
        return;
    queue->held -= CHUNK;
    chunk->next = queue->spare;
    queue->spare = chunk;
}

static struct queue_chunk *next_chunk(struct perfdata_queue *queue)
{
    struct queue_chunk *chunk = queue->spare;

    if (chunk)
        queue->spare = chunk->next;
    else
        chunk = xalloc(sizeof(*chunk));
    chunk->used = chunk->records = 0;
    queue->held += CHUNK;
    return queue->filling = chunk;
}

void perfdata_queue_free(struct perfdata_queue *queue)
{
    struct queue_chunk *next;

    while (queue->count)
        leave(queue, queue->entries[--queue->count].chunk);
    for (struct queue_chunk *chunk = queue->spare; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(queue->filling);
    free(queue->entries);
    *queue = (struct perfdata_queue){0};
}

uint8_t *perfdata_queue_add(struct perfdata_queue *queue, const uint8_t *record, uint32_t size)
{
    struct queue_chunk *chunk = queue->filling;
    uint8_t *copy;

    if (!chunk || CHUNK - chunk->used < padded(size))
        chunk = next_chunk(queue);
    copy = chunk->bytes + chunk->used;
    memcpy(copy, record, size);
    chunk->used += padded(size);
    chunk->records++;
    queue->entries =
        xgrow(queue->entries, &queue->entry_room, queue->count + 1, sizeof(*queue->entries));
    queue->entries[queue->count++] =
        (struct queued){.order = queue->order++, .chunk = chunk, .bytes = copy, .size = size};
    return copy;
}

void perfdata_queue_date(struct perfdata_queue *queue, uint64_t time, uint32_t event)
{
    queue->entries[queue->count - 1].time = time;
    queue->entries[queue->count - 1].event = event;
    if (time > queue->newest)
        queue->newest = time;
}

void perfdata_queue_drop_last(struct perfdata_queue *queue)
{
    const struct queued *last = &queue->entries[--queue->count];

    last->chunk->used -= padded(last->size);
    leave(queue, last->chunk);
}

static int by_time(const void *a, const void *b)
{
    const struct queued *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static void sort(struct perfdata_queue *queue)
{
    bool sorted = true;

    for (size_t i = 1; i < queue->count && sorted; i++)
        sorted = queue->entries[i - 1].time <= queue->entries[i].time;
    if (!sorted)
        qsort(queue->entries, queue->count, sizeof(*queue->entries), by_time);
}

void perfdata_queue_flush(struct perfdata_queue *queue, uint64_t until, perfdata_queue_fn *take,
                          void *data)
{
    size_t gone = 0;

    sort(queue);
    for (; gone < queue->count && queue->entries[gone].time <= until; gone++) {
        const struct queued *entry = &queue->entries[gone];

        take(entry->bytes, entry->size, entry->event, data);
        leave(queue, entry->chunk);
    }
    if (!gone) /* nor need there be entries at all */
        return;
    queue->count -= gone;
    memmove(queue->entries, queue->entries + gone, queue->count * sizeof(*queue->entries));
}

void perfdata_queue_round(struct perfdata_queue *queue, uint64_t reached,
                          perfdata_queue_fn *take, void *data)
{
    if (queue->flush_next)
        perfdata_queue_flush(queue, queue->flush_next, take, data);
    queue->flush_next = reached;
}

uint64_t perfdata_queue_middle(struct perfdata_queue *queue)
{
    sort(queue);
    return queue->count ? queue->entries[queue->count / 2].time : 0;
}
