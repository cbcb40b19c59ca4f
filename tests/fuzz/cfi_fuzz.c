/* Any bytes as .eh_frame, as .debug_frame and as .eh_frame_hdr: every row that they promise can
 * be asked for. */
#include <stdlib.h>

#include "unwind/arch.h"
#include "unwind/cfi.h"
#include "unwind/expression.h"
#include "unwind/go.h"

enum { AT = 0x1000 };

static bool load(void *data, uint64_t address, uint64_t *word)
{
    *word = address ^ *(uint64_t *)data;
    return address & 1;
}

static void evaluate(const struct space *space, const struct cfi_rule *rule)
{
    uint64_t reg[CFI_REGISTERS] = {1, 2, 3}, result, salt = 7;
    struct expression_input input = {
        .reg = reg, .known = 0x1ffff, .reg_count = CFI_REGISTERS, .load = load, .data = &salt};
    uint8_t bytes[512];

    if ((rule->how != CFI_EXPRESSION && rule->how != CFI_VAL_EXPRESSION) ||
        rule->size > sizeof(bytes))
        return;
    if (space_read(space, (uint64_t)rule->value, bytes, rule->size) != rule->size)
        abort(); /* it was read with its entry */
    expression_evaluate(bytes, rule->size, &input, &salt, &result);
}

static void ask(const struct cfi *cfi, uint64_t pc)
{
    struct cfi_row row;
    struct rule rule;
    uint64_t from, to;

    if (!cfi_row_at(cfi, pc, &row))
        return;
    if (!cfi_extent(cfi, pc, &from, &to) || pc < from || pc >= to)
        abort();
    evaluate(cfi->space, &row.cfa);
    for (unsigned i = 0; i < CFI_REGISTERS; i++)
        evaluate(cfi->space, &row.reg[i]);
    rule = arch_x86_64.rule_of_row(&row, cfi->space);
    if (rule.kind > RULE_SLOW)
        abort();
}

static void ask_all(const struct cfi *cfi)
{
    for (size_t i = 0; i < cfi->index_count && i < 64; i++)
        for (uint64_t step = 0; step < 40; step += 3)
            ask(cfi, cfi->index[i].start + step);
    for (uint64_t pc = AT - 64; pc < AT + 256; pc += 5)
        ask(cfi, pc);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct segment segment = {.address = AT, .file_size = size, .memory_size = size};
    const struct space space = {
        .fd = -1, .bytes = bytes, .size = size, .segments = &segment, .segment_count = 1};
    struct go_table go;
    struct rule rule;
    uint64_t eh_frame;
    struct cfi cfi;

    for (int debug_frame = 0; debug_frame < 2; debug_frame++) {
        cfi_from_section(&cfi, &space, AT, size, debug_frame);
        ask_all(&cfi);
        cfi_end(&cfi);
    }
    for (uint64_t header = AT; header < AT + size && header < AT + 16; header += 4) {
        if (cfi_from_header(&cfi, &space, header, &eh_frame))
            ask_all(&cfi);
        cfi_end(&cfi);
    }
    if (go_table_open(&go, &space, AT, 0x400000))
        for (uint64_t pc = 0x400000; pc < 0x400400; pc += 7)
            go_rule_at(&go, pc, &rule);
    return 0;
}
