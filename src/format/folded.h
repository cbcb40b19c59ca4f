#ifndef FIQ_FORMAT_FOLDED_H
#define FIQ_FORMAT_FOLDED_H

#include "format/format.h"

/*
 * Folded stacks: one line a stack, "root;caller;leaf COUNT".
 *
 * format.h says what the reader takes beside that.  What is written reads back as the same: no
 * name keeps a semicolon, and where every line would end in two numbers, which stand for two
 * counts, no name ends in one.
 */
enum { FOLDED_HEAD = 4096 }; /* bytes that tell what kind of text it is */

int folded_read(struct source *source, struct profile *profile, struct error *err);
int folded_write(const struct profile *profile, const struct write_options *options, FILE *out,
                 struct error *err);

/* The length of " 12" or " 1.5" at the end, 0 when there is none. */
size_t folded_trailing_number(const char *text, size_t length);

#endif
