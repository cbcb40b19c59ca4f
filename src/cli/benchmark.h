#ifndef FIQ_CLI_BENCHMARK_H
#define FIQ_CLI_BENCHMARK_H

#include "base/error.h"
#include "cli/measure.h"
#include "cli/options.h"
#include "profile/profile.h"

/*
 * Runs of a program to be compared with others: `fiq ab` and `fiq ci`.
 *
 * What the program prints is kept and shown only when it fails, as it would stand between our
 * own words as often as there are runs; it reads nothing.
 */
struct benchmark_settings {
    struct session_options session;
    unsigned long long runs, warmups;
};

extern const struct option_spec benchmark_options[]; /* settings: struct benchmark_settings */

void benchmark_defaults(struct benchmark_settings *settings); /* 7 runs, 1 warm-up, 997 Hz */

/* Takes the signals that end a benchmark; once, before the first run. */
int benchmark_begin(struct signals *signals, struct error *err);

/* One run.  A program that cannot be started, exits with anything but 0 or dies of a signal is
 * an error that says so, with the end of what it printed as the hint.  -EINTR when the user
 * interrupts. */
int benchmark_run(const struct benchmark_settings *settings, const struct signals *signals,
                  char **command, struct profile **profile, struct error *err);

/* What stands for a program: its words, or one text that is split at blanks, or given to the
 * shell when it holds anything that only a shell understands.  To be freed with free() after
 * its words: benchmark_free_command(). */
char **benchmark_command(char *const *words, size_t count);
void benchmark_free_command(char **command);
char *benchmark_line(char *const *words, size_t count); /* to be freed */

/* "run 3 of 14", over and over on one line of a terminal. */
void benchmark_progress(bool quiet, const char *what, size_t run, size_t runs);
void benchmark_progress_end(bool quiet);

#endif
