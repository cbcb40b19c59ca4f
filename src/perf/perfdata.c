/* The records of a perf.data file. */
#include "perf/perfdata.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/xalloc.h"
#include "perf/inflater.h"
#include "perf/perfdata_file.h"
#include "perf/perfdata_swap.h"

enum {
    HEADER = sizeof(struct perf_event_header),
    QUEUE_MOST = 256 << 20, /* bytes that wait for the end of their round */
    PARTS_ROUND = 4 << 20,  /* bytes of all parts together that make a round */
    INFLATED = 256 * 1024
};

/* The stream of records is cut anywhere: a part may wait for the next piece. */
struct inflated {
    size_t held;
    uint8_t bytes[INFLATED];
};

int perfdata_open(struct perfdata **file, struct source *source, struct error *err)
{
    struct perfdata *opened = xcalloc(1, sizeof(*opened));
    struct utsname here;
    int failed;

    opened->source = source;
    opened->texts = strings_new();
    failed = perfdata_read_header(opened, err);
    if (failed) {
        perfdata_close(opened);
        return failed;
    }
    opened->facts.foreign = opened->swapped || (opened->facts.arch && !uname(&here) &&
                                                strcmp(opened->facts.arch, here.machine) != 0);
    perfdata_add_part(opened, source);
    opened->parts[0].left = opened->data_size;
    *file = opened;
    return 0;
}

void perfdata_add_part(struct perfdata *file, struct source *source)
{
    file->parts =
        xgrow(file->parts, &file->part_room, file->part_count + 1, sizeof(*file->parts));
    file->parts[file->part_count++] =
        (struct perfdata_part){.source = source, .left = UINT64_MAX};
}

void perfdata_close(struct perfdata *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->event_count; i++)
        free(file->events[i].name);
    free(file->events);
    map_free(&file->event_of_id);
    map_free(&file->build_id_of);
    free(file->build_ids);
    strings_free(file->texts);
    free(file->facts.host);
    free(file->facts.release);
    free(file->facts.arch);
    free(file->facts.command);
    perfdata_queue_free(&file->queue);
    for (size_t i = 0; i < file->part_count; i++) {
        inflater_free(file->parts[i].inflater);
        free(file->parts[i].inflated);
    }
    free(file->parts);
    free(file);
}

const struct perfdata_event *perfdata_events(const struct perfdata *file, size_t *count)
{
    *count = file->event_count;
    return file->events;
}

const struct perfdata_facts *perfdata_facts(const struct perfdata *file)
{
    return &file->facts;
}

/* ---- which event a record belongs to ---- */

static uint64_t number_at(const struct perfdata *file, const uint8_t *at)
{
    struct reading reading = {.at = at, .end = at + 8, .swapped = file->swapped};

    return reading_u64(&reading);
}

/* Where the event's number stands in a sample; all events of a file agree. */
static bool place_in_sample(uint64_t type, size_t *place)
{
    static const uint64_t before =
        PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR;

    *place = HEADER;
    if (type & PERF_SAMPLE_IDENTIFIER)
        return true;
    *place += 8u * (unsigned)__builtin_popcountll(type & before);
    return (type & PERF_SAMPLE_ID) != 0;
}

/* How far from the end it stands in other records. */
static bool place_in_trailer(uint64_t type, size_t *from_end)
{
    static const uint64_t behind =
        PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER;

    *from_end = 8;
    if (type & PERF_SAMPLE_IDENTIFIER)
        return true;
    *from_end += 8u * (unsigned)__builtin_popcountll(type & behind);
    return (type & PERF_SAMPLE_ID) != 0;
}

static uint32_t event_of(const struct perfdata *file, uint32_t type, const uint8_t *record,
                         size_t size)
{
    const struct record_layout *layout = &file->events[0].layout;
    uint32_t event = UINT32_MAX;
    size_t place;

    if (file->event_count == 1)
        return 0;
    if (type == PERF_RECORD_SAMPLE) {
        if (place_in_sample(layout->sample_type, &place) && place + 8 <= size)
            event = map_get(&file->event_of_id, number_at(file, record + place));
    } else if (layout->sample_id_all && place_in_trailer(layout->sample_type, &place) &&
               place + HEADER <= size) {
        event = map_get(&file->event_of_id, number_at(file, record + size - place));
    }
    return event < file->event_count ? event : 0;
}

