#ifndef FIQ_PERF_PERFDATA_QUEUE_H
#define FIQ_PERF_PERFDATA_QUEUE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Records that wait for earlier ones from other CPUs.
 *
 * perf writes one ring after the other.  When it has gone through all (FINISHED_ROUND),
 * everything older than the newest record of the round before is complete.  Records of one
 * time keep their order.  The bytes lie in chunks, which are used again when all of their
 * records have gone.  Zeroed memory is an empty queue.
 */
struct perfdata_queue {
    struct queue_chunk *filling, *spare;
    size_t held; /* bytes of all chunks that hold records */
    struct queued {
        uint64_t time, order;
        struct queue_chunk *chunk;
        uint8_t *bytes;
        uint32_t size, event;
    } * entries;
    size_t count, entry_room;
    uint64_t order;              /* of the next */
    uint64_t newest, flush_next; /* times */
};

void perfdata_queue_free(struct perfdata_queue *queue);

/* Copies a record; returns where, for changes that the bytes still need. */
uint8_t *perfdata_queue_add(struct perfdata_queue *queue, const uint8_t *record, uint32_t size);
/* Sets what was not known before the record was copied, of the last one added. */
void perfdata_queue_date(struct perfdata_queue *queue, uint64_t time, uint32_t event);
/* Takes back the last one added. */
void perfdata_queue_drop_last(struct perfdata_queue *queue);

typedef void perfdata_queue_fn(const uint8_t *record, uint32_t size, uint32_t event,
                               void *data);

/* A round has ended: hands on what is complete, oldest first.  What will come after the next
 * one is newer than `reached`, which mostly is queue->newest. */
void perfdata_queue_round(struct perfdata_queue *queue, uint64_t reached,
                          perfdata_queue_fn *take, void *data);
/* Hands on everything that is not newer than `until`. */
void perfdata_queue_flush(struct perfdata_queue *queue, uint64_t until, perfdata_queue_fn *take,
                          void *data);
/* The time that half of the records are not newer than. */
uint64_t perfdata_queue_middle(struct perfdata_queue *queue);

#endif
