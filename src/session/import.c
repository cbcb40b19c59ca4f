#include "session/import.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "perf/perfdata.h"
#include "session/name.h"
#include "session/reader.h"

/* Each event takes two of a profile's values. */
enum { EVENTS_SHOWN = PROFILE_VALUES_MAX / 2 };

struct import {
    struct perfdata *file;
    struct reader *reader;
    struct symbolizer_options symbols;
    uint64_t samples[EVENTS_SHOWN];
    uint64_t others;  /* samples of further events */
    uint64_t unwound; /* stacks that were copied */
    uint64_t first, last;
    bool kernel_seen;
};

bool import_recognize(const uint8_t *head, size_t size)
{
    return perfdata_recognize(head, size);
}

/* ---- records ---- */

static void take(const struct record *record, size_t event, void *data)
{
    struct import *import = data;
    size_t count;
    const struct perfdata_event *events = perfdata_events(import->file, &count);
    const struct perfdata_event *of = &events[event];

    if (record->kind == RECORD_SAMPLE) {
        if (event >= EVENTS_SHOWN) {
            import->others++;
            return;
        }
        import->samples[event]++;
        import->unwound += record->sample.regs.known != 0;
        import->kernel_seen |= record->in_kernel || record->sample.callchain_count;
        if (!import->first)
            import->first = record->time;
        import->last = record->time;
        reader_set_event(import->reader, (uint32_t)event, of->period, of->stack_bytes);
    }
    reader_take_record(record, import->reader);
}

/* ---- the kernel that ran then ---- */

static size_t read_notes(uint8_t *notes, size_t room)
{
    FILE *file = fopen("/sys/kernel/notes", "re");
    size_t size = file ? fread(notes, 1, room, file) : 0;

    if (file)
        fclose(file);
    return size;
}

/* Whether the running kernel has this build ID; true too when it does not say. */
static bool is_running_kernel(const uint8_t *id, size_t id_size)
{
    uint8_t notes[4096];
    size_t size = read_notes(notes, sizeof(notes)), at = 0;
    Elf64_Nhdr header;

    while (size - at >= sizeof(header)) {
        size_t name, text;

        memcpy(&header, notes + at, sizeof(header));
        at += sizeof(header);
        name = ((size_t)header.n_namesz + 3) & ~(size_t)3;
        text = ((size_t)header.n_descsz + 3) & ~(size_t)3;
        if (name > size - at || text > size - at - name)
            break;
        if (header.n_type == NT_GNU_BUILD_ID && name == 4 && !memcmp(notes + at, "GNU", 4))
            return header.n_descsz == id_size && !memcmp(notes + at + name, id, id_size);
        at += name + text;
    }
    return true;
}

/* Where the kernel's code lies now, from the symbol that perf notes on; false when that is
 * hidden, or still where it was `before`: the end is far down a long file. */
static bool find_kernel_text(uint64_t before, uint64_t *start, uint64_t *end)
{
    FILE *file = fopen("/proc/kallsyms", "re");
    char line[256], name[128];
    uint64_t address;

    *start = *end = 0;
    while (file && *start != before && !(*start && *end) && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "%" SCNx64 " %*c %127s", &address, name) != 2)
            continue;
        if (!*start && (!strcmp(name, "_text") || !strcmp(name, "_stext")))
            *start = address;
        else if (!strcmp(name, "_etext"))
            *end = address;
    }
    if (file)
        fclose(file);
    return *start < *end;
}

/* The kernel lies elsewhere after each boot: addresses in its text are moved to where that is
 * now.  Its modules are shuffled anew, and other programs lie where BPF's were: what is outside
 * the text stays, and gets names only from the recording itself. */
static void move_kernel(struct import *import, struct gather *gather)
{
    const struct perfdata_facts *facts = perfdata_facts(import->file);
    const struct dso *kernel = processes_kernel(reader_processes(import->reader));
    uint64_t start, end;

    if (!facts->kernel_text || !import->kernel_seen || import->symbols.other_kernel ||
        !find_kernel_text(facts->kernel_text, &start, &end))
        return;
    for (size_t i = LOCATION_FIRST; i < gather->location_count; i++) {
        struct location *location = &gather->locations[i];

        if (location->dso == kernel && location->offset >= facts->kernel_text &&
            location->offset - facts->kernel_text < end - start)
            location->offset += start - facts->kernel_text;
    }
    import->symbols.kernel_text = start;
    import->symbols.kernel_text_end = end;
}

/* ---- the profile ---- */

