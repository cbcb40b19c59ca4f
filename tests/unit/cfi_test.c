#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "unwind/cfi.h"

/* A section under construction: little-endian, at an address of its own. */
enum { AT = 0x1000, CODE = 0x400000 };
static uint8_t section[4096];
static size_t used;

static void put(uint8_t byte)
{
    section[used++] = byte;
}

static void put_bytes(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put((uint8_t)bytes[i]);
}

static void put_u32(uint32_t value)
{
    for (int i = 0; i < 4; i++)
        put((uint8_t)(value >> 8 * i));
}

static void put_u64(uint64_t value)
{
    put_u32((uint32_t)value);
    put_u32((uint32_t)(value >> 32));
}

static void end_entry(size_t start)
{
    uint32_t length;

    while ((used - start) % 8)
        put(0); /* DW_CFA_nop */
    length = (uint32_t)(used - start - 4);
    memcpy(section + start, &length, sizeof(length));
}

/* The CIE that compilers write: CFA = rsp + 8, return address at CFA - 8. */
static size_t put_cie(const char *augmentation)
{
    size_t start = used;

    put_u32(0);
    put_u32(0);
    put(1);
    put_bytes(augmentation, strlen(augmentation) + 1);
    put(1);    /* code alignment */
    put(0x78); /* data alignment -8 */
    put(16);   /* return address */
    if (augmentation[0] == 'z') {
        put(1);
        put(0x1b); /* pc-relative, signed, 4 bytes */
    }
    put_bytes("\x0c\x07\x08\x90\x01", 5);
    end_entry(start);
    return start;
}

static size_t begin_fde(size_t cie, uint64_t code, uint32_t size)
{
    size_t start = used;

    put_u32(0);
    put_u32((uint32_t)(used - cie));
    put_u32((uint32_t)(code - (AT + used)));
    put_u32(size);
    put(0); /* no augmentation data */
    return start;
}

static size_t put_fde(size_t cie, uint64_t code, uint32_t size, const char *instructions,
                      size_t count)
{
    size_t start = begin_fde(cie, code, size);

    put_bytes(instructions, count);
    end_entry(start);
    return start;
}

#define PUT_FDE(cie, code, size, text) put_fde(cie, code, size, text, sizeof(text) - 1)

static struct segment segment;
static struct space space;

static const struct space *all(void)
{
    segment = (struct segment){.address = AT, .file_size = used, .memory_size = used};
    space = (struct space){
        .fd = -1, .bytes = section, .size = used, .segments = &segment, .segment_count = 1};
    return &space;
}

static void start(void)
{
    used = 0;
    memset(section, 0, sizeof(section));
}

static struct cfi indexed(void)
{
    struct cfi cfi;

    cfi_from_section(&cfi, all(), AT, used, false);
    return cfi;
}

/* The CFA's offset at `pc`, or -1. */
static int64_t cfa_at(const struct cfi *cfi, uint64_t pc)
{
    struct cfi_row row;

    return cfi_row_at(cfi, pc, &row) ? row.cfa.value : -1;
}

TestSuite(cfi, .init = start);

Test(cfi, row_is_that_of_the_last_advance_at_or_before_the_address)
{
    /* push %rbp (1 byte): CFA 16, rbp at -16; 3 bytes on: CFA = rbp + 16 */
    size_t cie = put_cie("zR");
    PUT_FDE(cie, CODE, 0x40, "\x41\x0e\x10\x86\x02\x43\x0d\x06");
    struct cfi cfi = indexed();
    struct cfi_row row;

    cr_expect(eq(i64, cfa_at(&cfi, CODE), 8));
    cr_expect(eq(i64, cfa_at(&cfi, CODE + 1), 16));
    cr_expect(eq(i64, cfa_at(&cfi, CODE + 3), 16));
    cr_assert(cfi_row_at(&cfi, CODE + 0x3f, &row));
    cr_expect(eq(u8, row.cfa.reg, 6));
    cr_expect(eq(u8, row.reg[6].how, CFI_OFFSET));
    cr_expect(eq(i64, row.reg[6].value, -16));
    cr_expect(eq(i64, row.reg[16].value, -8));
    cfi_end(&cfi);
}

Test(cfi, no_row_before_between_and_after_functions)
{
    size_t cie = put_cie("zR");
    PUT_FDE(cie, CODE + 0x100, 0x10, "\x00");
    PUT_FDE(cie, CODE, 0x10, "\x00"); /* out of order */
    struct cfi cfi = indexed();

    cr_expect(eq(i64, cfa_at(&cfi, CODE - 1), -1));
    cr_expect(eq(i64, cfa_at(&cfi, CODE + 0xf), 8));
    cr_expect(eq(i64, cfa_at(&cfi, CODE + 0x10), -1));
    cr_expect(eq(i64, cfa_at(&cfi, CODE + 0x100), 8));
    cr_expect(eq(i64, cfa_at(&cfi, CODE + 0x110), -1));
    cfi_end(&cfi);
}

