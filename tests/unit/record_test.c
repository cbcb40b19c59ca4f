#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

#include "perf/record.h"

/* A record under construction. */
static uint8_t bytes[4096];
static size_t end;

static void start(uint32_t type, uint16_t misc)
{
    struct perf_event_header header = {.type = type, .misc = misc};

    memcpy(bytes, &header, sizeof(header));
    end = sizeof(header);
}

static void put64(uint64_t value)
{
    memcpy(bytes + end, &value, 8);
    end += 8;
}

static void put32(uint32_t value)
{
    memcpy(bytes + end, &value, 4);
    end += 4;
}

static void put_text(const char *text)
{
    size_t size = (strlen(text) + 8) & ~(size_t)7;

    memset(bytes + end, 0, size);
    memcpy(bytes + end, text, strlen(text));
    end += size;
}

static int decode(const struct record_layout *layout, struct record *record)
{
    uint16_t size = (uint16_t)end;

    memcpy(bytes + offsetof(struct perf_event_header, size), &size, 2);
    return record_decode(layout, bytes, end, record);
}

static const struct record_layout full = {
    .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN |
                   PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
    .regs_user = 1u << 6 | 1u << 7 | 1u << 8,
    .sample_id_all = true,
};

static void put_sample_head(void)
{
    start(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL);
    put64(0xffffffff81000010); /* ip */
    put32(100);
    put32(101);
    put64(123456789); /* time */
}

Test(record, a_sample_has_chain_registers_and_stack)
{
    struct record record;

    put_sample_head();
    put64(2);
    put64((uint64_t)PERF_CONTEXT_KERNEL);
    put64(0xffffffff81000010);
    put64(2); /* PERF_SAMPLE_REGS_ABI_64 */
    put64(0x7ffe1000);
    put64(0x7ffe0f00);
    put64(0x401000);
    put64(16); /* asked for */
    put64(0x1111);
    put64(0x2222);
    put64(8); /* copied */

    cr_assert(eq(int, decode(&full, &record), 0));
    cr_expect(eq(int, record.kind, RECORD_SAMPLE));
    cr_expect(record.in_kernel);
    cr_expect(eq(int, record.pid, 100));
    cr_expect(eq(int, record.tid, 101));
    cr_expect(eq(u64, record.time, 123456789));
    cr_expect(eq(sz, record.sample.callchain_count, 2));
    cr_expect(eq(u64, record.sample.regs.known, full.regs_user));
    cr_expect(eq(u64, record.sample.regs.r[7], 0x7ffe0f00));
    cr_expect(eq(sz, record.sample.stack_size, 8));
    cr_expect(eq(u8, record.sample.stack[0], 0x11));
}

Test(record, a_kernel_thread_has_no_registers_and_no_stack)
{
    struct record record;

    put_sample_head();
    put64(0); /* no chain */
    put64(0); /* PERF_SAMPLE_REGS_ABI_NONE */
    put64(0); /* no stack, then no copied size either */

    cr_assert(eq(int, decode(&full, &record), 0));
    cr_expect(eq(u64, record.sample.regs.known, 0));
    cr_expect(eq(sz, record.sample.stack_size, 0));
}

Test(record, registers_of_a_32_bit_program_are_none_that_an_unwinder_knows)
{
    struct record record;

    put_sample_head();
    put64(0); /* no chain */
    put64(1); /* PERF_SAMPLE_REGS_ABI_32 */
    put64(0xffe01000);
    put64(0xffe00f00);
    put64(0x8048000);
    put64(0);

    cr_assert(eq(int, decode(&full, &record), 0));
    cr_expect(record.sample.regs.of_32_bits);
    cr_expect(eq(u64, record.sample.regs.known, 0));
}

Test(record, counts_beyond_the_record_are_refused)
{
    struct record record;

    put_sample_head();
    put64(UINT64_MAX / 8);
    cr_expect(eq(int, decode(&full, &record), -EBADMSG));

    put_sample_head();
    put64(0);
    put64(0);
    put64(1 << 20); /* stack larger than the record */
    cr_expect(eq(int, decode(&full, &record), -EBADMSG));
}

Test(record, more_copied_than_asked_for_is_cut_to_what_is_there)
{
    struct record record;

    put_sample_head();
    put64(0);
    put64(0);
    put64(8);
    put64(0xabcd);
    put64(4096);

    cr_assert(eq(int, decode(&full, &record), 0));
    cr_expect(eq(sz, record.sample.stack_size, 8));
}

Test(record, a_mapping_with_a_build_id)
{
    const struct record_layout layout = {.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
                                         .sample_id_all = true};
    struct record record;

    start(PERF_RECORD_MMAP2, 1 << 14 | PERF_RECORD_MISC_USER);
    put32(7);
    put32(8);
    put64(0x400000);
    put64(0x1000);
    put64(0x2000);
    put32(20); /* size of the build ID, then 3 bytes of padding */
    put64(0x0102030405060708);
    put64(0x1112131415161718);
    put32(0xcafe);
    put32(5); /* PROT_READ | PROT_EXEC */
    put32(2);
    put_text("/bin/program");
    put32(7);
    put32(8);
    put64(99); /* time in the trailer */

    cr_assert(eq(int, decode(&layout, &record), 0));
    cr_expect(eq(int, record.kind, RECORD_MAPPING));
    cr_expect(eq(str, (char *)record.mapping.path, "/bin/program"));
    cr_expect(eq(u8, record.mapping.build_id_size, 20));
    cr_expect(eq(u8, record.mapping.build_id[0], 0x08));
    cr_expect(record.mapping.executable);
    cr_expect(eq(u64, record.time, 99));
}

/* The kernel marks records so when another program wants build IDs at the same time. */
Test(record, device_and_inode_that_are_marked_as_a_build_id)
{
    const struct record_layout layout = {.sample_type = PERF_SAMPLE_TID};
    struct record record;

    start(PERF_RECORD_MMAP2, 1 << 14 | PERF_RECORD_MISC_USER);
    put32(7);
    put32(8);
    put64(0x400000);
    put64(0x1000);
    put64(0x2000);
    put32(8); /* sda1: could be a size */
    put32(1);
    put64(0x1234);
    put64(0x5678);
    put32(5); /* PROT_READ | PROT_EXEC */
    put32(2);
    put_text("/bin/program");

    cr_assert(eq(int, decode(&layout, &record), 0));
    cr_expect(eq(u8, record.mapping.build_id_size, 0));
    cr_expect(eq(u32, record.mapping.device_major, 8));
    cr_expect(eq(u64, record.mapping.inode, 0x1234));
    cr_expect(record.mapping.executable);
}

Test(record, a_path_without_an_end_is_refused)
{
    const struct record_layout layout = {0};
    struct record record;

    start(PERF_RECORD_COMM, 0);
    put32(1);
    put32(1);
    put64(0x4141414141414141);

    cr_expect(eq(int, decode(&layout, &record), -EBADMSG));
}

Test(record, a_header_that_is_too_short_or_too_long_is_refused)
{
    const struct record_layout layout = {0};
    struct perf_event_header header = {.type = PERF_RECORD_EXIT, .size = 4};
    struct record record;

    cr_expect(eq(int, record_decode(&layout, &header, sizeof(header), &record), -EBADMSG));
    header.size = 64;
    cr_expect(eq(int, record_decode(&layout, &header, sizeof(header), &record), -EBADMSG));
    cr_expect(eq(int, record_decode(&layout, &header, 3, &record), -EBADMSG));
}
