/* Any bytes as code: the walks through them end, and read nothing else. */
#include "../code_bytes.h"
#include "unwind/code_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct code_bytes code = {bytes, size};
    struct rule rule;

    code_walk_x86_64(START, read_bytes, &code, &rule);
    code_after_zero_x86_64(START, read_bytes, &code);
    return 0;
}