/* ---- handing on ---- */

static void add_build_id(const struct perfdata *file, struct mapping_record *mapping)
{
    str_id path;
    uint32_t index;

    if (mapping->build_id_size)
        return;
    path = strings_find(file->texts, mapping->path, strlen(mapping->path));
    index = path == UINT32_MAX ? UINT32_MAX : map_get(&file->build_id_of, path);
    if (index == UINT32_MAX)
        return;
    memcpy(mapping->build_id, file->build_ids[index].bytes, sizeof(mapping->build_id));
    mapping->build_id_size = file->build_ids[index].size;
}

/* Where the kernel's text began: perf tells it as a mapping of its own. */
static void note_kernel(struct perfdata *file, const struct record *record)
{
    if (record->pid == -1 && !strncmp(record->mapping.path, "[kernel.kallsyms]_", 18))
        file->facts.kernel_text = record->mapping.file_offset;
}

static void hand_on(const uint8_t *bytes, uint32_t size, uint32_t event, void *data)
{
    struct perfdata *file = data;
    struct record record;

    if (record_decode(&file->events[event].layout, bytes, size, &record)) {
        file->facts.unexplained++;
        return;
    }
    if (record.kind == RECORD_SAMPLE && file->facts.foreign)
        record.sample.regs.known = 0; /* another processor's: our unwinder cannot use them */
    if (record.kind == RECORD_LOST)
        file->facts.lost += record.lost;
    if (record.kind == RECORD_THROTTLE)
        file->facts.throttled++;
    if (record.kind == RECORD_MAPPING) {
        add_build_id(file, &record.mapping);
        note_kernel(file, &record);
    }
    file->take(&record, event, file->data);
}

static void flush_all(struct perfdata *file)
{
    perfdata_queue_flush(&file->queue, UINT64_MAX, hand_on, file);
}

/* When a record fell, 0 when it does not say.  Of a sample, which is long, only the date is
 * looked at. */
static int time_of(const struct record_layout *layout, uint32_t type, const uint8_t *bytes,
                   size_t size, uint64_t *time)
{
    static const uint64_t before = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;
    size_t place = HEADER + 8u * (unsigned)__builtin_popcountll(layout->sample_type & before);
    struct record record;
    int failed = 0;

    if (type != PERF_RECORD_SAMPLE) {
        failed = record_decode(layout, bytes, size, &record);
        *time = record.time;
    } else if (!(layout->sample_type & PERF_SAMPLE_TIME)) {
        *time = 0;
    } else if (place + sizeof(*time) > size) {
        failed = -EBADMSG;
    } else {
        memcpy(time, bytes + place, sizeof(*time));
    }
    return failed;
}

/* The end of a round never came, or one record of the far future holds each chunk. */
static void bound_queue(struct perfdata *file)
{
    if (file->queue.held > QUEUE_MOST)
        perfdata_queue_flush(&file->queue, perfdata_queue_middle(&file->queue), hand_on, file);
    if (file->queue.held > QUEUE_MOST)
        flush_all(file);
}

/* A record of the kernel: waits for its turn. */
static void enqueue(struct perfdata *file, uint32_t type, const uint8_t *bytes, size_t size)
{
    uint64_t time;
    uint8_t *copy;
    uint32_t event;

    if (!file->event_count) {
        file->facts.unexplained++;
        return;
    }
    event = event_of(file, type, bytes, size);
    copy = perfdata_queue_add(&file->queue, bytes, (uint32_t)size);
    if (file->swapped) {
        perfdata_swap_header(copy);
        perfdata_swap_record(&file->events[event].layout, copy, size);
    }
    if (time_of(&file->events[event].layout, type, copy, size, &time)) {
        file->facts.unexplained++;
        perfdata_queue_drop_last(&file->queue);
        return;
    }
    /* What perf made up about the time before the recording has no date: it comes at once. */
    if (!time || time == UINT64_MAX) {
        hand_on(copy, (uint32_t)size, event, file);
        perfdata_queue_drop_last(&file->queue);
        return;
    }
    perfdata_queue_date(&file->queue, time, event);
    if (time > file->part->latest)
        file->part->latest = time;
    bound_queue(file);
}

