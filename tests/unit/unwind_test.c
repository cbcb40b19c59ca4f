#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "../unwind/stored.h"
#include "base/xalloc.h"
#include "process/process.h"
#include "unwind/unwind.h"

enum { PID = 100, TID = 101, COPIED = 32768, IP = 8, SP = 7, BP = 6 };

static struct processes *processes;
static struct unwinder *unwinder;
static uint64_t chain[UNWIND_DEPTH];
static size_t same;
static enum unwind_end end;

/* ---- samples of a real program: tests/unwind/stacks.c ---- */

static struct expected *samples;
static size_t sample_count;

static void map_file(const char *path, uint64_t start, uint64_t size)
{
    struct record record = {
        .kind = RECORD_MAPPING,
        .pid = PID,
        .tid = PID,
        .mapping = {.start = start, .size = size, .path = path, .executable = true}};

    processes_apply(processes, &record);
}

static void read_samples(void)
{
    samples = stored_read(TESTS_DIRECTORY "/unwind/samples.gz", &sample_count);
    cr_assert(gt(sz, sample_count, 0));
    map_file(TESTS_DIRECTORY "/unwind/stacks", 0x400000, 0x1000);
}

static void set_up(void)
{
    processes = processes_new();
    processes_track(processes, PID);
    unwinder = unwinder_new();
}

static void tear_down(void)
{
    stored_free(samples, sample_count);
    unwinder_free(unwinder);
    processes_free(processes);
}

static size_t unwind_it(const struct sample *sample)
{
    return unwind(unwinder, processes_find(processes, PID), TID, sample, COPIED, chain,
                  UNWIND_DEPTH, &same, &end);
}

static bool is_expected(const struct expected *expected)
{
    size_t depth = unwind_it(&expected->sample);

    return end == UNWIND_ROOT && depth == expected->depth &&
           !memcmp(chain, expected->chain, depth * sizeof(*chain));
}

TestSuite(unwind, .init = set_up, .fini = tear_down);

Test(unwind, stored_samples_give_the_frames_that_libdw_found)
{
    read_samples();

    cr_assert(eq(sz, sample_count, 200));
    for (size_t i = 0; i < sample_count; i++) {
        unwinder_forget_thread(unwinder, TID);
        cr_expect(is_expected(&samples[i]), "sample %zu", i);
    }
}

Test(unwind, what_was_before_on_the_thread_makes_no_difference)
{
    uint64_t random = 1;
    size_t recognized = 0;

    read_samples();

    for (size_t i = 0; i < 20000; i++) {
        random = random * 6364136223846793005u + 1;
        cr_assert(is_expected(&samples[(random >> 33) % sample_count]), "round %zu", i);
        recognized += same;
    }
    cr_expect(gt(sz, recognized, 20000), "but it was made use of");
}

/* Any word of the stack changes: the previous stack of the thread must not hide it. */
Test(unwind, changed_words_on_the_stack_are_noticed)
{
    static uint64_t fresh[UNWIND_DEPTH];
    uint64_t random = 1;

    read_samples();

    for (size_t i = 0; i < 20000; i++) {
        struct expected *expected;
        uint64_t word, other, *slot;
        enum unwind_end fresh_end;
        size_t depth;

        random = random * 6364136223846793005u + 1;
        expected = &samples[(random >> 33) % sample_count];
        if (!expected->sample.stack_size)
            continue;
        slot = (uint64_t *)expected->stack +
               (random >> 13) % (expected->sample.stack_size / sizeof(*slot));
        other = ((uint64_t *)expected
                     ->stack)[(random >> 23) % (expected->sample.stack_size / sizeof(*slot))];
        unwind_it(&expected->sample);
        word = *slot;
        *slot = i % 3 ? other : word + 8;
        depth = unwind_it(&expected->sample);
        memcpy(fresh, chain, depth * sizeof(*chain));
        fresh_end = end;
        unwinder_forget_thread(unwinder, TID);
        cr_assert(eq(sz, unwind_it(&expected->sample), depth), "round %zu", i);
        cr_assert(eq(int, end, fresh_end));
        cr_assert(not(memcmp(fresh, chain, depth * sizeof(*chain))), "round %zu", i);
        *slot = word;
    }
}

Test(unwind, a_shorter_copy_gives_the_inner_frames_and_says_that_it_is_cut)
{
    size_t wrong = 0;

    read_samples();

    for (size_t i = 0; i < sample_count; i++) {
        struct sample sample = samples[i].sample;
        size_t depth;

        if (samples[i].depth == 1) /* in the outermost function already */
            continue;
        sample.stack_size = sample.stack_size / 2 & ~(size_t)7;
        depth = unwind_it(&sample);
        cr_assert(lt(sz, depth, samples[i].depth));
        cr_assert(not(memcmp(chain, samples[i].chain, depth * sizeof(*chain))));
        cr_expect(ne(int, end, UNWIND_ROOT));
        wrong += end != UNWIND_STACK_CUT;
    }
    cr_expect(eq(sz, wrong, 0));
}

/* The outer half of a stack's copy comes from elsewhere, in two parts. */
Test(unwind, what_the_copy_lacks_is_found_in_the_parts_from_farther_out)
{
    size_t cut_before = 0;

    read_samples();

    for (size_t i = 0; i < sample_count; i++) {
        struct expected part = samples[i];
        size_t near = part.sample.stack_size / 2 & ~(size_t)7, middle = near + 64;

        if (middle >= part.sample.stack_size)
            continue;
        part.sample.stack_size = near;
        unwinder_forget_thread(unwinder, TID);
        unwind_it(&part.sample);
        cut_before += end == UNWIND_STACK_CUT && unwinder_missing(unwinder);
        part.sample.far[0] = (struct stack_part){.bytes = part.sample.stack + near,
                                                 .low = part.sample.regs.r[SP] + near,
                                                 .size = middle - near};
        part.sample.far[1] = (struct stack_part){.bytes = part.sample.stack + middle,
                                                 .low = part.sample.regs.r[SP] + middle,
                                                 .size = samples[i].sample.stack_size - middle};
        part.sample.far_count = 2;
        unwinder_forget_thread(unwinder, TID);
        cr_expect(is_expected(&part), "sample %zu", i);
        cr_expect(eq(u64, unwinder_missing(unwinder), 0), "sample %zu", i);
    }
    cr_expect(gt(sz, cut_before, 20));
}

