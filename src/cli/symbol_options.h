#ifndef FIQ_CLI_SYMBOL_OPTIONS_H
#define FIQ_CLI_SYMBOL_OPTIONS_H

#include "cli/options.h"
#include "session/session.h"

/* How frames get their names: for all commands that look at programs. */
extern const struct option_spec symbol_options[]; /* settings: struct symbolizer_options */

/* Sets what no option sets; before options_parse(). */
void symbol_defaults(struct symbolizer_options *options);

#endif