/* The columns of all events that are shown; the texts are freed by free_columns(). */
static size_t fill_columns(const struct import *import, struct event_columns *columns)
{
    size_t count;
    const struct perfdata_event *events = perfdata_events(import->file, &count);

    if (count > EVENTS_SHOWN)
        count = EVENTS_SHOWN;
    for (size_t i = 0; i < count; i++) {
        columns[i].samples = i ? xasprintf("samples:%s", events[i].name) : xstrdup("samples");
        columns[i].name = xstrdup(!i && events[i].is_clock ? "cpu" : events[i].name);
        columns[i].unit = events[i].is_clock ? "nanoseconds" : "count";
    }
    return count;
}

static void free_columns(struct event_columns *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)columns[i].samples);
        free((void *)(uintptr_t)columns[i].name);
    }
}

static void add_notes(const struct import *import, struct profile *profile)
{
    const struct perfdata_facts *facts = perfdata_facts(import->file);

    if (facts->cut_short)
        profile_note(profile, "the recording ends within a record: it was cut short");
    if (facts->unexplained)
        profile_note(profile, "%" PRIu64 " records were not understood and left out",
                     facts->unexplained);
    if (facts->foreign)
        profile_note(profile, "recorded on another kind of processor: stacks are as the kernel "
                              "followed them, copies of the stack were not unwound");
    if (import->others)
        profile_note(profile,
                     "%" PRIu64 " samples of further events were left out: %d are shown",
                     import->others, EVENTS_SHOWN);
    if (facts->lost && !import->unwound)
        profile_note(profile, "%" PRIu64 " records were lost while perf recorded", facts->lost);
}

static void describe(const struct import *import, struct profile *profile)
{
    const struct perfdata_facts *facts = perfdata_facts(import->file);
    struct profile_info *info = profile_info(profile);
    size_t count;
    const struct perfdata_event *events = perfdata_events(import->file, &count);
    char host[512];

    snprintf(host, sizeof(host), "%.128s%s%.128s%s%.64s", facts->host ? facts->host : "",
             facts->release ? " " : "", facts->release ? facts->release : "",
             facts->arch ? " " : "", facts->arch ? facts->arch : "");
    info->host = profile_intern_text(profile, host);
    info->command = profile_intern_text(profile, facts->command ? facts->command : "");
    info->creator = profile_intern_text(profile, "fiq " FIQ_VERSION);
    info->started_ns = facts->started_ns;
    info->duration_ns = import->last - import->first;
    if (count) {
        info->event = profile_intern_text(profile, events[0].name);
        info->frequency_hz = (double)events[0].frequency;
        info->period = events[0].period;
        if (!info->period && events[0].is_clock && events[0].frequency)
            info->period = 1000000000 / events[0].frequency;
        info->quality.user_only = !events[0].kernel;
        info->quality.largest_copy = events[0].stack_bytes >= CAPTURE_STACK_MAX;
    }
    info->quality.lost = facts->lost;
    info->quality.throttled = facts->throttled;
    info->quality.unexplained = facts->unexplained;
    /* Of chains by frame pointers nobody knows whether they are complete. */
    info->quality.measured = import->unwound != 0;
    if (!info->quality.measured)
        info->quality = (struct quality){0};
    add_notes(import, profile);
}

static void name(struct import *import, struct profile **profile)
{
    const struct perfdata_facts *facts = perfdata_facts(import->file);
    struct gather *gather = reader_hand_over(import->reader);
    struct event_columns columns[EVENTS_SHOWN] = {0};
    size_t count = fill_columns(import, columns);
    struct symbolizer *symbolizer;

    import->symbols.other_kernel =
        facts->foreign ||
        (facts->kernel_build_id_size &&
         !is_running_kernel(facts->kernel_build_id, facts->kernel_build_id_size));
    move_kernel(import, gather);
    symbolizer = symbolizer_new(&import->symbols);
    *profile = name_gathered(gather, symbolizer, columns, count);
    describe(import, *profile);
    symbolizer_free(symbolizer);
    gather_free(gather);
    free_columns(columns, count);
}

int session_import(const struct recording *recording, const struct symbolizer_options *symbols,
                   struct profile **profile, struct error *err)
{
    struct import import = {.symbols = *symbols};
    int failed = perfdata_open(&import.file, recording->files[0], err);

    if (failed)
        return failed;
    for (size_t i = 1; i < recording->count; i++)
        perfdata_add_part(import.file, recording->files[i]);
    import.reader = reader_new(&(struct reader_options){
        .everything = true, .recorded = true, .timestamps = true, .self = -1});
    failed = perfdata_read(import.file, take, &import, err);
    if (!failed && !reader_gathered(import.reader)->samples)
        failed =
            error_set(err, ENODATA, "%s holds no samples", source_name(recording->files[0]));
    if (!failed)
        name(&import, profile);
    reader_free(import.reader);
    perfdata_close(import.file);
    return failed;
}
