#include "elf/mini_debug.h"

#include <lzma.h>
#include <stdlib.h>

#include "base/xalloc.h"

enum { DECODER_MEMORY = 128 << 20, CHUNK = 1 << 18 };

/* The decoded bytes, to be freed; NULL on damage or above the limit. */
static uint8_t *decode(const struct section *packed, size_t limit, size_t *size)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_ret result = LZMA_OK;
    uint8_t *bytes = NULL;
    size_t room = 0;

    *size = 0;
    if (lzma_stream_decoder(&stream, DECODER_MEMORY, 0) != LZMA_OK)
        return NULL;
    stream.next_in = packed->bytes;
    stream.avail_in = packed->size;
    while (result == LZMA_OK && *size < limit) {
        bytes = xgrow(bytes, &room, *size + CHUNK, 1);
        stream.next_out = bytes + *size;
        stream.avail_out = room - *size;
        result = lzma_code(&stream, LZMA_FINISH);
        *size = room - stream.avail_out;
    }
    lzma_end(&stream);
    if (result == LZMA_STREAM_END && *size <= limit)
        return bytes;
    free(bytes);
    return NULL;
}

struct image *mini_debug_open(struct image *program, size_t limit)
{
    struct section packed;
    struct image *image = NULL;
    uint8_t *bytes;
    size_t size;

    if (!image_section(program, ".gnu_debugdata", limit, &packed))
        return NULL;
    bytes = decode(&packed, limit, &size);
    if (!bytes)
        return NULL;
    if (image_open_memory(&image, bytes, size, image_name(program), NULL))
        image = NULL;
    free(bytes);
    return image;
}
