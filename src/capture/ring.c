#include "capture/ring.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/xalloc.h"

enum { RECORD_MAX = 1 << 16 }; /* header.size has 16 bits */

int ring_map(struct ring *ring, int fd, uint64_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *mapped = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (mapped == MAP_FAILED)
        return -1;
    *ring = (struct ring){.page = mapped,
                          .data = (const uint8_t *)mapped + page,
                          .size = size,
                          .wrapped = xalloc(RECORD_MAX)};
    return 0;
}

void ring_unmap(struct ring *ring)
{
    if (ring->page)
        munmap(ring->page, (size_t)sysconf(_SC_PAGESIZE) + ring->size);
    free(ring->wrapped);
    *ring = (struct ring){0};
}

void ring_note_head(struct ring *ring)
{
    /* The kernel writes a record first and data_head afterwards.  Acquire keeps us from
     * reading the record before we have seen the head that covers it. */
    ring->head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
}

const struct perf_event_header *ring_peek(struct ring *ring)
{
    uint64_t at = ring->tail & (ring->size - 1);
    const struct perf_event_header *header =
        (const struct perf_event_header *)(const void *)(ring->data + at);
    size_t size, first;

    if (ring->tail >= ring->head)
        return NULL;
    /* Records are 8-byte aligned, so a header never wraps; its body may. */
    size = header->size;
    if (size < sizeof(*header) || size > ring->head - ring->tail) {
        ring->tail = ring->head;
        __atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
        return NULL;
    }
    if (at + size <= ring->size)
        return header;
    first = (size_t)(ring->size - at);
    memcpy(ring->wrapped, ring->data + at, first);
    memcpy(ring->wrapped + first, ring->data, size - first);
    return (const struct perf_event_header *)(const void *)ring->wrapped;
}

void ring_consume(struct ring *ring, const struct perf_event_header *record)
{
    ring->tail += record->size;
    /* Release: the kernel must not overwrite a record that we are still reading. */
    __atomic_store_n(&ring->page->data_tail, ring->tail, __ATOMIC_RELEASE);
}
