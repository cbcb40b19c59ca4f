#ifndef FIQ_CLI_COMPARISONS_H
#define FIQ_CLI_COMPARISONS_H

#include <stdio.h>

#include "base/error.h"
#include "cli/options.h"
#include "compare/compare.h"
#include "render/diff.h"
#include "report/comparison.h"

/*
 * What the commands that compare share: how to match names, what is allowed, where the result
 * goes.  Used by `fiq diff`, `fiq ab` and `fiq ci`.
 */
struct comparisons {
    struct compare_options compare;
    const char **maps;
    size_t map_count, map_room;
    const char **paths; /* -o */
    size_t path_count, path_room;
    const char *format; /* for standard output; NULL: text */
    enum basis basis;
    bool basis_given, gated;
    struct gate gate;
    double gate_default; /* growth that is allowed when nothing is said; 0: nothing is judged */
    unsigned long long top;
    const char *title;
    struct diff_options picture;
};

/* Settings: struct comparisons. */
extern const struct option_spec comparison_output_options[];
extern const struct option_spec comparison_picture_options[];
extern const struct option_spec comparison_options[];

/* After options_parse(): puts together what the options said. */
void comparisons_prepare(struct comparisons *settings);

/* Judges, when asked to, writes all outputs (text to standard output when there are none and
 * `usual` is set) and prints the summary.  Returns the exit code. */
int comparisons_finish(struct comparisons *settings, const struct comparison *comparison,
                       const char *title, const char *const *remarks, size_t remark_count,
                       bool usual, bool quiet);

/* The same report in one more format, to a stream of the caller's; after comparisons_finish().
 */
void comparisons_write(const struct comparisons *settings, const struct comparison *comparison,
                       const char *title, const char *const *remarks, size_t remark_count,
                       const char *format, FILE *out);

void comparisons_free(struct comparisons *settings);

#endif
