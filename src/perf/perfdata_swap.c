#include "perf/perfdata_swap.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <string.h>

enum { TYPE_KSYMBOL = 17, MISC_MMAP_BUILD_ID = 1 << 14 };

/* A place in the record; past the end nothing happens any more. */
struct swapper {
    uint8_t *at, *end;
};

static bool has(const struct swapper *swapper, size_t size)
{
    return (size_t)(swapper->end - swapper->at) >= size;
}

static void skip(struct swapper *swapper, uint64_t size)
{
    swapper->at =
        size < (uint64_t)(swapper->end - swapper->at) ? swapper->at + size : swapper->end;
}

static void swap16(struct swapper *swapper)
{
    uint16_t value;

    if (!has(swapper, sizeof(value))) {
        skip(swapper, sizeof(value));
        return;
    }
    memcpy(&value, swapper->at, sizeof(value));
    value = __builtin_bswap16(value);
    memcpy(swapper->at, &value, sizeof(value));
    swapper->at += sizeof(value);
}

static uint32_t swap32(struct swapper *swapper)
{
    uint32_t value = 0;

    if (!has(swapper, sizeof(value))) {
        skip(swapper, sizeof(value));
        return 0;
    }
    memcpy(&value, swapper->at, sizeof(value));
    value = __builtin_bswap32(value);
    memcpy(swapper->at, &value, sizeof(value));
    swapper->at += sizeof(value);
    return value;
}

static uint64_t swap64(struct swapper *swapper)
{
    uint64_t value = 0;

    if (!has(swapper, sizeof(value))) {
        skip(swapper, sizeof(value));
        return 0;
    }
    memcpy(&value, swapper->at, sizeof(value));
    value = __builtin_bswap64(value);
    memcpy(swapper->at, &value, sizeof(value));
    swapper->at += sizeof(value);
    return value;
}

static void swap64s(struct swapper *swapper, uint64_t count)
{
    while (count-- && swapper->at < swapper->end)
        swap64(swapper);
}

static void swap_pair(struct swapper *swapper)
{
    swap32(swapper);
    swap32(swapper);
}

static void swap_read_values(const struct record_layout *layout, struct swapper *swapper)
{
    uint64_t format = layout->read_format;
    uint64_t each = 1u + !!(format & PERF_FORMAT_ID) + !!(format & (1u << 4));
    uint64_t count = 1;

    if (format & PERF_FORMAT_GROUP)
        count = swap64(swapper);
    swap64s(swapper, 0u + !!(format & PERF_FORMAT_TOTAL_TIME_ENABLED) +
                         !!(format & PERF_FORMAT_TOTAL_TIME_RUNNING));
    while (count-- && swapper->at < swapper->end)
        swap64s(swapper, each);
}

static void swap_sample(const struct record_layout *layout, struct swapper *swapper)
{
    uint64_t type = layout->sample_type;

    if (type & PERF_SAMPLE_IDENTIFIER)
        swap64(swapper);
    if (type & PERF_SAMPLE_IP)
        swap64(swapper);
    if (type & PERF_SAMPLE_TID)
        swap_pair(swapper);
    if (type & PERF_SAMPLE_TIME)
        swap64(swapper);
    if (type & PERF_SAMPLE_ADDR)
        swap64(swapper);
    if (type & PERF_SAMPLE_ID)
        swap64(swapper);
    if (type & PERF_SAMPLE_STREAM_ID)
        swap64(swapper);
    if (type & PERF_SAMPLE_CPU)
        swap_pair(swapper);
    if (type & PERF_SAMPLE_PERIOD)
        swap64(swapper);
    if (type & PERF_SAMPLE_READ)
        swap_read_values(layout, swapper);
    if (type & PERF_SAMPLE_CALLCHAIN)
        swap64s(swapper, swap64(swapper));
    if (type & PERF_SAMPLE_RAW)
        skip(swapper, swap32(swapper));
    if (type & PERF_SAMPLE_BRANCH_STACK) {
        uint64_t count = swap64(swapper);

        if (layout->branch_sample_type & (1u << 17)) /* PERF_SAMPLE_BRANCH_HW_INDEX */
            swap64(swapper);
        while (count-- && swapper->at < swapper->end)
            swap64s(swapper, 3);
    }
    if (type & PERF_SAMPLE_REGS_USER && swap64(swapper))
        swap64s(swapper, (unsigned)__builtin_popcountll(layout->regs_user));
    if (type & PERF_SAMPLE_STACK_USER) {
        uint64_t size = swap64(swapper);

        skip(swapper, size); /* the program's own bytes */
        if (size)
            swap64(swapper);
    }
}

static void swap_trailer(const struct record_layout *layout, struct swapper *swapper)
{
    static const uint64_t fields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
                                   PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
                                   PERF_SAMPLE_IDENTIFIER;
    uint64_t type = layout->sample_type;
    size_t size = 8u * (unsigned)__builtin_popcountll(type & fields);

    if (!layout->sample_id_all || !has(swapper, size))
        return;
    swapper->at = swapper->end - size;
    if (type & PERF_SAMPLE_TID)
        swap_pair(swapper);
    if (type & PERF_SAMPLE_TIME)
        swap64(swapper);
    if (type & PERF_SAMPLE_ID)
        swap64(swapper);
    if (type & PERF_SAMPLE_STREAM_ID)
        swap64(swapper);
    if (type & PERF_SAMPLE_CPU)
        swap_pair(swapper);
    if (type & PERF_SAMPLE_IDENTIFIER)
        swap64(swapper);
}

static void swap_mapping(const struct perf_event_header *header, struct swapper *swapper)
{
    swap_pair(swapper);
    swap64s(swapper, 3);
    if (header->type != PERF_RECORD_MMAP2)
        return;
    if (header->misc & MISC_MMAP_BUILD_ID) {
        skip(swapper, 24);
    } else {
        swap_pair(swapper);
        swap64s(swapper, 2);
    }
    swap_pair(swapper);
}

static void swap_body(const struct perf_event_header *header, struct swapper *swapper)
{
    switch (header->type) {
    case PERF_RECORD_MMAP:
    case PERF_RECORD_MMAP2:
        swap_mapping(header, swapper);
        break;
    case PERF_RECORD_COMM:
    case PERF_RECORD_SWITCH_CPU_WIDE:
        swap_pair(swapper);
        break;
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
        swap_pair(swapper);
        swap_pair(swapper);
        swap64(swapper);
        break;
    case PERF_RECORD_LOST:
        swap64s(swapper, 2);
        break;
    case PERF_RECORD_LOST_SAMPLES:
        swap64(swapper);
        break;
    case PERF_RECORD_THROTTLE:
    case PERF_RECORD_UNTHROTTLE:
        swap64s(swapper, 3);
        break;
    case TYPE_KSYMBOL:
        swap64(swapper);
        swap32(swapper);
        swap16(swapper);
        swap16(swapper);
        break;
    default:
        break;
    }
}

void perfdata_swap_header(uint8_t *header)
{
    struct swapper swapper = {.at = header, .end = header + sizeof(struct perf_event_header)};

    swap32(&swapper);
    swap16(&swapper);
    swap16(&swapper);
}

void perfdata_swap_record(const struct record_layout *layout, uint8_t *record, size_t size)
{
    struct swapper swapper = {.at = record + sizeof(struct perf_event_header),
                              .end = record + size};
    struct perf_event_header header;

    memcpy(&header, record, sizeof(header));
    if (header.type == PERF_RECORD_SAMPLE) {
        swap_sample(layout, &swapper);
        return;
    }
    swap_body(&header, &swapper);
    swap_trailer(layout, &swapper);
}
