/* What a perf.data file says about its records: events, build IDs, the machine. */
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "perf/event.h"
#include "perf/perfdata_file.h"

enum {
    FILE_HEADER = 104, /* magic, size, attr_size, three sections, 256 flags */
    PIPE_HEADER = 16,
    ATTR_LEAST = 64, /* PERF_ATTR_SIZE_VER0 */
    ATTR_MOST = 4096,
    HEAD_MOST = 64 << 20, /* in front of the records */
    FEATURE_MOST = 16 << 20,
    FEATURES = 256,
    TEXT_MOST = 4096
};

/* Features, by their bit. */
enum {
    FEATURE_BUILD_ID = 2,
    FEATURE_HOSTNAME = 3,
    FEATURE_OSRELEASE = 4,
    FEATURE_ARCH = 6,
    FEATURE_CMDLINE = 11,
    FEATURE_EVENT_DESC = 12,
    FEATURE_CLOCK_DATA = 29
};

/* Bits of perf_event_attr's flags, which are no bit-field here: its layout depends on the byte
 * order. */
enum {
    ATTR_EXCLUDE_KERNEL = 5,
    ATTR_FREQ = 10,
    ATTR_SAMPLE_ID_ALL = 18,
    ATTR_EXCLUDE_CALLCHAIN_USER = 22
};

static const char magic[8] = "PERFILE2";
static const char magic_swapped[8] = "2ELIFREP";

bool perfdata_recognize(const uint8_t *head, size_t size)
{
    return size >= sizeof(magic) &&
           (!memcmp(head, magic, sizeof(magic)) || !memcmp(head, magic_swapped, sizeof(magic)));
}

/* ---- numbers ---- */

const uint8_t *reading_bytes(struct reading *reading, uint64_t size)
{
    const uint8_t *at = reading->at;

    if (size > (uint64_t)(reading->end - reading->at)) {
        reading->failed = true;
        reading->at = reading->end;
        return NULL;
    }
    reading->at += size;
    return at;
}

uint16_t reading_u16(struct reading *reading)
{
    const uint8_t *at = reading_bytes(reading, sizeof(uint16_t));
    uint16_t value = 0;

    if (at)
        memcpy(&value, at, sizeof(value));
    return reading->swapped ? __builtin_bswap16(value) : value;
}

uint32_t reading_u32(struct reading *reading)
{
    const uint8_t *at = reading_bytes(reading, sizeof(uint32_t));
    uint32_t value = 0;

    if (at)
        memcpy(&value, at, sizeof(value));
    return reading->swapped ? __builtin_bswap32(value) : value;
}

uint64_t reading_u64(struct reading *reading)
{
    const uint8_t *at = reading_bytes(reading, sizeof(uint64_t));
    uint64_t value = 0;

    if (at)
        memcpy(&value, at, sizeof(value));
    return reading->swapped ? __builtin_bswap64(value) : value;
}

/* ---- texts ---- */

static char *copy_text(const uint8_t *bytes, uint64_t size)
{
    size_t length = 0;

    while (bytes && length < size && length < TEXT_MOST && bytes[length])
        length++;
    return length ? xstrndup((const char *)bytes, length) : NULL;
}

/* Length, then bytes padded with zeros. */
static char *read_text(struct reading *reading)
{
    uint32_t size = reading_u32(reading);

    return copy_text(reading_bytes(reading, size), size);
}

static void set_text(char **text, char *value)
{
    if (!value)
        return;
    free(*text);
    *text = value;
}

/* ---- events ---- */

/* In a file of the other byte order the bits of each byte run the other way too, as C's
 * bit-fields do there. */
static uint64_t read_flags(struct reading *reading)
{
    const uint8_t *bytes = reading_bytes(reading, 8);
    uint64_t flags = 0;

    for (unsigned i = 0; bytes && i < 64; i++) {
        unsigned bit = reading->swapped ? 7 - i % 8 : i % 8;

        flags |= (uint64_t)(bytes[i / 8] >> bit & 1) << i;
    }
    return flags;
}

/* "cpu-clock" for what perf and we know by name. */
static char *name_of(uint32_t type, uint64_t config)
{
    for (size_t i = 0; event_kinds[i].name; i++)
        if (event_kinds[i].type == type && event_kinds[i].config == config)
            return xstrdup(event_kinds[i].name);
    return xasprintf("event %" PRIu32 ":%#" PRIx64, type, config);
}

