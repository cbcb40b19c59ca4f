#include "symbolize/function_starts.h"

#include "base/cursor.h"

/* Pointer encodings of the usual table: counts of 4 bytes, entries relative to the section
 * (LSB, "DWARF Extensions", .eh_frame_hdr).  No linker writes others. */
enum { UDATA4 = 0x03, DATAREL_SDATA4 = 0x3b, FUNCTION_MAX = 16 << 20 };

bool function_starts_open(struct function_starts *starts, struct image *image)
{
    struct section section;
    struct cursor cursor;
    uint8_t version, count_encoding, table_encoding;

    *starts = (struct function_starts){0};
    if (!image_eh_frame_hdr(image, &section))
        return false;
    cursor = cursor_over(section.bytes, section.size);
    version = cursor_u8(&cursor);
    cursor_u8(&cursor); /* encoding of the pointer to .eh_frame, which is not needed */
    count_encoding = cursor_u8(&cursor);
    table_encoding = cursor_u8(&cursor);
    cursor_skip(&cursor, 4);
    starts->count = cursor_u32(&cursor);
    starts->table = cursor.at;
    starts->base = section.address;
    if (starts->count > cursor_left(&cursor) / 8)
        starts->count = cursor_left(&cursor) / 8;
    return !cursor.failed && version == 1 && count_encoding == UDATA4 &&
           table_encoding == DATAREL_SDATA4 && starts->count;
}

static uint64_t start_at(const struct function_starts *starts, size_t index)
{
    struct cursor cursor = cursor_over(starts->table + 8 * index, 4);

    return starts->base + (uint64_t)(int64_t)(int32_t)cursor_u32(&cursor);
}

bool function_starts_find(const struct function_starts *starts, uint64_t address,
                          uint64_t *start)
{
    size_t low = 0;
    size_t high = starts->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (start_at(starts, middle) <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return false;
    *start = start_at(starts, low - 1);
    return address - *start < FUNCTION_MAX;
}
