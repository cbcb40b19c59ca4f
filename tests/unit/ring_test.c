#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "capture/ring.h"

enum { SIZE = 4096 };

static struct perf_event_mmap_page page;
static uint8_t data[SIZE];
static struct ring ring;

static void set_up(void)
{
    memset(&page, 0, sizeof(page));
    ring = (struct ring){.page = &page, .data = data, .size = SIZE, .wrapped = malloc(1 << 16)};
}

static void tear_down(void)
{
    free(ring.wrapped);
}

/* Plays the kernel: a header of `size` bytes whose body is all `fill`. */
static void put(uint16_t size, uint8_t fill)
{
    struct perf_event_header header = {.type = PERF_RECORD_SAMPLE, .size = size};
    uint8_t record[SIZE];

    memset(record, fill, size);
    memcpy(record, &header, sizeof(header));
    for (uint16_t i = 0; i < size; i++)
        data[(page.data_head + i) % SIZE] = record[i];
    page.data_head += size;
}

TestSuite(ring, .init = set_up, .fini = tear_down);

Test(ring, what_came_after_the_head_was_noted_waits)
{
    put(32, 'a');
    ring_note_head(&ring);
    put(32, 'b');

    const struct perf_event_header *first = ring_peek(&ring);

    cr_assert(ne(ptr, (void *)first, NULL));
    ring_consume(&ring, first);
    cr_expect(eq(ptr, (void *)ring_peek(&ring), NULL));
    ring_note_head(&ring);
    cr_expect(ne(ptr, (void *)ring_peek(&ring), NULL));
}

Test(ring, a_record_across_the_end_comes_in_one_piece)
{
    for (int i = 0; i < 85; i++) {
        put(48, 'a');
        ring_note_head(&ring);
        ring_consume(&ring, ring_peek(&ring));
    }
    put(64, 'b');
    ring_note_head(&ring);

    const struct perf_event_header *record = ring_peek(&ring);

    cr_assert(ne(ptr, (void *)record, NULL));
    cr_expect(eq(u16, record->size, 64));
    const uint8_t *body = (const uint8_t *)(record + 1);
    for (size_t i = 0; i < 64 - sizeof(*record); i++)
        cr_expect(eq(u8, body[i], 'b'), "byte %zu", i);
}

Test(ring, consuming_gives_room_back_to_the_kernel)
{
    put(40, 'a');
    ring_note_head(&ring);

    ring_consume(&ring, ring_peek(&ring));

    cr_expect(eq(u64, page.data_tail, 40));
}

Test(ring, a_header_that_makes_no_sense_empties_the_ring)
{
    struct perf_event_header broken = {.size = 3};

    memcpy(data, &broken, sizeof(broken));
    page.data_head = 64;
    ring_note_head(&ring);

    cr_expect(eq(ptr, (void *)ring_peek(&ring), NULL));
    cr_expect(eq(u64, page.data_tail, 64));
}
