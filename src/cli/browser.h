#ifndef FIQ_CLI_BROWSER_H
#define FIQ_CLI_BROWSER_H

#include "base/error.h"

/* Shows a file in the user's browser: the commands in $BROWSER, tried in turn, else xdg-open.
 * Does not wait for its window to close.  Under sudo it runs as the user that called sudo. */
int browser_open(const char *path, struct error *err);

#endif
