#include "perf/perfdata_queue.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void perfdata_queue_free(struct perfdata_queue *queue)
{
    free(queue->bytes);
    free(queue->entries);
    *queue = (struct perfdata_queue){0};
}

uint8_t *perfdata_queue_add(struct perfdata_queue *queue, const uint8_t *record, uint32_t size)
{
    size_t taken = (size + 7u) & ~(size_t)7;

    queue->bytes = xgrow(queue->bytes, &queue->room, queue->used + taken, 1);
    queue->entries =
        xgrow(queue->entries, &queue->entry_room, queue->count + 1, sizeof(*queue->entries));
    queue->entries[queue->count++] =
        (struct queued){.order = queue->order++, .at = queue->used, .size = size};
    memcpy(queue->bytes + queue->used, record, size);
    queue->used += taken;
    return queue->bytes + queue->used - taken;
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
    queue->used = queue->entries[--queue->count].at;
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

/* Moves what is left to the front, in the order of time. */
static void close_up(struct perfdata_queue *queue, size_t gone)
{
    size_t left = queue->count - gone, used = 0;
    uint8_t *packed;

    if (!left) {
        queue->count = queue->used = 0;
        return;
    }
    packed = xalloc(queue->room);
    for (size_t i = gone; i < queue->count; i++) {
        struct queued *entry = &queue->entries[i];

        memcpy(packed + used, queue->bytes + entry->at, entry->size);
        entry->at = used;
        used += (entry->size + 7u) & ~(size_t)7;
    }
    free(queue->bytes);
    queue->bytes = packed;
    queue->used = used;
    memmove(queue->entries, queue->entries + gone, left * sizeof(*queue->entries));
    queue->count = left;
}

void perfdata_queue_flush(struct perfdata_queue *queue, uint64_t until, perfdata_queue_fn *take,
                          void *data)
{
    size_t gone = 0;

    sort(queue);
    for (; gone < queue->count && queue->entries[gone].time <= until; gone++)
        take(queue->bytes + queue->entries[gone].at, queue->entries[gone].size,
             queue->entries[gone].event, data);
    if (gone)
        close_up(queue, gone);
}

void perfdata_queue_round(struct perfdata_queue *queue, perfdata_queue_fn *take, void *data)
{
    if (queue->flush_next)
        perfdata_queue_flush(queue, queue->flush_next, take, data);
    queue->flush_next = queue->newest;
}

uint64_t perfdata_queue_middle(struct perfdata_queue *queue)
{
    sort(queue);
    return queue->count ? queue->entries[queue->count / 2].time : 0;
}
