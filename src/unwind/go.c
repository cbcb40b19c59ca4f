#include "unwind/go.h"

#include <string.h>

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
    uint64_t names = cursor_u64(&cursor);

    cursor_skip(&cursor, 2 * 8);
    uint64_t frame_sizes = cursor_u64(&cursor), functions = cursor_u64(&cursor);

    if (cursor.failed || count > FUNCTIONS_MAX || (!text && !stated_text))
        return false;
    *table = (struct go_table){.space = space,
                               .text = stated_text ? stated_text : text,
                               .functions = address + functions,
                               .frame_sizes = address + frame_sizes,
                               .names = address + names,
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

struct function {
    uint32_t start, end; /* of its code, from the table's text */
    uint64_t entry;
};

/* The function that holds the code offset. */
static bool find_function(const struct go_table *table, uint32_t offset,
                          struct function *function)
{
    uint64_t low = 0, high = table->count; /* one more entry ends the table */
    uint32_t value;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (!read_u32(table->space, table->functions + middle * 8, &value))
            return false;
        if (value <= offset) {
            function->start = value;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (!low || !read_u32(table->space, table->functions + low * 8, &function->end) ||
        offset >= function->end ||
        !read_u32(table->space, table->functions + low * 8 - 4, &value))
        return false;
    function->entry = table->functions + value;
    return true;
}

static bool function_at(const struct go_table *table, uint64_t address,
                        struct function *function)
{
    return table->count && address >= table->text && address - table->text <= UINT32_MAX &&
           find_function(table, (uint32_t)(address - table->text), function);
}

static bool is_called(const struct go_table *table, const struct function *function,
                      const char *name)
{
    char text[sizeof("runtime.sigtramp")] = {0}; /* the longest that is asked for */
    size_t size = strlen(name) + 1;
    uint32_t at;

    return read_u32(table->space, function->entry + 4, &at) &&
           space_read(table->space, table->names + at, text, size) == size &&
           !strcmp(text, name);
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

static bool frame_size_at(const struct go_table *table, const struct function *function,
                          uint64_t pc, int32_t *size)
{
    uint32_t sizes;

    return read_u32(table->space, function->entry + 16, &sizes) && sizes &&
           frame_size(table, table->frame_sizes + sizes, (uint32_t)(pc - table->text),
                      function->start, size) &&
           *size >= 0 && *size <= INT32_MAX - 8;
}

/* The outermost functions that something else may have called: C's start of a thread, the
 * kernel's signal.  Above a goroutine's (runtime.goexit) nothing is. */
static bool may_be_called(const struct go_table *table, const struct function *function)
{
    return is_called(table, function, "runtime.mstart") ||
           is_called(table, function, "runtime.rt0_go") ||
           is_called(table, function, "runtime.sigtramp");
}

static struct rule rule_of_top_frame(const struct go_table *table,
                                     const struct function *function, uint64_t pc)
{
    int32_t size;

    if (may_be_called(table, function) && frame_size_at(table, function, pc, &size))
        return (struct rule){.kind = RULE_SP, .flags = RULE_TOP, .cfa = size + 8};
    return (struct rule){.kind = RULE_END};
}

bool go_rule_at(const struct go_table *table, uint64_t pc, struct rule *rule)
{
    struct function function;
    int32_t size;
    uint8_t flags;

    if (!function_at(table, pc, &function) ||
        space_read(table->space, function.entry + table->flags_offset, &flags, 1) != 1)
        return false;
    if (flags & FLAG_TOP_FRAME) {
        *rule = rule_of_top_frame(table, &function, pc);
        return true;
    }
    if (flags & FLAG_SP_WRITE) {
        *rule = (struct rule){
            .kind = RULE_BP, .flags = RULE_BP_SAVED | RULE_OTHER_STACK, .bp = -16, .cfa = 16};
        return true;
    }
    if (!frame_size_at(table, &function, pc, &size))
        return false;
    *rule = (struct rule){.kind = RULE_SP, .cfa = size + 8};
    /* The compiler pushes the frame pointer first; assembly may push what it likes. */
    if (size >= 8 && !(flags & FLAG_ASM)) {
        rule->flags = RULE_BP_SAVED;
        rule->bp = -16;
    }
    return true;
}

/* ---- the stack of a thread's scheduler ---- */

enum { TRANSFER_MOST = 16, START_CODE_MAX = 4096 };

/* Where the instruction at `at`, a call or a jump, leads; false when it is another. */
static bool transfer_target(const struct go_table *table, const struct arch *arch, uint64_t at,
                            bool calls, uint64_t *target)
{
    uint8_t bytes[TRANSFER_MOST];
    size_t size = arch->transfer_size;
    int32_t distance;

    if (space_read(table->space, at, bytes, size) != size ||
        !arch->is_transfer(bytes, calls, &distance))
        return false;
    *target = at + size + (uint64_t)(int64_t)distance;
    return true;
}

/* The first place in `from` that leads to the beginning of the function `name`. */
static bool find_transfer(const struct go_table *table, const struct arch *arch,
                          const struct function *from, bool calls, const char *name,
                          uint64_t *at, struct function *to)
{
    uint64_t target, end = table->text + from->end;

    if (from->end - from->start > START_CODE_MAX)
        return false;
    for (*at = table->text + from->start; *at + arch->transfer_size <= end; ++*at)
        if (transfer_target(table, arch, *at, calls, &target) &&
            function_at(table, target, to) && target - table->text == to->start &&
            is_called(table, to, name))
            return true;
    return false;
}

bool go_start_at(const struct go_table *table, const struct arch *arch, uint64_t address,
                 struct go_start *start)
{
    struct function mstart, wrapper, mstart0, mstart1;
    struct rule rule;
    uint64_t target, at;

    if (!function_at(table, address - 1, &mstart) ||
        !is_called(table, &mstart, "runtime.mstart") ||
        !transfer_target(table, arch, address - arch->transfer_size, true, &target) ||
        !function_at(table, target, &wrapper) || !is_called(table, &wrapper, "runtime.mstart0"))
        return false;
    /* Assembly calls what sets registers first and jumps, by the same name. */
    if (!find_transfer(table, arch, &wrapper, false, "runtime.mstart0", &at, &mstart0))
        mstart0 = wrapper;
    if (!find_transfer(table, arch, &mstart0, true, "runtime.mstart1", &at, &mstart1) ||
        !go_rule_at(table, at, &rule) || rule.kind != RULE_SP || rule.flags & RULE_TOP)
        return false;
    *start = (struct go_start){.in_mstart = address,
                               .in_mstart0 = at + arch->transfer_size,
                               .frame = (uint32_t)rule.cfa - 8};
    return true;
}