static bool is_clock(uint32_t type, uint64_t config)
{
    return type == PERF_TYPE_SOFTWARE &&
           (config == PERF_COUNT_SW_CPU_CLOCK || config == PERF_COUNT_SW_TASK_CLOCK);
}

/* A perf_event_attr of any age: what it lacks is zero. */
static struct perfdata_event read_attr(struct reading *reading)
{
    struct perfdata_event event = {0};
    uint32_t type = reading_u32(reading);
    uint32_t size = reading_u32(reading);
    uint64_t config = reading_u64(reading), period = reading_u64(reading), flags;

    (void)size; /* of the attr; the caller knows it */
    event.layout.sample_type = reading_u64(reading);
    event.layout.read_format = reading_u64(reading);
    flags = read_flags(reading);
    reading_bytes(reading, 4 + 4 + 8 + 8); /* wakeup, bp_type, config1, config2 */
    reading->failed = false;               /* the oldest attr ends here */
    event.layout.branch_sample_type = reading_u64(reading);
    event.layout.regs_user = reading_u64(reading);
    event.stack_bytes = reading_u32(reading);
    reading_u32(reading); /* clockid */
    event.layout.regs_intr = reading_u64(reading);
    reading->failed = false;
    event.layout.sample_id_all = flags >> ATTR_SAMPLE_ID_ALL & 1;
    event.is_clock = is_clock(type, config);
    if (flags >> ATTR_FREQ & 1)
        event.frequency = period;
    else
        event.period = period;
    event.kernel = !(flags >> ATTR_EXCLUDE_KERNEL & 1);
    event.user_chain = event.layout.sample_type & PERF_SAMPLE_CALLCHAIN &&
                       !(flags >> ATTR_EXCLUDE_CALLCHAIN_USER & 1);
    event.name = name_of(type, config);
    return event;
}

static void know_id(struct perfdata *file, uint64_t id, size_t event)
{
    map_set(&file->event_of_id, id, (uint32_t)event);
}

static void add_event(struct perfdata *file, const struct perfdata_event *event)
{
    file->events =
        xgrow(file->events, &file->event_room, file->event_count + 1, sizeof(*file->events));
    file->events[file->event_count++] = *event;
}

static int too_many_events(const struct perfdata *file, struct error *err)
{
    return error_set(err, ENOTSUP, "%s has more than %d events", source_name(file->source),
                     PERFDATA_EVENTS_MAX);
}

void perfdata_take_attr(struct perfdata *file, struct reading body)
{
    struct reading attr = body;
    uint32_t size;

    if (file->event_count == PERFDATA_EVENTS_MAX || body.end - body.at < ATTR_LEAST)
        return;
    attr.at += 4;
    size = reading_u32(&attr);
    if (size < ATTR_LEAST || size > (uint64_t)(body.end - body.at))
        return;
    attr = (struct reading){.at = body.at, .end = body.at + size, .swapped = body.swapped};
    add_event(file, &(struct perfdata_event){0});
    file->events[file->event_count - 1] = read_attr(&attr);
    for (body.at += size; body.end - body.at >= 8;)
        know_id(file, reading_u64(&body), file->event_count - 1);
}

void perfdata_take_update(struct perfdata *file, struct reading body)
{
    enum { UPDATE_NAME = 2 };
    uint64_t type = reading_u64(&body), id = reading_u64(&body);
    uint32_t event = map_get(&file->event_of_id, id);

    if (type == UPDATE_NAME && event < file->event_count)
        set_text(&file->events[event].name, copy_text(body.at, (uint64_t)(body.end - body.at)));
}

/* ---- build IDs ---- */

static void know_build_id(struct perfdata *file, const char *path, const uint8_t *bytes,
                          uint8_t size)
{
    str_id text = strings_add(file->texts, path, strlen(path));
    struct file_id id = {.size = size};

    memcpy(id.bytes, bytes, size);
    if (!strncmp(path, "[kernel.kallsyms]", 17)) {
        memcpy(file->facts.kernel_build_id, bytes, size);
        file->facts.kernel_build_id_size = size;
    }
    file->build_ids = xgrow(file->build_ids, &file->build_id_room, file->build_id_count + 1,
                            sizeof(*file->build_ids));
    file->build_ids[file->build_id_count] = id;
    map_set(&file->build_id_of, text, (uint32_t)file->build_id_count++);
}

