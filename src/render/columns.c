#include "render/columns.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/xalloc.h"

void columns_free(struct columns *columns)
{
    free(columns->bytes);
    *columns = (struct columns){0};
}

void columns_bytes(struct columns *columns, const void *bytes, size_t size)
{
    if (!size)
        return;
    columns->bytes = xgrow(columns->bytes, &columns->room, columns->used + size, 1);
    memcpy(columns->bytes + columns->used, bytes, size);
    columns->used += size;
}

void columns_byte(struct columns *columns, uint8_t byte)
{
    columns_bytes(columns, &byte, 1);
}

size_t columns_begin(struct columns *columns)
{
    columns_bytes(columns, "\0\0\0\0", 4);
    return columns->used;
}

void columns_end(struct columns *columns, size_t column)
{
    size_t size = columns->used - column;

    for (unsigned i = 0; i < 4; i++)
        columns->bytes[column - 4 + i] = (uint8_t)(size >> 8 * i);
}

void columns_number(struct columns *columns, uint64_t number)
{
    uint8_t bytes[10];
    size_t size = 0;

    for (; number > 127; number >>= 7)
        bytes[size++] = (uint8_t)(number | 128);
    bytes[size++] = (uint8_t)number;
    columns_bytes(columns, bytes, size);
}

void columns_printf(struct columns *columns, const char *format, ...)
{
    char text[256];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length > 0)
        columns_bytes(columns, text, (size_t)length);
}

/* Texts of a profile have no control characters.  Those of the command line may. */
void columns_json(struct columns *columns, const char *text, size_t length)
{
    columns_byte(columns, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < 32) {
            columns_printf(columns, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\')
            columns_byte(columns, '\\');
        columns_byte(columns, c);
    }
    columns_byte(columns, '"');
}

static void put_base64(struct markup *markup, const uint8_t *bytes, size_t size)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t three = (uint32_t)bytes[i] << 16 |
                         (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? bytes[i + 2] : 0);
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                        left > 1 ? digits[three >> 6 & 63] : '=',
                        left > 2 ? digits[three & 63] : '='};

        markup_bytes(markup, four, sizeof(four));
    }
}

void columns_write(const struct columns *columns, struct markup *markup)
{
    enum { PIECE = 3 << 14 }; /* in whole threes, so that only the last is padded */
    static const size_t STEP = 1 << 30;
    uint8_t *piece = xalloc(PIECE);
    size_t given = 0;
    z_stream stream = {0};
    int state = deflateInit(&stream, 6);

    stream.next_out = piece;
    stream.avail_out = PIECE;
    while (state == Z_OK) {
        if (!stream.avail_in && given < columns->used) {
            size_t left = columns->used - given;

            stream.next_in = columns->bytes + given;
            stream.avail_in = (uInt)(left < STEP ? left : STEP);
            given += stream.avail_in;
        }
        state = deflate(&stream, given == columns->used ? Z_FINISH : Z_NO_FLUSH);
        if (!stream.avail_out || state == Z_STREAM_END) {
            put_base64(markup, piece, PIECE - stream.avail_out);
            stream.next_out = piece;
            stream.avail_out = PIECE;
        }
    }
    deflateEnd(&stream);
    free(piece);
}
