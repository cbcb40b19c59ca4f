#ifndef FIQ_UNWIND_SPACE_H
#define FIQ_UNWIND_SPACE_H

#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"

/*
 * Bytes of a file at the addresses its CFI uses, read piece by piece.
 *
 * Unwinding needs a few hundred bytes each of files of many megabytes, so blocks are read with
 * pread as they are wanted and the last ones are kept.  Never mapped: a file may be truncated
 * while we look.
 */
struct blocks;
struct blocks *blocks_new(void);
void blocks_free(struct blocks *blocks);

struct space {
    struct blocks *blocks; /* for files */
    int fd;                /* -1: `bytes` are the file */
    uint32_t id;           /* tells the files in one `blocks` apart */
    const uint8_t *bytes;
    size_t size;
    const struct segment *segments;
    size_t segment_count;
};

/* Copies up to `size` bytes at `address`; returns how many are there. */
size_t space_read(const struct space *space, uint64_t address, void *into, size_t size);

/* The address of an offset in the file; executable segments are preferred. */
bool space_address(const struct space *space, uint64_t file_offset, uint64_t *address);

#endif