void perfdata_take_build_id(struct perfdata *file, const uint8_t *record, size_t size)
{
    enum { HEADER = 8, PATH = HEADER + 4 + 24, MISC_SIZE = 1 << 15 };
    struct reading header = {.at = record, .end = record + HEADER, .swapped = file->swapped};
    uint8_t id_size = 20;
    uint16_t misc;
    char *path;

    if (size <= PATH)
        return;
    reading_u32(&header);
    misc = reading_u16(&header);
    if (misc & MISC_SIZE && record[HEADER + 4 + 20] <= 20)
        id_size = record[HEADER + 4 + 20];
    path = copy_text(record + PATH, size - PATH);
    if (path)
        know_build_id(file, path, record + HEADER + 4, id_size);
    free(path);
}

static void read_build_ids(struct perfdata *file, struct reading reading)
{
    while (reading.end - reading.at >= 8) {
        struct reading header = reading;
        uint16_t size;

        reading_bytes(&header, 6);
        size = reading_u16(&header);
        if (size < 8 || size > reading.end - reading.at)
            return;
        perfdata_take_build_id(file, reading.at, size);
        reading.at += size;
    }
}

/* ---- other features ---- */

static void read_command(struct perfdata *file, struct reading reading)
{
    uint32_t count = reading_u32(&reading);
    char *line = NULL;

    while (count-- && !reading.failed) {
        char *word = read_text(&reading), *longer;

        if (!word)
            continue;
        longer = line ? xasprintf("%s %s", line, word) : xstrdup(word);
        free(line);
        free(word);
        line = longer;
        if (strlen(line) > TEXT_MOST)
            break;
    }
    set_text(&file->facts.command, line);
}

/* Each event's attr again, with its name and numbers. */
static void read_event_names(struct perfdata *file, struct reading reading)
{
    uint32_t count = reading_u32(&reading), attr_size = reading_u32(&reading);

    for (uint32_t i = 0; i < count && i < file->event_count && !reading.failed; i++) {
        uint32_t ids;

        reading_bytes(&reading, attr_size);
        ids = reading_u32(&reading);
        set_text(&file->events[i].name, read_text(&reading));
        while (ids-- && !reading.failed) {
            uint64_t id = reading_u64(&reading);

            if (!reading.failed)
                know_id(file, id, i);
        }
    }
}

static void read_clock(struct perfdata *file, struct reading reading)
{
    /* version, clockid, and one moment in time of day and on that clock */
    reading_bytes(&reading, 8);
    file->facts.started_ns = reading_u64(&reading);
    if (reading.failed)
        file->facts.started_ns = 0;
}

static void read_feature(struct perfdata *file, unsigned feature, struct reading reading)
{
    switch (feature) {
    case FEATURE_BUILD_ID:
        read_build_ids(file, reading);
        break;
    case FEATURE_HOSTNAME:
        set_text(&file->facts.host, read_text(&reading));
        break;
    case FEATURE_OSRELEASE:
        set_text(&file->facts.release, read_text(&reading));
        break;
    case FEATURE_ARCH:
        set_text(&file->facts.arch, read_text(&reading));
        break;
    case FEATURE_CMDLINE:
        read_command(file, reading);
        break;
    case FEATURE_EVENT_DESC:
        read_event_names(file, reading);
        break;
    case FEATURE_CLOCK_DATA:
        read_clock(file, reading);
        break;
    default:
        break;
    }
}

void perfdata_take_feature(struct perfdata *file, struct reading body)
{
    uint64_t feature = reading_u64(&body);

    if (feature < FEATURES)
        read_feature(file, (unsigned)feature, body);
}

/* The sections of features stand behind the records, in the order of their bits.  Where the
 * file can only be read from front to back there are none: they would come too late. */
static void read_features(struct perfdata *file, uint64_t table, const uint8_t *flags)
{
    for (unsigned feature = 0, at = 0; feature < FEATURES; feature++) {
        uint8_t entry[16], *bytes;
        struct reading reading = {.at = entry, .end = entry + 16, .swapped = file->swapped};
        uint64_t offset, size;

        /* The bitmap is an array of u64. */
        unsigned byte = file->swapped ? feature / 64 * 8 + 7 - feature % 64 / 8 : feature / 8;

        if (!(flags[byte] >> feature % 8 & 1))
            continue;
        if (source_look(file->source, table + 16u * at++, entry, sizeof(entry)) < 16)
            return;
        offset = reading_u64(&reading);
        size = reading_u64(&reading);
        if (!size || size > FEATURE_MOST)
            continue;
        bytes = xalloc((size_t)size);
        size = source_look(file->source, offset, bytes, (size_t)size);
        read_feature(
            file, feature,
            (struct reading){.at = bytes, .end = bytes + size, .swapped = file->swapped});
        free(bytes);
    }
}