Test(unwind, no_more_frames_than_there_is_room_for)
{
    read_samples();
    for (size_t i = 0; i < sample_count; i++) {
        size_t depth = unwind(unwinder, processes_find(processes, PID), TID, &samples[i].sample,
                              COPIED, chain, 3, &same, &end);

        cr_assert(eq(sz, depth, samples[i].depth < 3 ? samples[i].depth : 3));
        cr_expect(eq(int, end, samples[i].depth > 3 ? UNWIND_FULL : UNWIND_ROOT));
    }
}

Test(unwind, the_same_addresses_in_other_mappings_are_looked_up_anew)
{
    read_samples();
    cr_assert(is_expected(&samples[0]));

    map_file("/none/other", 0x400000, 0x1000);
    unwind_it(&samples[0].sample);
    cr_expect(eq(sz, same, 0));
    cr_expect(ne(int, end, UNWIND_ROOT), "its CFI is gone");
}

/* ---- made by hand: code that no CFI describes ---- */

enum { CODE = 0x7f0000000000, STACK = 0x7ffff7000000, WORDS = 512 };
static uint64_t stack[WORDS];

static struct sample sample_at(uint64_t ip, size_t sp, uint64_t bp)
{
    struct sample sample = {.stack = (uint8_t *)(stack + sp),
                            .stack_size = (WORDS - sp) * 8,
                            .regs = {.known = 0xff01ff}};

    sample.regs.r[IP] = ip;
    sample.regs.r[SP] = STACK + sp * 8;
    sample.regs.r[BP] = bp;
    return sample;
}

static uint64_t address_of(size_t word)
{
    return STACK + word * 8;
}

static void map_code(void)
{
    map_file("//anon", CODE, 0x10000);
}

/* Frames linked by rbp, the outermost with rbp 0. */
static void put_frames(size_t first, size_t distance, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        stack[first + i * distance] =
            i + 1 < count ? address_of(first + (i + 1) * distance) : 0;
        stack[first + i * distance + 1] = CODE + 0x100 * (i + 1);
    }
}

Test(unwind, code_without_cfi_is_followed_by_its_frame_pointers)
{
    map_code();
    put_frames(10, 40, 6);
    struct sample sample = sample_at(CODE + 5, 4, address_of(10));

    cr_expect(eq(sz, unwind_it(&sample), 7));
    for (size_t i = 1; i < 7; i++)
        cr_expect(eq(u64, chain[i], CODE + 0x100 * i));
    cr_expect(eq(u64, chain[0], CODE + 5));
}

Test(unwind, a_frame_pointer_past_the_copy_means_cut)
{
    map_code();
    put_frames(10, 40, 3);
    stack[10 + 2 * 40] = address_of(WORDS + 100);
    struct sample sample = sample_at(CODE + 5, 4, address_of(10));

    sample.stack_size = COPIED; /* as much as was asked for */
    uint64_t *large = xcalloc(COPIED / 8, 8);
    memcpy(large, sample.stack, (WORDS - 4) * 8);
    large[10 + 2 * 40 - 4] = STACK + 2 * COPIED;
    sample.stack = (uint8_t *)large;
    cr_expect(eq(sz, unwind_it(&sample), 4));
    cr_expect(eq(int, end, UNWIND_STACK_CUT));
    free(large);
}

Test(unwind, a_number_in_rbp_is_no_frame_pointer)
{
    map_code();
    put_frames(10, 40, 3);
    stack[10] = 12345;
    struct sample sample = sample_at(CODE + 5, 4, address_of(10));

    cr_expect(eq(sz, unwind_it(&sample), 2));
    cr_expect(eq(int, end, UNWIND_NO_RULE));
}

Test(unwind, frame_pointers_in_a_circle_end)
{
    map_code();
    put_frames(10, 40, 3);
    stack[10 + 2 * 40] = address_of(10);
    struct sample sample = sample_at(CODE + 5, 4, address_of(10));

    cr_expect(le(sz, unwind_it(&sample), 5));
    cr_expect(ne(int, end, UNWIND_ROOT));
}

Test(unwind, broken_stacks_are_counted_by_file)
{
    const struct dso *dsos[4];
    uint64_t counts[4];

    map_code();
    for (int i = 0; i < 3; i++) {
        struct sample sample = sample_at(CODE + 5, 4, 1);

        unwind_it(&sample);
    }
    cr_assert(eq(sz, unwinder_broken(unwinder, dsos, counts, 4), 1));
    cr_expect(eq(u64, counts[0], 3));
}

Test(unwind, registers_that_lead_nowhere_do_no_harm)
{
    uint64_t random = 7;

    read_samples();
    map_code();
    for (size_t i = 0; i < 20000; i++) {
        struct sample sample = samples[i % sample_count].sample;

        for (size_t r = 0; r < 24; r++) {
            random = random * 6364136223846793005u + 1;
            if (random >> 61 == 0)
                sample.regs.r[r] = random >> (random >> 58);
        }
        cr_assert(le(sz, unwind_it(&sample), UNWIND_DEPTH));
    }
}