/* ---- records of perf itself ---- */

static int take_compressed(struct perfdata *file, const uint8_t *bytes, size_t size,
                           struct error *err);

struct kind {
    uint32_t type;
    uint16_t size;
};

static struct kind kind_of(const struct perfdata *file, const uint8_t *bytes)
{
    struct reading reading = {.at = bytes, .end = bytes + HEADER, .swapped = file->swapped};
    struct kind kind = {.type = reading_u32(&reading)};

    reading_u16(&reading); /* misc */
    kind.size = reading_u16(&reading);
    return kind;
}

static int take_record(struct perfdata *file, const uint8_t *bytes, size_t size,
                       bool from_inflater, struct error *err)
{
    uint32_t type = kind_of(file, bytes).type;
    struct reading body = {.at = bytes + HEADER, .end = bytes + size, .swapped = file->swapped};

    switch (type) {
    case HEADER_ATTR:
        if (file->pipe)
            perfdata_take_attr(file, body);
        return 0;
    case EVENT_UPDATE:
        perfdata_take_update(file, body);
        return 0;
    case HEADER_FEATURE:
        perfdata_take_feature(file, body);
        return 0;
    case HEADER_BUILD_ID:
        perfdata_take_build_id(file, bytes, size);
        return 0;
    case FINISHED_ROUND:
        if (file->part_count == 1) /* it says nothing about other parts */
            perfdata_queue_round(&file->queue, file->queue.newest, hand_on, file);
        return 0;
    case COMPRESSED:
    case COMPRESSED2:
        /* A stream within the stream is nothing that perf writes. */
        if (from_inflater) {
            file->facts.unexplained++;
            return 0;
        }
        return take_compressed(file, bytes, size, err);
    default:
        if (type < HEADER_ATTR)
            enqueue(file, type, bytes, size);
        return 0;
    }
}

/* All whole records in the buffer; what is left over moves to its front. */
static int take_inflated(struct perfdata *file, uint8_t *buffer, size_t *held,
                         struct error *err)
{
    size_t at = 0;
    int failed = 0;

    while (*held - at >= HEADER && !failed) {
        struct kind kind = kind_of(file, buffer + at);

        if (kind.size < HEADER)
            return error_set(err, EBADMSG, "a compressed record has an impossible size");
        if (kind.size > *held - at)
            break;
        failed = take_record(file, buffer + at, kind.size, true, err);
        at += kind.size;
    }
    memmove(buffer, buffer + at, *held - at);
    *held -= at;
    return failed;
}

static int take_compressed(struct perfdata *file, const uint8_t *bytes, size_t size,
                           struct error *err)
{
    struct reading body = {.at = bytes + HEADER, .end = bytes + size, .swapped = file->swapped};
    struct perfdata_part *part = file->part;
    uint64_t length = (uint64_t)(body.end - body.at);
    size_t got;
    int failed = 0;

    if (kind_of(file, bytes).type == COMPRESSED2)
        length = reading_u64(&body);
    if (body.failed || length > (uint64_t)(body.end - body.at))
        return error_set(err, EBADMSG, "a compressed record is longer than it says");
    if (!part->inflater) {
        failed = inflater_new(&part->inflater, err);
        if (failed)
            return failed;
        part->inflated = xcalloc(1, sizeof(*part->inflated));
    }
    inflater_feed(part->inflater, body.at, (size_t)length);
    do {
        struct inflated *to = part->inflated;

        failed = inflater_next(part->inflater, to->bytes + to->held,
                               sizeof(to->bytes) - to->held, &got, err);
        to->held += got;
        if (!failed && got)
            failed = take_inflated(file, to->bytes, &to->held, err);
    } while (!failed && got);
    return failed;
}

/* ---- the file ---- */

