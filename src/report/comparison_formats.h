#ifndef FIQ_REPORT_COMPARISON_FORMATS_H
#define FIQ_REPORT_COMPARISON_FORMATS_H

#include "report/comparison.h"

/* The writers of comparison_formats; for this room only. */
void comparison_write_text(const struct comparison_report *report, FILE *out);
void comparison_write_markdown(const struct comparison_report *report, FILE *out);
void comparison_write_json(const struct comparison_report *report, FILE *out);
void comparison_write_junit(const struct comparison_report *report, FILE *out);
void comparison_write_folded(const struct comparison_report *report, FILE *out);

#endif
