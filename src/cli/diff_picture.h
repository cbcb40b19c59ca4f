#ifndef FIQ_CLI_DIFF_PICTURE_H
#define FIQ_CLI_DIFF_PICTURE_H

#include <stdio.h>

#include "base/error.h"
#include "render/diff.h"
#include "report/comparison.h"

/* The flame graph of two, as SVG or, with the tables below it, as a page. */
int diff_picture_svg(const struct comparison_report *report, const struct diff_options *options,
                     FILE *out, struct error *err);
int diff_picture_html(const struct comparison_report *report,
                      const struct diff_options *options, FILE *out, struct error *err);

#endif
