#ifndef FIQ_CLI_PAGER_H
#define FIQ_CLI_PAGER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/*
 * Standard output through the user's pager: $PAGER, else less where there is one.
 *
 * Only on a terminal, and not when PAGER is empty or "cat" or TERM is "dumb".
 */
struct pager {
    FILE *out; /* where to write: the pager's input, or standard output */
    pid_t pid; /* 0: no pager */
};

void pager_begin(struct pager *pager, bool wanted);
/* Closes the pager's input and waits for it.  0, or -errno when the output failed; a pager that
 * was left before the end is no failure. */
int pager_end(struct pager *pager);

#endif
