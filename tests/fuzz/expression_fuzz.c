/* Any bytes as a DWARF expression: it ends, and reads nothing but its bytes. */
#include "unwind/expression.h"

static bool load(void *data, uint64_t address, uint64_t *word)
{
    (void)data;
    *word = address + 8;
    return address < UINT64_C(1) << 47;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint64_t reg[17] = {0, 1, 2, [6] = 0x7fff0000, [7] = 0x7ffe0000, [16] = 0x400005};
    const struct expression_input input = {
        .reg = reg, .known = 0x1ff0f, .reg_count = 17, .load = load};
    uint64_t first = 0x7fff1000, result;

    expression_evaluate(bytes, size, &input, &first, &result);
    expression_evaluate(bytes, size, &input, NULL, &result);
    return 0;
}
