/* Any bytes as code: the walk through them ends, and reads nothing else. */
#include <string.h>

#include "unwind/code_walk.h"

struct code_bytes {
    const uint8_t *bytes;
    size_t size;
};

static size_t read_bytes(void *data, uint64_t address, uint8_t *into, size_t size)
{
    const struct code_bytes *code = data;

    if (address >= code->size)
        return 0;
    if (size > code->size - address)
        size = code->size - address;
    memcpy(into, code->bytes + address, size);
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct code_bytes code = {bytes, size};
    struct rule rule;

    code_walk_x86_64(0, read_bytes, &code, &rule);
    return 0;
}
