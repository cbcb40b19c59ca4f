#ifndef FIQ_BASE_LOG_H
#define FIQ_BASE_LOG_H

#include "base/compiler.h"

/*
 * Messages for users, through one callback; without one they are dropped, as a library must be
 * silent.  A warning names what was lost and what helps; notes come with -v.
 * Any thread may log; the callback is called by the thread that logs.
 */
enum log_level { LOG_WARNING, LOG_NOTE };
typedef void log_fn(enum log_level level, const char *message, void *data);

/* Set once, before other threads start. */
void log_to(log_fn *fn, void *data, enum log_level up_to);

void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);
void log_note(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
