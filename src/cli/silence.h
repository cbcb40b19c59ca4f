#ifndef FIQ_CLI_SILENCE_H
#define FIQ_CLI_SILENCE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Whether a process that we started, and those that it started, have written nothing so far,
 * wherever to: wchar in /proc/PID/io, which holds what ended children wrote, too.  False also
 * when the kernel does not tell, or when they are too many to be asked.
 */
bool silence_of(pid_t pid);

#endif
