#include "format/pprof.h"

#include "base/cursor.h"

/* Text never begins like this: whole fields of Profile, one behind the other, of which the
 * first are names of values or the string table. */
static bool pprof_recognize(const uint8_t *head, size_t size)
{
    static const uint8_t wire_type[15] = {9, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 2, 0, 0, 0};
    struct cursor cursor = cursor_over(head, size);
    bool binary = false;

    for (size_t i = 0; i < size && i < 64; i++)
        binary |= head[i] < '\t';
    while (binary && cursor_left(&cursor)) {
        uint64_t tag = cursor_varint(&cursor);
        uint64_t value = cursor_varint(&cursor);

        if (cursor.failed) /* the head may end anywhere, the file may not */
            return size >= 64;
        if (tag >> 3 >= sizeof(wire_type) ||
            ((tag & 7) != wire_type[tag >> 3] && tag != (13 << 3 | 2)))
            return false;
        if ((tag & 7) == 2 && value >= cursor_left(&cursor))
            return true;
        if ((tag & 7) == 2)
            cursor_skip(&cursor, (size_t)value);
    }
    return binary;
}

const struct format pprof_format = {
    .name = "pprof",
    .suffix = ".pb.gz",
    .summary = "pprof's profile.proto, gzipped: keeps everything",
    .recognize = pprof_recognize,
    .read = pprof_read,
    .write = pprof_write,
};
