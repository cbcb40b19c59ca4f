#ifndef FIQ_PERF_INFLATER_H
#define FIQ_PERF_INFLATER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* One zstd stream that perf cut into records: perf record -z.  -ENOTSUP in a build without
 * libzstd. */
struct inflater;

int inflater_new(struct inflater **inflater, struct error *err);
void inflater_free(struct inflater *inflater);

/* Gives the next compressed bytes, which the caller keeps until inflater_next() has taken them.
 */
void inflater_feed(struct inflater *inflater, const uint8_t *bytes, size_t size);

/* More inflated bytes into `into`: how many in *got, 0 when the input is used up. */
int inflater_next(struct inflater *inflater, uint8_t *into, size_t room, size_t *got,
                  struct error *err);

#endif
