#ifndef FIQ_ELF_BUILD_ID_H
#define FIQ_ELF_BUILD_ID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The content of an ELF file's NT_GNU_BUILD_ID note, up to 20 bytes (SHA-1): the identity of a
 * file, wherever it lies.  Apart from image.h, so that whoever only compares does not pull in
 * elfutils. */
struct build_id {
    uint8_t bytes[20], size; /* size 0: unknown */
};

static inline bool build_id_same(const struct build_id *a, const struct build_id *b)
{
    return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

#endif
