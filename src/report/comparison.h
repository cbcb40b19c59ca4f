#ifndef FIQ_REPORT_COMPARISON_H
#define FIQ_REPORT_COMPARISON_H

#include <stdio.h>

#include "compare/compare.h"

/*
 * A comparison in words, tables and data.
 *
 * The same comparison gives the same text.  Names are those of profiles: clean, but otherwise
 * as hostile as their makers like; each writer escapes what its format asks for.
 */
struct comparison_report {
    const struct comparison *comparison;
    const char *title;                 /* "fiq diff", "fiq ci check bench1" */
    enum basis basis;                  /* by which the tables are ordered */
    const struct gate *gate;           /* NULL: nothing is judged */
    const struct judgement *judgement; /* of `gate` */
    size_t top;                        /* rows of a table, 0: ten */
    const char *const *remarks;        /* sentences of the caller's, after the verdict's */
    size_t remark_count;
};

struct comparison_format {
    const char *suffix, *name;
    void (*write)(const struct comparison_report *report, FILE *out);
};

/* ".txt", ".md", ".json", ".xml" (JUnit) and ".folded"; ended by one without a name. */
extern const struct comparison_format comparison_formats[];

/* By the suffix of a path, or by name; NULL when there is none. */
const struct comparison_format *comparison_format_by_suffix(const char *path);
const struct comparison_format *comparison_format_named(const char *name);

/* One line without an end: what changed, or the verdict.  To be freed. */
char *comparison_summary(const struct comparison_report *report);

/* A node in one line, without parentheses: "18.3 % → 16.5 %, −1.8 ± 0.9 points, 1.44 s → 1.30
 * s; self …; within noise". */
void comparison_detail(const struct comparison *comparison, uint32_t node, char *text,
                       size_t size);

/* The inputs, the notes and the tables as pieces of HTML, to stand in a <body>. */
void comparison_write_html(const struct comparison_report *report, FILE *out);

/* What each side is: file, runs, samples, event.  To be freed. */
char *comparison_input(const struct comparison *comparison, int side);

/* The verdict in a word: "pass", "regression", "too few samples". */
const char *verdict_word(enum verdict verdict);

#endif
