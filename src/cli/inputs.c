#include "cli/inputs.h"

#include <errno.h>
#include <stddef.h>

#include "cli/cli.h"
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
    int failed;

    if (!filter_is_set(filter))
        return 0;
    failed = profile_filter(*profile, filter, &filtered, err);
    if (failed)
        return failed;
    profile_free(*profile);
    *profile = filtered;
    return 0;
}

int input_open(const char *path, struct profile **profile, struct error *err)
{
    struct symbolizer_options symbols = {0};
    struct source *source;
    size_t size;
    const uint8_t *head;
    int failed = source_open(&source, path, err);

    *profile = NULL;
    if (failed == -EISDIR)
        error_hint(err, "perf record --threads writes directories; recorded without it, the "
                        "file can be read");
    if (failed)
        return failed;
    symbol_defaults(&symbols);
    head = source_peek(source, 4096, &size);
    if (import_recognize(head, size)) {
        failed = session_import(source, &symbols, profile, err);
    } else {
        *profile = profile_new();
        failed = format_read(source, *profile, err);
    }
    source_close(source);
    if (failed) {
        profile_free(*profile);
        *profile = NULL;
    }
    return failed;
}

int input_read(const char *path, const struct filter *filter, bool quiet,
               struct profile **profile, struct error *err)
{
    struct profile *input;
    size_t stacks = 0;
    int failed = input_open(path, &input, err);

    if (!failed)
        failed = input_filter(filter, &input, err);
    if (!failed) {
        if (!quiet)
            print_notes(input);
        profile_stacks(input, &stacks);
    }
    if (!failed && !stacks)
        failed = error_set(err, ENODATA, "%s: the filters leave no samples", path);
    if (failed)
        profile_free(input);
    else
        *profile = input;
    return failed;
}