/* Bytes that follow some records without being counted in their size. */
static uint64_t trailing_bytes(const struct perfdata *file, uint32_t type, const uint8_t *bytes,
                               size_t size)
{
    struct reading body = {.at = bytes + HEADER, .end = bytes + size, .swapped = file->swapped};

    if (type == AUXTRACE)
        return reading_u64(&body);
    if (type == HEADER_TRACING_DATA)
        return ((uint64_t)reading_u32(&body) + 7) & ~UINT64_C(7);
    return 0;
}

static bool skip_bytes(struct source *source, uint64_t size)
{
    while (size) {
        size_t available;

        source_peek(source, 1, &available);
        if (!available)
            return false;
        if (available > size)
            available = (size_t)size;
        source_skip(source, available);
        size -= available;
    }
    return true;
}

static int at_offset(const struct perfdata *file, int failed, struct error *err)
{
    return error_wrap(err, failed, "%s, record at byte %" PRIu64, source_name(file->source),
                      source_offset(file->source));
}

/* One record of the part at hand, which may be its last. */
static int read_record(struct perfdata *file, struct error *err)
{
    uint64_t *left = &file->part->left;
    size_t available;
    const uint8_t *bytes = source_peek(file->source, HEADER, &available);
    struct kind kind;
    uint64_t trailing;
    int failed;

    file->part->ended = true;
    if (available > *left)
        available = (size_t)*left;
    if (available < HEADER) {
        file->facts.cut_short |= available != 0 || (*left && *left != UINT64_MAX);
        return 0;
    }
    kind = kind_of(file, bytes);
    if (kind.size < HEADER) {
        failed = error_set(err, EBADMSG, "its size of %u bytes is impossible", kind.size);
        return at_offset(file, failed, err);
    }
    bytes = source_peek(file->source, kind.size, &available);
    if (kind.size > available || kind.size > *left) {
        file->facts.cut_short = true;
        return 0;
    }
    trailing = trailing_bytes(file, kind.type, bytes, kind.size);
    failed = take_record(file, bytes, kind.size, false, err);
    if (failed)
        return at_offset(file, failed, err);
    source_skip(file->source, kind.size);
    file->in_round += kind.size;
    if (*left != UINT64_MAX)
        *left -= kind.size + (trailing < *left - kind.size ? trailing : *left - kind.size);
    file->part->ended = !skip_bytes(file->source, trailing);
    file->facts.cut_short |= file->part->ended;
    return 0;
}

/* The part that is furthest behind; NULL at the end of all. */
static struct perfdata_part *next_part(const struct perfdata *file)
{
    struct perfdata_part *next = NULL;

    for (size_t i = 0; i < file->part_count; i++) {
        struct perfdata_part *part = &file->parts[i];

        if (!part->ended && (!next || part->latest < next->latest))
            next = part;
    }
    return next;
}

/* Parts are read side by side, each in order of time or nearly, as a thread of perf may have
 * had several rings: what was behind all of them a round ago is complete. */
static void end_round_of_parts(struct perfdata *file)
{
    const struct perfdata_part *behind = next_part(file);

    if (file->part_count == 1 || file->in_round < PARTS_ROUND || !behind)
        return;
    file->in_round = 0;
    perfdata_queue_round(&file->queue, behind->latest, hand_on, file);
}

static int end_parts(struct perfdata *file, int failed, struct error *err)
{
    for (size_t i = 0; i < file->part_count; i++) {
        const struct perfdata_part *part = &file->parts[i];

        file->facts.cut_short |= part->inflated && part->inflated->held;
        if (!failed)
            failed = source_failed(part->source, err);
    }
    return failed;
}

int perfdata_read(struct perfdata *file, perfdata_fn *take, void *data, struct error *err)
{
    int failed = 0;

    file->take = take;
    file->data = data;
    while (!failed && (file->part = next_part(file))) {
        file->source = file->part->source;
        /* Of one part alone there is nothing to choose. */
        do
            failed = read_record(file, err);
        while (!failed && !file->part->ended && file->part_count == 1);
        end_round_of_parts(file);
    }
    flush_all(file);
    return end_parts(file, failed, err);
}
