#ifndef FIQ_CAPTURE_SIDE_BAND_H
#define FIQ_CAPTURE_SIDE_BAND_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/capture.h"

/* Mappings, names, forks and exits that wait for the samples which they explain.  Zero is an
 * empty one. */
struct side_band {
    struct waiting {
        uint64_t time, order;
        uint32_t at; /* in the bytes */
    } * waiting;
    size_t count, room;
    size_t next; /* the first that was not handed out */
    uint8_t *bytes;
    size_t byte_count, byte_room;
    uint64_t order; /* of arrival, among those of one time */
};

void side_band_free(struct side_band *side);

/* Copies a record of that time. */
void side_band_add(struct side_band *side, const struct perf_event_header *record,
                   uint64_t time);

/* After adding: brings all that wait into the order of time. */
void side_band_sort(struct side_band *side);

/* Hands out those up to that time, oldest first. */
void side_band_hand_out(struct side_band *side, uint64_t up_to,
                        const struct record_layout *layout, capture_fn *fn, void *data);

/* Gives back the room of those that were handed out; returns how many. */
size_t side_band_forget(struct side_band *side);

#endif
