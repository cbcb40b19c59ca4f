#ifndef FIQ_REPORT_CHANGE_TEXT_H
#define FIQ_REPORT_CHANGE_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "report/comparison.h"

/* What the writers of a comparison share; for this room only. */

enum { CHANGE_TEXT = 96 };

/* "18.3 %" or "1.44 s" or "1234 samples": one side of a measure. */
const char *change_side(const struct comparison_report *report, const struct measure *measure,
                        int side, char text[CHANGE_TEXT]);

/* "+2.7 ± 0.9 points (+14.8 %)" or "−0.14 ± 0.05 s (−9.7 %)". */
const char *change_difference(const struct comparison_report *report,
                              const struct measure *measure, char text[CHANGE_TEXT]);

/* "0.003", "<0.0001". */
const char *change_p(double p, char text[CHANGE_TEXT]);

const char *change_word(enum change change); /* "none", "more", "less", "moved" */

/* An amount in the comparison's unit: "1.44 s", "12.3 ms", "1234 samples". */
const char *change_amount(const struct comparison *comparison, double amount,
                          char text[CHANGE_TEXT]);

/* ---- rows ---- */

/* Functions whose own cost changed in one direction, largest first, or those that did not, in
 * the order of their cost.  To be freed. */
function_id *change_rows(const struct comparison_report *report, enum change change,
                         size_t *count);

size_t change_top(const struct comparison_report *report); /* rows of a table */

/* Names of the path to a node, outermost first; to be freed, the names are the comparison's. */
const char **change_path(const struct comparison *comparison, uint32_t node, size_t *depth);

/* ---- sentences; each to be freed ---- */

/* The remarks of the report, then the notes of its comparison; NULL behind the last.  The
 * sentences are not the caller's. */
const char **change_sentences(const struct comparison_report *report);

char *change_verdict(const struct comparison_report *report);
/* What the function's change means beside its number: new, gone, moved; NULL when nothing. */
char *change_remark(const struct comparison *comparison,
                    const struct compare_function *function);

#endif
