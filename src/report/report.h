#ifndef FIQ_REPORT_REPORT_H
#define FIQ_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "profile/profile.h"

/*
 * A profile in words and tables, for people and for the tools that they read it with.
 *
 * The same profile gives the same text: order never depends on addresses, locale or time.
 */

/* What a stream can show. */
struct report_style {
    size_t width; /* columns; SIZE_MAX: names are never shortened, sentences wrap at 100 */
    bool colour;  /* escape sequences for bold and dim are understood */
};

/* Width: that of the terminal, else COLUMNS, else 80.  Colour: on a terminal that is not
 * "dumb", unless NO_COLOR is set; CLICOLOR_FORCE asks for it elsewhere too. */
struct report_style report_style_of(FILE *stream);

/* The end of a measurement in some fifteen lines: samples, rate, the ten hottest functions,
 * quality.  Notes are not repeated here. */
void report_summary(const struct profile *profile, FILE *out);

enum report_form { REPORT_TEXT, REPORT_MARKDOWN, REPORT_JSON };

struct report_options {
    enum report_form form;
    size_t value;     /* index of the value type that shares are of */
    size_t top;       /* rows of a list; 0: as many as read well */
    size_t max_bytes; /* 0: no limit.  Rows are left out until it fits; never cuts a line, and
                         JSON stays JSON. */
    /* Instead of the overview; each may be asked for.  A function is named in full or by an
     * extended regular expression. */
    const char *callers, *callees;
    bool lines, tree;
    struct report_style style;
};

/* -ENOENT when no function has the name, -EINVAL when it is no regular expression. */
int report_write(const struct profile *profile, const struct report_options *options, FILE *out,
                 struct error *err);

enum { REPORT_LEAST_BYTES = 256 };

#endif
