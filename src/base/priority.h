#ifndef FIQ_BASE_PRIORITY_H
#define FIQ_BASE_PRIORITY_H

#include <stdbool.h>

/*
 * How soon the calling thread gets a CPU where others are busy.  Where it is not allowed all
 * stays as it is.
 */

/* Before other ordinary threads (nice -20): for what needs little time, but soon. */
void priority_be_prompt(void);

/* Before all ordinary threads, until priority_calm(): only for a few milliseconds.  Whether it
 * is; not where another policy than the ordinary one was chosen for us.  Threads that are made
 * meanwhile do not inherit it. */
bool priority_hurry(void);
void priority_calm(void);

#endif
