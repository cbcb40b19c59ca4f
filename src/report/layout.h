#ifndef FIQ_REPORT_LAYOUT_H
#define FIQ_REPORT_LAYOUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report/report.h"

/* Text in columns.  All texts are clean (base/text.h). */

/* Columns that the text takes on a terminal: wide characters are two, combining ones none. */
size_t layout_columns(const char *text, size_t length);

/* Writes the text in at most `columns`; what is too long loses its middle to an ellipsis.  More
 * is kept of its end, where names differ from their neighbours.  Returns the columns written.
 */
size_t layout_put_short(FILE *out, const char *text, size_t length, size_t columns);

/* The same for the name of a function, whose parameters and template arguments go first. */
size_t layout_put_name(FILE *out, const char *name, size_t length, size_t columns);

/* Writes words with line breaks; lines after the first are indented by `indent`, where the
 * first is taken to begin too.  Ends the line. */
void layout_put_words(FILE *out, const char *text, size_t indent, size_t width);

enum layout_look { LAYOUT_PLAIN, LAYOUT_BOLD, LAYOUT_DIM };

/* Switches the look where the style has colour; LAYOUT_PLAIN ends it. */
void layout_look(FILE *out, const struct report_style *style, enum layout_look look);

/* "12.3", "0.4", "<0.1" for what is there but small, "0" for nothing; "100" for all. */
const char *layout_percent(char text[16], uint64_t part, uint64_t whole);

/* "5.02 s", "310 ms", "12 µs", "2 min 5 s". */
const char *layout_duration(char text[32], uint64_t ns);

#endif
