#include "unwind/go.h"

#include "base/cursor.h"

static const uint32_t MAGIC_1_18 = 0xfffffff0, MAGIC_1_20 = 0xfffffff1;

enum { FLAG_TOP_FRAME = 1, FLAG_SP_WRITE = 2, FLAG_ASM = 4 }; /* internal/abi/symtab.go */
enum { FUNCTIONS_MAX = 16 * 1024 * 1024, STEPS_MAX = 1024 * 1024 };

bool go_table_open(struct go_table *table, const struct space *space, uint64_t address,
                   uint64_t text)
{
    uint8_t bytes[72];
    struct cursor cursor = cursor_over(bytes, space_read(space, address, bytes, sizeof(bytes)));
    uint32_t magic = cursor_u32(&cursor);
    uint64_t stated_text;

    *table = (struct go_table){0};
    cursor_skip(&cursor, 2);
    /* instruction size and pointer size of this processor */
    if (cursor_u8(&cursor) != 1 || cursor_u8(&cursor) != 8)
        return false;
    if (magic != MAGIC_1_18 && magic != MAGIC_1_20)
        return false;
    uint64_t count = cursor_u64(&cursor);

    cursor_skip(&cursor, 8);
    stated_text = cursor_u64(&cursor); /* 0 since Go 1.26 and in relocatable programs */
    cursor_skip(&cursor, 3 * 8);
    uint64_t frame_sizes = cursor_u64(&cursor), functions = cursor_u64(&cursor);

    if (cursor.failed || count > FUNCTIONS_MAX || (!text && !stated_text))
        return false;
    *table = (struct go_table){.space = space,
                               .text = stated_text ? stated_text : text,
                               .functions = address + functions,
                               .frame_sizes = address + frame_sizes,
                               .count = count,
                               .flags_offset = magic == MAGIC_1_20 ? 41 : 37};
    return true;
}

static bool read_u32(const struct space *space, uint64_t address, uint32_t *value)
{
    uint8_t bytes[4];
    struct cursor cursor = cursor_over(bytes, space_read(space, address, bytes, sizeof(bytes)));

    *value = cursor_u32(&cursor);
    return !cursor.failed;
}

/* The function that holds the code offset: its start and its entry. */
static bool find_function(const struct go_table *table, uint32_t offset, uint32_t *start,
                          uint64_t *entry)
{
    uint64_t low = 0, high = table->count; /* one more entry ends the table */
    uint32_t value;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (!read_u32(table->space, table->functions + middle * 8, &value))
            return false;
        if (value <= offset) {
            *start = value;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (!low || !read_u32(table->space, table->functions + low * 8, &value) ||
        offset >= value || !read_u32(table->space, table->functions + low * 8 - 4, &value))
        return false;
    *entry = table->functions + value;
    return true;
}

/* A table is read in pieces, as nothing says how long it is. */
struct reader {
    const struct space *space;
    uint64_t next;
    uint8_t bytes[128];
    struct cursor cursor;
};

static void refill(struct reader *reader)
{
    size_t left = cursor_left(&reader->cursor);

    if (left >= 20)
        return;
    reader->next -= left;
    reader->cursor =
        cursor_over(reader->bytes, space_read(reader->space, reader->next, reader->bytes,
                                              sizeof(reader->bytes)));
    reader->next += cursor_left(&reader->cursor);
}

/* How far the stack pointer is below its place at the function's entry: pairs of (difference
 * of value, zigzag; difference of pc). */
static bool frame_size(const struct go_table *table, uint64_t at, uint32_t offset,
                       uint32_t start, int32_t *size)
{
    struct reader reader = {.space = table->space, .next = at};
    uint64_t pc = start;
    uint32_t value = UINT32_MAX;

    reader.cursor = cursor_over(reader.bytes, 0);
    for (unsigned steps = 0; steps < STEPS_MAX; steps++) {
        refill(&reader);
        uint32_t delta = (uint32_t)cursor_varint(&reader.cursor);

        if (reader.cursor.failed || (!delta && steps))
            return false;
        value += (delta >> 1) ^ -(delta & 1);
        pc += cursor_varint(&reader.cursor);
        if (reader.cursor.failed)
            return false;
        if (offset < pc) {
            *size = (int32_t)value;
            return true;
        }
    }
    return false;
}

bool go_rule_at(const struct go_table *table, uint64_t pc, struct rule *rule)
{
    uint32_t start = 0, sizes;
    uint64_t entry;
    int32_t size;
    uint8_t flags;

    if (!table->count || pc < table->text || pc - table->text > UINT32_MAX)
        return false;
    uint32_t offset = (uint32_t)(pc - table->text);

    if (!find_function(table, offset, &start, &entry) ||
        !read_u32(table->space, entry + 16, &sizes) ||
        space_read(table->space, entry + table->flags_offset, &flags, 1) != 1)
        return false;
    if (flags & FLAG_TOP_FRAME) {
        *rule = (struct rule){.kind = RULE_END};
        return true;
    }
    if (flags & FLAG_SP_WRITE) {
        *rule = (struct rule){
            .kind = RULE_BP, .flags = RULE_BP_SAVED | RULE_OTHER_STACK, .bp = -16, .cfa = 16};
        return true;
    }
    if (!sizes || !frame_size(table, table->frame_sizes + sizes, offset, start, &size) ||
        size < 0 || size > INT32_MAX - 8)
        return false;
    *rule = (struct rule){.kind = RULE_SP, .cfa = size + 8};
    /* The compiler pushes the frame pointer first; assembly may push what it likes. */
    if (size >= 8 && !(flags & FLAG_ASM)) {
        rule->flags = RULE_BP_SAVED;
        rule->bp = -16;
    }
    return true;
}
