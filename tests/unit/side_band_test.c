#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "capture/side_band.h"

static const struct record_layout layout = {.sample_type = 0, .sample_id_all = false};

/* perf_event_open(2): the record of a process that ended. */
struct exit_record {
    struct perf_event_header header;
    uint32_t pid, ppid, tid, ptid;
    uint64_t time;
};

static struct side_band side;
static int handed_out[16];
static size_t handed_count;

static void add(uint32_t pid, uint64_t time)
{
    struct exit_record record = {.header = {.type = PERF_RECORD_EXIT, .size = sizeof(record)},
                                 .pid = pid,
                                 .tid = pid,
                                 .time = time};

    side_band_add(&side, &record.header, time);
}

static void take(const struct record *record, void *data)
{
    (void)data;
    cr_assert(lt(sz, handed_count, sizeof(handed_out) / sizeof(*handed_out)));
    handed_out[handed_count++] = record->pid;
}

static void hand_out(uint64_t up_to)
{
    handed_count = 0;
    side_band_hand_out(&side, up_to, &layout, take, NULL);
}

static void tear_down(void)
{
    side_band_free(&side);
}

TestSuite(side_band, .fini = tear_down);

Test(side_band, the_oldest_comes_first_and_what_is_newer_waits)
{
    add(3, 300);
    add(1, 100);
    add(2, 200);
    side_band_sort(&side);
    hand_out(200);
    cr_assert(eq(sz, handed_count, 2));
    cr_expect(eq(int, handed_out[0], 1));
    cr_expect(eq(int, handed_out[1], 2));
    hand_out(UINT64_MAX);
    cr_assert(eq(sz, handed_count, 1));
    cr_expect(eq(int, handed_out[0], 3));
}

Test(side_band, those_of_one_time_keep_their_order)
{
    for (uint32_t pid = 1; pid <= 9; pid++)
        add(pid, 100);
    side_band_sort(&side);
    hand_out(100);
    cr_assert(eq(sz, handed_count, 9));
    for (int i = 0; i < 9; i++)
        cr_expect(eq(int, handed_out[i], i + 1));
}

Test(side_band, what_was_forgotten_leaves_the_others_whole)
{
    for (uint32_t pid = 1; pid <= 6; pid++)
        add(pid, 100 * pid);
    side_band_sort(&side);
    hand_out(400);
    cr_expect(eq(sz, side_band_forget(&side), 4));
    cr_expect(eq(sz, side.byte_count, 2 * sizeof(struct exit_record)));
    add(0, 550);
    side_band_sort(&side);
    hand_out(UINT64_MAX);
    cr_assert(eq(sz, handed_count, 3));
    cr_expect(eq(int, handed_out[0], 5));
    cr_expect(eq(int, handed_out[1], 0));
    cr_expect(eq(int, handed_out[2], 6));
    cr_expect(eq(sz, side_band_forget(&side), 3));
    cr_expect(eq(sz, side.byte_count, 0));
}
