#ifndef FIQ_BASE_CURSOR_H
#define FIQ_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads from bytes that may be cut short or hostile.  Past the end every read gives zero and
 * sets `failed`, so a parser checks once, after a whole record.  Numbers are little-endian.
 */
struct cursor {
    const uint8_t *at, *end;
    bool failed;
};

static inline struct cursor cursor_over(const void *bytes, size_t size)
{
    return (struct cursor){.at = bytes, .end = (const uint8_t *)bytes + size};
}

static inline size_t cursor_left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

uint8_t cursor_u8(struct cursor *cursor);
uint16_t cursor_u16(struct cursor *cursor);
uint32_t cursor_u32(struct cursor *cursor);
uint64_t cursor_u64(struct cursor *cursor);

/* LEB128 as in DWARF and protobuf; bits above the 64th are an error. */
uint64_t cursor_varint(struct cursor *cursor);
int64_t cursor_sleb128(struct cursor *cursor);

/* The next `size` bytes, or NULL. */
const uint8_t *cursor_bytes(struct cursor *cursor, size_t size);

/* The next NUL-terminated string, or "" with `failed` set. */
const char *cursor_string(struct cursor *cursor);

void cursor_skip(struct cursor *cursor, size_t size);

#endif
