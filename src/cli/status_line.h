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

/* The same at the right end of the line, of at most 127 bytes of ASCII; the cursor stays where
 * it is.  For while another program has the terminal and is silent: what it prints then begins
 * at the left.  Nothing where there is no room. */
PRINTF_LIKE(1, 2)
void status_line_beside(const char *format, ...);

/* Goes to a line of its own where another program may have left the cursor within one; what
 * stood beside the cursor is gone. */
void status_line_fresh(void);

#endif
