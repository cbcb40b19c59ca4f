#ifndef FIQ_PERF_PERFDATA_SWAP_H
#define FIQ_PERF_PERFDATA_SWAP_H

#include <stddef.h>
#include <stdint.h>

#include "perf/record.h"

/* Turns a record of the other byte order round, in place.  What does not fit is left. */
void perfdata_swap_header(uint8_t *header);
void perfdata_swap_record(const struct record_layout *layout, uint8_t *record, size_t size);

#endif
