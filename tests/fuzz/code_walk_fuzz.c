/* Any bytes as code: the walk through them ends, and reads nothing else. */
#include <string.h>

#include "unwind/code_walk.h"

struct code_bytes {
    const uint8_t *bytes;
    size_t size;
};

enum { START = 0x1000 };

static size_t read_bytes(void *data, uint64_t address, uint8_t *into, size_t size)
{
    const struct code_bytes *code = data;
    uint64_t at = address - START;

    if (at >= code->size)
        return 0;
    if (size > code->size - at)
        size = code->size - at;
    memcpy(into, code->bytes + at, size);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct code_bytes code = {bytes, size};
    struct rule rule;

    code_walk_x86_64(START, read_bytes, &code, &rule);
    return 0;
}
