#ifndef FIQ_TESTS_CODE_BYTES_H
#define FIQ_TESTS_CODE_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that stand for code at START, and the code_read_fn for them. */
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

#endif