/* ---- the file's header ---- */

struct section {
    uint64_t offset, size;
};

static struct section read_section(struct reading *reading)
{
    uint64_t offset = reading_u64(reading);

    return (struct section){.offset = offset, .size = reading_u64(reading)};
}

/* Whether the section lies in the first `size` bytes of the file. */
static bool within(size_t size, const struct section *section)
{
    return section->offset <= size && section->size <= size - section->offset;
}

static int malformed(const struct perfdata *file, const char *what, struct error *err)
{
    return error_set(err, EBADMSG, "%s: %s", source_name(file->source), what);
}

static int read_attrs(struct perfdata *file, const uint8_t *head, size_t size,
                      const struct section *attrs, uint64_t attr_size, struct error *err)
{
    size_t count;

    /* An entry is an attr followed by the section of its numbers. */
    if (attr_size < ATTR_LEAST + 16 || attr_size > ATTR_MOST || !within(size, attrs))
        return malformed(file, "the table of events lies outside of the file's header", err);
    count = (size_t)(attrs->size / attr_size);
    if (!count)
        return malformed(file, "there are no events", err);
    if (count > PERFDATA_EVENTS_MAX)
        return too_many_events(file, err);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *entry = head + attrs->offset + i * attr_size;
        struct reading attr = {
            .at = entry, .end = entry + attr_size - 16, .swapped = file->swapped};
        struct reading tail = {.at = attr.end, .end = attr.end + 16, .swapped = file->swapped};
        struct section ids = read_section(&tail);
        struct perfdata_event event = read_attr(&attr);

        add_event(file, &event);
        if (!within(size, &ids))
            return malformed(file, "the numbers of an event lie outside of the header", err);
        tail = (struct reading){.at = head + ids.offset,
                                .end = head + ids.offset + ids.size,
                                .swapped = file->swapped};
        while (tail.end - tail.at >= 8)
            know_id(file, reading_u64(&tail), i);
    }
    return 0;
}

static int read_file_header(struct perfdata *file, struct error *err)
{
    size_t available;
    const uint8_t *head = source_peek(file->source, FILE_HEADER, &available);
    struct reading reading = {
        .at = head + 16, .end = head + FILE_HEADER, .swapped = file->swapped};
    uint8_t flags[FEATURES / 8];
    struct section attrs, data;
    uint64_t attr_size;
    int failed;

    if (available < FILE_HEADER)
        return malformed(file, "the file ends within its header", err);
    attr_size = reading_u64(&reading);
    attrs = read_section(&reading);
    data = read_section(&reading);
    memcpy(flags, head + FILE_HEADER - sizeof(flags), sizeof(flags));
    if (data.offset < FILE_HEADER || data.offset > HEAD_MOST)
        return malformed(file, "the records begin at an impossible place", err);
    head = source_peek(file->source, (size_t)data.offset, &available);
    if (available < data.offset)
        return malformed(file, "the file ends before its records", err);
    failed = read_attrs(file, head, (size_t)data.offset, &attrs, attr_size, err);
    if (failed)
        return failed;
    /* perf writes the size when it ends; 0 means that it was killed. */
    file->data_size = data.size ? data.size : UINT64_MAX;
    if (data.size && data.size < UINT64_MAX - data.offset)
        read_features(file, data.offset + data.size, flags);
    source_skip(file->source, (size_t)data.offset);
    return 0;
}

int perfdata_read_header(struct perfdata *file, struct error *err)
{
    size_t available;
    const uint8_t *head = source_peek(file->source, PIPE_HEADER, &available);
    struct reading reading;
    uint64_t size;

    if (!perfdata_recognize(head, available) || available < PIPE_HEADER)
        return malformed(file, "this is no perf.data file", err);
    file->swapped = !memcmp(head, magic_swapped, sizeof(magic));
    reading =
        (struct reading){.at = head + 8, .end = head + PIPE_HEADER, .swapped = file->swapped};
    size = reading_u64(&reading);
    file->pipe = size == PIPE_HEADER;
    if (!file->pipe)
        return size < FILE_HEADER || size > ATTR_MOST
                   ? malformed(file, "its header has an impossible size", err)
                   : read_file_header(file, err);
    file->data_size = UINT64_MAX;
    source_skip(file->source, PIPE_HEADER);
    return 0;
}
