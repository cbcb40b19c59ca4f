#define ZLIB_CONST /* next_in leads to what is only read */
#include "base/gzip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/xalloc.h"

enum { OUTPUT = 256 * 1024, INPUT = 256 * 1024 };

/* With GZIP_FAST a piece is tried; when it did not lose a fifth, those behind it are stored:
 * most of the time goes into what hardly makes the file smaller. */
enum { PIECE = 256 * 1024, STORED_PIECES = 7 };

struct gzip {
    FILE *below;
    z_stream z;
    uint8_t *output;
    int level;
    size_t piece_left;            /* bytes until the next decision */
    uint64_t piece_in, piece_out; /* where the piece began */
    unsigned stored;              /* pieces still to be stored */
    char *input; /* the stream's own buffer: deflate is fastest in large pieces */
};

static bool put_output(struct gzip *gzip)
{
    size_t size = OUTPUT - gzip->z.avail_out;

    return fwrite(gzip->output, 1, size, gzip->below) == size;
}

/* Compresses what z.next_in holds; false when `below` took less than all of it. */
static bool deflate_input(struct gzip *gzip, int mode)
{
    do {
        gzip->z.next_out = gzip->output;
        gzip->z.avail_out = OUTPUT;
        deflate(&gzip->z, mode);
        if (!put_output(gzip))
            return false;
    } while (!gzip->z.avail_out);
    return true;
}

/* Another level from here on; false as deflate_input(). */
static bool set_level(struct gzip *gzip, int level)
{
    int result;

    do {
        gzip->z.next_out = gzip->output;
        gzip->z.avail_out = OUTPUT;
        gzip->z.avail_in = 0;
        result = deflateParams(&gzip->z, level, Z_DEFAULT_STRATEGY);
        if (!put_output(gzip))
            return false;
    } while (result == Z_BUF_ERROR);
    return true;
}

static bool is_smaller(const struct gzip *gzip)
{
    uint64_t in = gzip->z.total_in - gzip->piece_in;

    return gzip->z.total_out - gzip->piece_out < in - in / 5;
}

/* Decides between two pieces; false as deflate_input(). */
static bool next_piece(struct gzip *gzip)
{
    bool written = true;

    if (gzip->stored) {
        if (!--gzip->stored)
            written = set_level(gzip, gzip->level);
    } else if (gzip->level == GZIP_FAST && gzip->z.total_in && !is_smaller(gzip)) {
        gzip->stored = STORED_PIECES;
        written = set_level(gzip, Z_NO_COMPRESSION);
    }
    gzip->piece_left = PIECE;
    gzip->piece_in = gzip->z.total_in;
    gzip->piece_out = gzip->z.total_out;
    return written;
}

/* All of it: the C library takes a short write for a failure. */
static ssize_t write_cookie(void *cookie, const char *bytes, size_t size)
{
    struct gzip *gzip = cookie;
    size_t left = size;

    while (left) {
        size_t part;

        if (!gzip->piece_left && !next_piece(gzip))
            return 0;
        part = left < gzip->piece_left ? left : gzip->piece_left;
        gzip->z.next_in = (const void *)bytes;
        gzip->z.avail_in = (uInt)part;
        if (!deflate_input(gzip, Z_NO_FLUSH))
            return 0;
        bytes += part;
        left -= part;
        gzip->piece_left -= part;
    }
    return (ssize_t)size;
}

static int close_cookie(void *cookie)
{
    struct gzip *gzip = cookie;
    bool written;

    gzip->z.avail_in = 0;
    written = deflate_input(gzip, Z_FINISH);
    deflateEnd(&gzip->z);
    free(gzip->output);
    free(gzip->input);
    free(gzip);
    return written ? 0 : -1;
}

FILE *gzip_open(FILE *below, int level)
{
    static const cookie_io_functions_t functions = {.write = write_cookie,
                                                    .close = close_cookie};
    struct gzip *gzip = xcalloc(1, sizeof(*gzip));
    FILE *stream = fopencookie(gzip, "w", functions);

    if (!stream || deflateInit2(&gzip->z, level, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY))
        abort(); /* both fail only without memory */
    gzip->below = below;
    gzip->level = level;
    gzip->output = xalloc(OUTPUT);
    gzip->input = xalloc(INPUT);
    setvbuf(stream, gzip->input, _IOFBF, INPUT);
    return stream;
}

bool gzip_close(FILE *stream)
{
    bool bad = ferror(stream); /* of an earlier write: fclose() does not tell */

    errno = 0;
    if (!fclose(stream) && !bad)
        return true;
    if (!errno)
        errno = EIO;
    return false;
}
