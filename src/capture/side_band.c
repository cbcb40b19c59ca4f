#include "capture/side_band.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void side_band_free(struct side_band *side)
{
    free(side->waiting);
    free(side->bytes);
    *side = (struct side_band){0};
}

void side_band_add(struct side_band *side, const struct perf_event_header *record,
                   uint64_t time)
{
    side->bytes = xgrow(side->bytes, &side->byte_room, side->byte_count + record->size, 1);
    memcpy(side->bytes + side->byte_count, record, record->size);
    side->waiting = xgrow(side->waiting, &side->room, side->count + 1, sizeof(*side->waiting));
    side->waiting[side->count++] = (struct waiting){
        .time = time, .order = side->order++, .at = (uint32_t)side->byte_count};
    side->byte_count += record->size;
}

static int by_time(const void *a, const void *b)
{
    const struct waiting *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

void side_band_sort(struct side_band *side)
{
    if (side->count)
        qsort(side->waiting, side->count, sizeof(*side->waiting), by_time);
}

void side_band_hand_out(struct side_band *side, uint64_t up_to,
                        const struct record_layout *layout, capture_fn *fn, void *data)
{
    while (side->next < side->count && side->waiting[side->next].time <= up_to) {
        uint32_t at = side->waiting[side->next++].at;
        struct record record;

        if (!record_decode(layout, side->bytes + at, side->byte_count - at, &record))
            fn(&record, data);
    }
}

size_t side_band_forget(struct side_band *side)
{
    size_t handed_out = side->next, left = side->count - handed_out, end = 0, room = 0;
    uint8_t *bytes = NULL;

    for (size_t i = 0; i < left; i++) {
        struct waiting *waiting = &side->waiting[i];
        struct perf_event_header header;

        *waiting = side->waiting[handed_out + i];
        memcpy(&header, side->bytes + waiting->at, sizeof(header));
        bytes = xgrow(bytes, &room, end + header.size, 1);
        memcpy(bytes + end, side->bytes + waiting->at, header.size);
        waiting->at = (uint32_t)end;
        end += header.size;
    }
    if (left) {
        free(side->bytes);
        side->bytes = bytes;
        side->byte_room = room;
    }
    side->byte_count = end;
    side->count = left;
    side->next = 0;
    return handed_out;
}
