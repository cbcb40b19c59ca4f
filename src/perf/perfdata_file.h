#ifndef FIQ_PERF_PERFDATA_FILE_H
#define FIQ_PERF_PERFDATA_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/strings.h"
#include "perf/perfdata.h"
#include "perf/perfdata_queue.h"

/* What perfdata.c (records) and perfdata_header.c (what describes them) share. */

/* Types of records that perf itself writes (tools/lib/perf/include/perf/event.h). */
enum {
    HEADER_ATTR = 64,
    HEADER_TRACING_DATA = 66,
    HEADER_BUILD_ID = 67,
    FINISHED_ROUND = 68,
    AUXTRACE = 71,
    EVENT_UPDATE = 78,
    HEADER_FEATURE = 80,
    COMPRESSED = 81,
    COMPRESSED2 = 83
};

/* A file with records: the one with the header, or one of a directory. */
struct perfdata_part {
    struct source *source;
    uint64_t left;   /* bytes of records to come, UINT64_MAX: up to the end of the file */
    uint64_t latest; /* time of its newest record so far */
    bool ended;
    struct inflater *inflater; /* each part is a compressed stream of its own */
    struct inflated *inflated;
};

struct perfdata {
    struct source *source; /* of the part at hand */
    bool swapped, pipe;
    uint64_t data_size; /* of the records, UINT64_MAX: up to the end of the file */

    struct perfdata_event *events;
    size_t event_count, event_room;
    struct map event_of_id; /* hash of the kernel's number -> event */

    struct strings *texts;  /* paths */
    struct map build_id_of; /* path -> index */
    struct file_id {
        uint8_t bytes[20], size;
    } * build_ids;
    size_t build_id_count, build_id_room;

    struct perfdata_facts facts;

    /* while reading */
    struct perfdata_queue queue;
    struct perfdata_part *parts, *part; /* [0] has the header; the one at hand */
    size_t part_count, part_room;
    uint64_t in_round; /* bytes read since the last round that was made up for parts */
    perfdata_fn *take;
    void *data;
};

/* Reads numbers of the file's byte order; past the end zero, and `failed`. */
struct reading {
    const uint8_t *at, *end;
    bool swapped, failed;
};
uint16_t reading_u16(struct reading *reading);
uint32_t reading_u32(struct reading *reading);
uint64_t reading_u64(struct reading *reading);
/* The next `size` bytes, or NULL. */
const uint8_t *reading_bytes(struct reading *reading, uint64_t size);

/* The header of the file up to its records; the source then stands at them. */
int perfdata_read_header(struct perfdata *file, struct error *err);

/* Records of pipe mode that describe; `body` is what follows the record's header. */
void perfdata_take_attr(struct perfdata *file, struct reading body);
void perfdata_take_update(struct perfdata *file, struct reading body);
void perfdata_take_feature(struct perfdata *file, struct reading body);
/* `record`: with its header. */
void perfdata_take_build_id(struct perfdata *file, const uint8_t *record, size_t size);

#endif
