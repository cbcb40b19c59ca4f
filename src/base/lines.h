#ifndef FIQ_BASE_LINES_H
#define FIQ_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/source.h"

/*
 * The lines of a source, one after the other, in place.
 *
 * `struct lines lines = {.source = source}` begins.  A line comes without its end ("\n" or
 * "\r\n") and is good until the next call; the last one needs no end.
 */
struct lines {
    struct source *source;
    const char *at; /* what has been peeked and not given out */
    size_t left;
    size_t given;    /* bytes of the line given out last, with its end */
    uint64_t number; /* of that line, from 1 */
};

/* 1: a line; 0: there are no more (or the source failed, see source_failed()); -EBADMSG: it is
 * longer than 256 MiB. */
int lines_next(struct lines *lines, const char **text, size_t *length, struct error *err);

struct line {
    const char *text;
    size_t length;
    uint64_t number;
};

/* The same for several at once: up to `most` lines that are all good until the next call.  How
 * many, as far as that is without reading on; 0 or an error as lines_next(). */
int lines_several(struct lines *lines, struct line *several, int most, struct error *err);

#endif
