#ifndef FIQ_CLI_CLI_H
#define FIQ_CLI_CLI_H

#include <stdbool.h>

#include "base/error.h"
#include "cli/options.h"

/*
 * What the commands share.  All talk goes to standard error, one line each, in front of it
 * "fiq: "; standard output belongs to results.
 */

/* Exit codes; `fiq run` otherwise returns the code of its child. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_REGRESSION = 3,
    EXIT_TOO_FEW_SAMPLES = 4,
    EXIT_QUALITY = 5,
    EXIT_FIQ_FAILED = 125, /* of `fiq run`: fiq itself failed before the child ran */
    EXIT_CANNOT_EXECUTE = 126,
    EXIT_NOT_FOUND = 127
};

/* -q silences all but errors, -v adds notes. */
struct talk_settings {
    bool quiet, verbose;
};
extern const struct option_spec talk_options[];
/* Applies those of a command that has them: from here on log messages appear as asked for. */
void talk_begin(const struct command *command, const void *settings);

void print_message(const char *format, ...) PRINTF_LIKE(1, 2);
void print_hint(const char *format, ...) PRINTF_LIKE(1, 2);
/* Message and hint of an error; returns `code` for `return print_error(&err, EXIT_FAILED)`. */
int print_error(const struct error *err, int code);

extern const struct command *const commands[]; /* ended by NULL */

extern const struct command run_command, attach_command, system_command;
extern const struct command doctor_command;
extern const struct command flame_command;
extern const struct command convert_command, merge_command;
extern const struct command diff_command, ab_command, ci_command;
extern const struct command report_command, config_command, completions_command;

#endif
