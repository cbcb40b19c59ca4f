#ifndef FIQ_CLI_CONFIG_H
#define FIQ_CLI_CONFIG_H

#include "base/error.h"
#include "cli/options.h"

/*
 * The user's own defaults: $XDG_CONFIG_HOME/fiq/config, else ~/.config/fiq/config.
 *
 *   [run]
 *   frequency = 499
 *   [all]
 *   quiet = true
 *
 * A section is a command, "all" those that know the option; a key is an option's long name.
 */
struct config {
    char *path; /* NULL when neither variable is set */
    struct option_default *defaults;
    size_t count, room;
};

/* Reads the file; it need not exist.  -EINVAL when it says what no command understands. */
int config_read(struct config *config, const struct command *const *known, struct error *err);
void config_free(struct config *config);

#endif
