#define ZLIB_CONST /* next_in leads to what is only read */
#include "base/gzip.h"

#include <errno.h>
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

static ssize_t gzip_write(void *cookie, const char *bytes, size_t size)
{
    struct gzip *gzip = cookie;

    if (size > INPUT)
        size = INPUT;
    gzip->z.next_in = (const void *)bytes;
    gzip->z.avail_in = (uInt)size;
    return deflate_input(gzip, Z_NO_FLUSH) ? (ssize_t)size : 0;
}

static int gzip_close(void *cookie)
{
    struct gzip *gzip = cookie;
    bool written;

    gzip->z.avail_in = 0;
    written = deflate_input(gzip, Z_FINISH);
    deflateEnd(&gzip->z);
    free(gzip->output);
    free(gzip->input);
    free(gzip);
    if (!written && !errno)
        errno = EIO;
    return written ? 0 : -1;
}

FILE *gzip_open(FILE *below, int level)
{
    static const cookie_io_functions_t functions = {.write = gzip_write, .close = gzip_close};
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
