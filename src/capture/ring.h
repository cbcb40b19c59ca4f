#ifndef FIQ_CAPTURE_RING_H
#define FIQ_CAPTURE_RING_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The consumer's side of a perf ring (perf_event_open(2), "MMAP layout").  The kernel writes
 * records and moves data_head; we read them and move data_tail.  One thread.
 */
struct ring {
    struct perf_event_mmap_page *page;
    const uint8_t *data;
    uint64_t size;    /* a power of two */
    uint64_t tail;    /* of what has been handed out */
    uint64_t head;    /* of what may be handed out: as noted last */
    uint8_t *wrapped; /* 64 KiB for records that lie across the end */
};

/* Maps `size` bytes of ring of the event; -1 with errno. */
int ring_map(struct ring *ring, int fd, uint64_t size);
void ring_unmap(struct ring *ring);

/* Notes how far the kernel has come.  ring_next() goes no further. */
void ring_note_head(struct ring *ring);

/* The record at the tail, whole, or NULL; stays until ring_consume().  A header that makes no
 * sense empties the ring. */
const struct perf_event_header *ring_peek(struct ring *ring);
/* Moves past it and gives its room back to the kernel. */
void ring_consume(struct ring *ring, const struct perf_event_header *record);

#endif
