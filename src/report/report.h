#ifndef FIQ_REPORT_REPORT_H
#define FIQ_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "profile/profile.h"

/*
 * A profile in words and tables, for people and for the tools that they read it with.
 *
 * The same profile gives the same text: order never depends on addresses, locale or time.
 */

/* What a stream can show. */
struct report_style {
    size_t width; /* columns; SIZE_MAX: lines may have any length */
    bool colour;  /* escape sequences for bold and dim are understood */
};

/* Width: that of the terminal, else COLUMNS, else 80.  Colour: on a terminal that is not
 * "dumb", unless NO_COLOR is set; CLICOLOR_FORCE asks for it elsewhere too. */
struct report_style report_style_of(FILE *stream);

/* The end of a measurement in some fifteen lines: samples, rate, the ten hottest functions,
 * quality.  Notes are not repeated here. */
void report_summary(const struct profile *profile, FILE *out);

#endif