Test(cfi, remember_and_restore_bring_back_rules_and_cfa)
{
    /* offset 32, rbx at -24; remember; pop all: 8, rbx same; restore */
    size_t cie = put_cie("zR");
    PUT_FDE(cie, CODE, 0x40, "\x0e\x20\x83\x03\x41\x0a\x0e\x08\xc3\x41\x0b");
    struct cfi cfi = indexed();
    struct cfi_row row;

    cr_assert(cfi_row_at(&cfi, CODE + 1, &row));
    cr_expect(eq(i64, row.cfa.value, 8));
    cr_expect(eq(u8, row.reg[3].how, CFI_SAME));
    cr_assert(cfi_row_at(&cfi, CODE + 2, &row));
    cr_expect(eq(i64, row.cfa.value, 32));
    cr_expect(eq(i64, row.reg[3].value, -24));
    cfi_end(&cfi);
}

Test(cfi, every_way_to_say_an_offset)
{
    /* offset_extended_sf r12 -2 (+16); GNU_negative_offset_extended r13 2 (+16);
     * val_offset r14 3 (-24); val_offset_sf r15 -1 (+8); def_cfa_sf r10 -4 (32);
     * GNU_args_size 64; undefined r16; same r3; register r1 in r2 */
    size_t cie = put_cie("zR");
    PUT_FDE(cie, CODE, 0x40,
            "\x11\x0c\x7e\x2f\x0d\x02\x14\x0e\x03\x15\x0f\x7f\x12\x0a\x7c\x2e\x40\x07\x10"
            "\x08\x03\x09\x01\x02");
    struct cfi cfi = indexed();
    struct cfi_row row;

    cr_assert(cfi_row_at(&cfi, CODE, &row));
    cr_expect(eq(i64, row.reg[12].value, 16));
    cr_expect(eq(i64, row.reg[13].value, 16));
    cr_expect(eq(u8, row.reg[14].how, CFI_VAL_OFFSET));
    cr_expect(eq(i64, row.reg[14].value, -24));
    cr_expect(eq(i64, row.reg[15].value, 8));
    cr_expect(eq(u8, row.cfa.reg, 10));
    cr_expect(eq(i64, row.cfa.value, 32));
    cr_expect(eq(u8, row.reg[16].how, CFI_UNDEFINED));
    cr_expect(eq(u8, row.reg[3].how, CFI_SAME));
    cr_expect(eq(u8, row.reg[1].how, CFI_REGISTER));
    cr_expect(eq(u8, row.reg[1].reg, 2));
    cfi_end(&cfi);
}

Test(cfi, expressions_are_kept_as_places)
{
    size_t cie = put_cie("zR");
    size_t fde = PUT_FDE(cie, CODE, 0x40, "\x0f\x03\x76\x78\x06\x10\x06\x02\x76\x00");
    struct cfi cfi = indexed();
    struct cfi_row row;
    uint8_t bytes[3];

    cr_assert(cfi_row_at(&cfi, CODE, &row));
    cr_assert(eq(u8, row.cfa.how, CFI_EXPRESSION));
    cr_assert(eq(u16, row.cfa.size, 3));
    cr_expect(gt(u64, (uint64_t)row.cfa.value, AT + fde));
    cr_assert(eq(sz, space_read(&space, (uint64_t)row.cfa.value, bytes, 3), 3));
    cr_expect(eq(u8, bytes[0], 0x76));
    cr_expect(eq(u8, row.reg[6].how, CFI_EXPRESSION));
    cr_expect(eq(u16, row.reg[6].size, 2));
    cfi_end(&cfi);
}

Test(cfi, signal_frames_are_marked)
{
    size_t cie = put_cie("zRS");
    PUT_FDE(cie, CODE, 0x10, "\x00");
    struct cfi cfi = indexed();
    struct cfi_row row;

    cr_assert(cfi_row_at(&cfi, CODE, &row));
    cr_expect(row.signal);
    cfi_end(&cfi);
}

