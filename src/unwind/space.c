#include "unwind/space.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/xalloc.h"

enum { BLOCK_SIZE = 2048, BLOCK_COUNT = 1024 };

struct block {
    uint64_t number; /* in the file */
    uint32_t id;
    uint32_t size; /* 0: nothing is here */
};

struct blocks {
    struct block block[BLOCK_COUNT];
    uint8_t bytes[BLOCK_COUNT][BLOCK_SIZE];
};

struct blocks *blocks_new(void)
{
    return xcalloc(1, sizeof(struct blocks));
}

void blocks_free(struct blocks *blocks)
{
    free(blocks);
}

static size_t read_fully(int fd, uint64_t offset, uint8_t *into, size_t size)
{
    size_t got = 0;

    while (got < size) {
        ssize_t n = pread(fd, into + got, size - got, (off_t)(offset + got));

        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

/* The block of the file that holds `offset`, with the number of its bytes. */
static const uint8_t *block_at(const struct space *space, uint64_t offset, size_t *size)
{
    uint64_t number = offset / BLOCK_SIZE;
    size_t slot = hash_u64(number ^ ((uint64_t)space->id << 40)) % BLOCK_COUNT;
    struct block *block = &space->blocks->block[slot];
    uint8_t *bytes = space->blocks->bytes[slot];

    if (!block->size || block->number != number || block->id != space->id) {
        *block = (struct block){.number = number, .id = space->id};
        block->size = (uint32_t)read_fully(space->fd, number * BLOCK_SIZE, bytes, BLOCK_SIZE);
    }
    *size = block->size;
    return bytes;
}

static size_t read_offset(const struct space *space, uint64_t offset, uint8_t *into,
                          size_t size)
{
    size_t done = 0;

    if (space->fd < 0) {
        if (offset >= space->size)
            return 0;
        if (size > space->size - offset)
            size = (size_t)(space->size - offset);
        memcpy(into, space->bytes + offset, size);
        return size;
    }
    while (done < size) {
        size_t in_block = (size_t)((offset + done) % BLOCK_SIZE);
        size_t there;
        const uint8_t *bytes = block_at(space, offset + done, &there);
        size_t part = there > in_block ? there - in_block : 0;

        if (!part)
            break;
        if (part > size - done)
            part = size - done;
        memcpy(into + done, bytes + in_block, part);
        done += part;
    }
    return done;
}

size_t space_read(const struct space *space, uint64_t address, void *into, size_t size)
{
    for (size_t i = 0; i < space->segment_count; i++) {
        const struct segment *segment = &space->segments[i];
        uint64_t within = address - segment->address;

        if (address < segment->address || within >= segment->file_size)
            continue;
        if (size > segment->file_size - within)
            size = (size_t)(segment->file_size - within);
        return read_offset(space, segment->offset + within, into, size);
    }
    return 0;
}

bool space_address(const struct space *space, uint64_t file_offset, uint64_t *address)
{
    bool found = false;

    for (size_t i = 0; i < space->segment_count; i++) {
        const struct segment *segment = &space->segments[i];

        if (file_offset < segment->offset ||
            file_offset - segment->offset >= segment->file_size ||
            (found && !segment->executable))
            continue;
        *address = segment->address + (file_offset - segment->offset);
        found = true;
        if (segment->executable)
            break;
    }
    return found;
}
