#include "cli/inputs.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/status_line.h"
#include "cli/symbol_options.h"
#include "format/format.h"
#include "session/import.h"

static int set_time(uint64_t *time, const char *value, struct error *err)
{
    unsigned long long ns;
    int failed = option_duration(value, &ns, err);

    if (!failed)
        *time = ns;
    return failed;
}

static int set_since(void *settings, const char *value, struct error *err)
{
    return set_time(&((struct filter *)settings)->since_ns, value, err);
}

static int set_until(void *settings, const char *value, struct error *err)
{
    return set_time(&((struct filter *)settings)->until_ns, value, err);
}

const struct option_spec filter_options[] = {
    {"focus", 0, 0, "REGEX", "only stacks with a function that matches",
     OPTION_TEXT(struct filter, focus), .group = "Filters"},
    {"ignore", 0, 0, "REGEX", "no stacks with a function that matches",
     OPTION_TEXT(struct filter, ignore)},
    {"hide", 0, 0, "REGEX", "take out frames that match; what they call moves up",
     OPTION_TEXT(struct filter, hide)},
    {"thread", 0, 0, "REGEX", "only threads whose \"name (TID)\" matches",
     OPTION_TEXT(struct filter, thread)},
    {"process", 0, 0, "REGEX", "only processes whose \"name (PID)\" or command matches",
     OPTION_TEXT(struct filter, process)},
    {"since", 0, 0, "TIME", "only samples this long after the first, or later", set_since},
    {"until", 0, 0, "TIME", "only samples earlier than this after the first", set_until},
    {"collapse-recursion", 0, 0, NULL, "one frame for a function that calls itself",
     OPTION_SETS(struct filter, collapse_recursion)},
    {0}};

void print_notes(const struct profile *profile)
{
    size_t count;
    const str_id *notes = profile_notes(profile, &count);

    for (size_t i = 0; i < count; i++)
        print_message("%s", profile_string(profile, notes[i]));
}

int input_filter(const struct filter *filter, struct profile **profile, struct error *err)
{
    struct profile *filtered;
    size_t stacks;
    int failed;

    if (!filter_is_set(filter))
        return 0;
    failed = profile_filter(*profile, filter, &filtered, err);
    if (failed)
        return failed;
    profile_free(*profile);
    *profile = filtered;
    profile_stacks(filtered, &stacks);
    return stacks ? 0 : error_set(err, ENODATA, "the filters leave no samples");
}

/* ---- progress ---- */

struct reading {
    uint64_t next_ns; /* when the line is written again */
    bool shown;
};

/* Nothing at first: most files are read before anybody asks. */
enum { FIRST_NS = 500000000, NEXT_NS = 100000000 };

static void show_progress(const struct source *source, void *data)
{
    struct reading *reading = data;
    double share = source_progress(source);
    uint64_t now = clock_ns(CLOCK_MONOTONIC);

    if (now < reading->next_ns)
        return;
    reading->next_ns = now + NEXT_NS;
    reading->shown = true;
    if (share >= 0)
        status_line("reading %s: %.0f %%", source_name(source), 100 * share);
    else
        status_line("reading %s: %" PRIu64 " MB", source_name(source),
                    source_offset(source) >> 20);
}

static void watch(struct source *source, struct reading *reading, enum input_talk talk)
{
    *reading = (struct reading){.next_ns = clock_ns(CLOCK_MONOTONIC) + FIRST_NS};
    if (status_line_shows(talk == INPUT_QUIET))
        source_watch(source, show_progress, reading);
}

/* ---- reading ---- */

static int read_recording(const struct recording *recording, struct profile **profile,
                          struct error *err)
{
    struct symbolizer_options symbols = {0};

    symbol_defaults(&symbols);
    return session_import(recording, &symbols, profile, err);
}

static int read_directory(const char *path, enum input_talk talk, struct reading *reading,
                          struct profile **profile, struct error *err)
{
    struct recording recording;
    int failed = recording_open_directory(&recording, path, err);

    if (failed)
        return failed;
    for (size_t i = 0; i < recording.count; i++)
        watch(recording.files[i], reading, talk);
    failed = read_recording(&recording, profile, err);
    recording_close(&recording);
    return failed;
}

static int read_file(struct source *source, enum input_talk talk, struct reading *reading,
                     struct profile **profile, struct error *err)
{
    size_t size;
    const uint8_t *head;

    watch(source, reading, talk);
    head = source_peek(source, 4096, &size);
    if (import_recognize(head, size))
        return read_recording(&(struct recording){.files = &source, .count = 1}, profile, err);
    *profile = profile_new();
    return format_read(source, *profile, err);
}

int input_open(const char *path, enum input_talk talk, struct profile **profile,
               struct error *err)
{
    struct reading reading = {.shown = false};
    struct source *source = NULL;
    int failed = source_open(&source, path, err);

    *profile = NULL;
    if (failed == -EISDIR)
        failed = read_directory(path, talk, &reading, profile, err);
    else if (!failed)
        failed = read_file(source, talk, &reading, profile, err);
    source_close(source);
    if (reading.shown)
        status_line_clear();
    if (failed) {
        profile_free(*profile);
        *profile = NULL;
    }
    return failed;
}

int input_read(const char *path, const struct filter *filter, enum input_talk talk,
               struct profile **profile, struct error *err)
{
    struct profile *input;
    int failed = input_open(path, talk, &input, err);

    if (failed)
        return failed;
    failed = input_filter(filter, &input, err);
    if (failed) {
        profile_free(input);
        return error_wrap(err, failed, "%s", path);
    }
    if (talk == INPUT_NOTES)
        print_notes(input);
    *profile = input;
    return 0;
}
