#ifndef FIQ_BASE_ERROR_H
#define FIQ_BASE_ERROR_H

#include "base/compiler.h"

/*
 * What went wrong, in words a user can act on.
 *
 * A function that can fail returns 0 or a negative errno value and takes a
 * `struct error *` last.  The caller owns the struct (usually on its stack)
 * and may pass NULL when the code alone is enough.  Only the function that
 * first sees the failure calls error_set(); functions further out may put
 * context in front with error_wrap().
 *
 * One meaning per code: EPERM/EACCES not allowed, ESRCH target gone, EBADMSG
 * malformed input, ENOTSUP understood but not supported, ENOENT missing,
 * ENODATA nothing to show.
 */
struct error {
    int code;          /* positive errno value, 0 when nothing failed */
    char message[360]; /* "cannot open perf event for thread 4711"; long enough for a path */
    char hint[280];    /* "set kernel.perf_event_paranoid to 1", or "" */
};

/* Records the failure and returns -code, so that a caller can write
 * `return error_set(err, EPERM, ...)`. */
PRINTF_LIKE(3, 4)
int error_set(struct error *err, int code, const char *format, ...);

/* Says what the user can do about it.  Keeps the message. */
PRINTF_LIKE(2, 3)
void error_hint(struct error *err, const char *format, ...);

/* Puts "context: " in front of the message and returns `failed` as it came. */
PRINTF_LIKE(3, 4)
int error_wrap(struct error *err, int failed, const char *format, ...);

#endif
