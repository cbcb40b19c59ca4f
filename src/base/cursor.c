#include "base/cursor.h"

#include <string.h>

const uint8_t *cursor_bytes(struct cursor *cursor, size_t size)
{
    const uint8_t *bytes = cursor->at;

    if (cursor->failed || size > cursor_left(cursor)) {
        cursor->failed = true;
        cursor->at = cursor->end;
        return NULL;
    }
    cursor->at += size;
    return bytes;
}

void cursor_skip(struct cursor *cursor, size_t size)
{
    cursor_bytes(cursor, size);
}

uint8_t cursor_u8(struct cursor *cursor)
{
    const uint8_t *bytes = cursor_bytes(cursor, 1);

    return bytes ? *bytes : 0;
}

uint16_t cursor_u16(struct cursor *cursor)
{
    const uint8_t *bytes = cursor_bytes(cursor, 2);
    uint16_t value = 0;

    if (bytes)
        memcpy(&value, bytes, sizeof(value));
    return value;
}

uint32_t cursor_u32(struct cursor *cursor)
{
    const uint8_t *bytes = cursor_bytes(cursor, 4);
    uint32_t value = 0;

    if (bytes)
        memcpy(&value, bytes, sizeof(value));
    return value;
}

uint64_t cursor_u64(struct cursor *cursor)
{
    const uint8_t *bytes = cursor_bytes(cursor, 8);
    uint64_t value = 0;

    if (bytes)
        memcpy(&value, bytes, sizeof(value));
    return value;
}

uint64_t cursor_varint(struct cursor *cursor)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = cursor_u8(cursor);

        if (shift == 63 && (byte & 0x7e))
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    cursor->failed = true;
    return 0;
}

int64_t cursor_sleb128(struct cursor *cursor)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = cursor_u8(cursor);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) && !cursor->failed && shift < 70);
    if (byte & 0x80)
        cursor->failed = true;
    if (shift < 64 && (byte & 0x40))
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

const char *cursor_string(struct cursor *cursor)
{
    const uint8_t *start = cursor->at;
    const uint8_t *nul = cursor->failed ? NULL : memchr(start, 0, cursor_left(cursor));

    if (!nul) {
        cursor->failed = true;
        cursor->at = cursor->end;
        return "";
    }
    cursor->at = nul + 1;
    return (const char *)start;
}
