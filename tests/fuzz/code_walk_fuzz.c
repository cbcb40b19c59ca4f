/* Any bytes as code: the walk through them ends, and reads nothing else. */
#include "../code_bytes.h"
#include "unwind/code_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct code_bytes code = {bytes, size};
    struct rule rule;

    code_walk_x86_64(START, read_bytes, &code, &rule);
    return 0;
}
