#ifndef FIQ_CLI_STATUS_LINE_H
#define FIQ_CLI_STATUS_LINE_H

#include <stdbool.h>

#include "base/compiler.h"

/*
 * One line on a terminal that is written over and over while something takes time.  It stands
 * on standard error; nobody may call these where status_line_shows() is false.
 */
bool status_line_shows(bool quiet);
PRINTF_LIKE(1, 2)
void status_line(const char *format, ...);
void status_line_clear(void);

/* Goes to a line of its own where another program may have left the cursor within one. */
void status_line_fresh(void);

#endif
