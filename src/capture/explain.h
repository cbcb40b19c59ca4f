#ifndef FIQ_CAPTURE_EXPLAIN_H
#define FIQ_CAPTURE_EXPLAIN_H

#include "base/error.h"
#include "capture/capture.h"

/* The kernel answers with bare numbers; users need to know which door is shut, and the
 * smallest command that opens it.  Both return -code. */
int explain_open(struct error *err, int code, const struct capture_target *target,
                 const struct capture_options *options);
int explain_map(struct error *err, int code);

#endif
