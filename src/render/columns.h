#ifndef FIQ_RENDER_COLUMNS_H
#define FIQ_RENDER_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/markup.h"

/*
 * Columns of numbers and texts in one run of bytes, each behind its length in bytes (32 bits,
 * little endian).  Numbers are LEB128.  Zeroed memory is empty.
 */
struct columns {
    uint8_t *bytes;
    size_t used, room;
};

void columns_free(struct columns *columns);

/* Starts a column, and ends the one that columns_begin() returned. */
size_t columns_begin(struct columns *columns);
void columns_end(struct columns *columns, size_t column);

void columns_byte(struct columns *columns, uint8_t byte);
void columns_number(struct columns *columns, uint64_t number);
void columns_bytes(struct columns *columns, const void *bytes, size_t size);

/* For JSON: short pieces of our own, and texts of a profile, quoted. */
PRINTF_LIKE(2, 3)
void columns_printf(struct columns *columns, const char *format, ...);
void columns_json(struct columns *columns, const char *text, size_t length);

/* All of them, compressed by zlib, in base64. */
void columns_write(const struct columns *columns, struct markup *markup);

#endif
