#define ZLIB_CONST /* next_in leads to what is only read */
#include "base/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/xalloc.h"

enum { OUTPUT = 256 * 1024, INPUT = 256 * 1024 };

struct gzip {
    FILE *below;
    z_stream z;
    uint8_t *output;
    char *input; /* the stream's own buffer: deflate is fastest in large pieces */
};

/* Compresses what z.next_in holds; false when `below` took less than all of it. */
static bool deflate_input(struct gzip *gzip, int mode)
{
    do {
        size_t size;

        gzip->z.next_out = gzip->output;
        gzip->z.avail_out = OUTPUT;
        deflate(&gzip->z, mode);
        size = OUTPUT - gzip->z.avail_out;
        if (fwrite(gzip->output, 1, size, gzip->below) != size)
            return false;
    } while (!gzip->z.avail_out);
    return true;
}

/* All of it: the C library takes a short write for a failure. */
static ssize_t write_cookie(void *cookie, const char *bytes, size_t size)
{
    struct gzip *gzip = cookie;
    size_t left = size;

    while (left) {
        size_t part = left < UINT_MAX ? left : UINT_MAX;

        gzip->z.next_in = (const void *)bytes;
        gzip->z.avail_in = (uInt)part;
        if (!deflate_input(gzip, Z_NO_FLUSH))
            return 0;
        bytes += part;
        left -= part;
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