/* .eh_frame_hdr with a table of (start, entry), relative to itself. */
static size_t put_header(size_t count, const uint64_t *starts, const size_t *entries)
{
    size_t header = used;

    put_bytes("\x01\x1b\x03\x3b", 4);
    put_u32((uint32_t)(0 - (used + 0))); /* .eh_frame is at AT */
    put_u32((uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        put_u32((uint32_t)(starts[i] - (AT + header)));
        put_u32((uint32_t)(entries[i] - header));
    }
    return header;
}

Test(cfi, search_table_gives_the_same_rows_as_the_index)
{
    enum { COUNT = 57 };
    uint64_t starts[COUNT];
    size_t entries[COUNT], cie = put_cie("zR"), header;
    struct cfi by_index = indexed(), by_table;
    uint64_t eh_frame;

    for (size_t i = 0; i < COUNT; i++) {
        char offset[] = {0x0e, (char)(8 + i)};

        starts[i] = CODE + i * 0x20;
        entries[i] = put_fde(cie, starts[i], 0x18, offset, sizeof(offset));
    }
    cfi_end(&by_index);
    by_index = indexed();
    header = put_header(COUNT, starts, entries);
    cr_assert(cfi_from_header(&by_table, all(), AT + header, &eh_frame));
    cr_expect(eq(u64, eh_frame, AT));
    for (uint64_t pc = CODE - 8; pc < CODE + COUNT * 0x20 + 8; pc++)
        cr_assert(eq(i64, cfa_at(&by_table, pc), cfa_at(&by_index, pc)), "at %#lx", pc);
    cfi_end(&by_index);
    cfi_end(&by_table);
}

Test(cfi, debug_frame_counts_its_cies_from_its_start)
{
    size_t start = used, fde;
    struct cfi cfi;

    put_u32(0);
    put_u32(UINT32_MAX);
    put_bytes("\x04\x00\x08\x00\x01\x78\x10\x0c\x07\x08\x90\x01", 12); /* version 4 */
    end_entry(start);
    fde = used;
    put_u32(0);
    put_u32((uint32_t)start);
    put_u64(CODE);
    put_u64(0x30);
    put_bytes("\x41\x0e\x18", 3);
    end_entry(fde);
    cfi_from_section(&cfi, all(), AT, used, true);
    cr_expect(eq(i64, cfa_at(&cfi, CODE), 8));
    cr_expect(eq(i64, cfa_at(&cfi, CODE + 0x2f), 24));
    cr_expect(eq(i64, cfa_at(&cfi, CODE + 0x30), -1));
    cfi_end(&cfi);
}

Test(cfi, entries_longer_than_usual_are_read_whole)
{
    size_t cie = put_cie("zR"), fde = begin_fde(cie, CODE, 0x1000);

    for (int i = 1; i < 600; i++) /* one byte each: CFA offset 8 + i % 64 */
        put_bytes((char[]){0x41, 0x0e, (char)(8 + i % 64)}, 3);
    end_entry(fde);
    struct cfi cfi = indexed();

    cr_expect(eq(i64, cfa_at(&cfi, CODE + 599), 8 + 599 % 64));
    cr_expect(eq(i64, cfa_at(&cfi, CODE + 300), 8 + 300 % 64));
    cfi_end(&cfi);
}

Test(cfi, what_does_not_add_up_gives_no_row)
{
    static const struct {
        const char *what, *code;
        size_t size;
    } bad[] = {
        {"unknown instruction", "\x3f", 1},
        {"restore without remember", "\x0b", 1},
        {"expression past the end", "\x0f\x7f\x76", 3},
        {"register past the table", "\x0c\x40\x08", 3},
        {"number past the end", "\x0e\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 11},
    };
    size_t cie = put_cie("zR"), count = sizeof(bad) / sizeof(bad[0]);

    for (size_t i = 0; i < count; i++)
        put_fde(cie, CODE + i * 0x100, 0x100, bad[i].code, bad[i].size);
    PUT_FDE(cie, CODE + count * 0x100, 0x100, "\x0e\x10");
    struct cfi cfi = indexed();

    for (size_t i = 0; i < count; i++)
        cr_expect(eq(i64, cfa_at(&cfi, CODE + i * 0x100), -1), "%s", bad[i].what);
    cr_expect(eq(i64, cfa_at(&cfi, CODE + count * 0x100), 16), "the next one is fine");
    cfi_end(&cfi);
}

Test(cfi, endless_remembering_is_refused)
{
    size_t cie = put_cie("zR"), fde = begin_fde(cie, CODE, 0x100);

    for (int i = 0; i < 100; i++)
        put(0x0a);
    end_entry(fde);
    struct cfi cfi = indexed();

    cr_expect(eq(i64, cfa_at(&cfi, CODE), -1));
    cfi_end(&cfi);
}

Test(cfi, no_cie_lies_at_the_end_of_memory)
{
    struct cfi cfi;

    PUT_FDE((size_t) - (AT + 1), CODE, 16, ""); /* the pointer leads to 2^64 - 1 */
    cfi = indexed();

    cr_expect(eq(sz, cfi.index_count, 0));
    cfi_end(&cfi);
}
