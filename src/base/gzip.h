#ifndef FIQ_BASE_GZIP_H
#define FIQ_BASE_GZIP_H

#include <stdio.h>

/*
 * A stream that compresses what is written to it, as gzip, into another one.
 *
 * fclose() ends the gzip data and leaves `below` open; it returns EOF when `below` refused
 * anything.  The header holds no time and no name, so that equal input gives equal files.
 */
enum { GZIP_FAST = 1, GZIP_USUAL = 6 };

FILE *gzip_open(FILE *below, int level);

#endif
