#ifndef FIQ_BASE_GZIP_H
#define FIQ_BASE_GZIP_H

#include <stdbool.h>
#include <stdio.h>

/*
 * A stream that compresses what is written to it, as gzip, into another one.
 *
 * What is larger than a block (256 KiB) is compressed by a thread of its own, which writes to
 * `below`: nobody else may touch that until the stream is closed.
 *
 * gzip_close() ends the gzip data and leaves `below` open.  The header holds no time and no
 * name, so that equal input gives equal files.
 */
enum { GZIP_FAST = 1, GZIP_USUAL = 6 };

FILE *gzip_open(FILE *below, int level);

/* False, with errno, when `below` refused anything. */
bool gzip_close(FILE *stream);

#endif
