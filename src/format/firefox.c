/*
 * The processed format of the Firefox Profiler, version 49, with all symbols in it.
 *
 * The front end upgrades older versions and refuses newer ones, so one version is pinned.  In
 * this one every thread has tables of its own (firefox_tables.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "format/facts.h"
#include "format/firefox_tables.h"
#include "format/format.h"

enum { PROCESSED_VERSION = 49, GECKO_VERSION = 24 };

/* A sample in the timeline: one event when its time is known, else all of a stack. */
struct shown_sample {
    uint64_t time_ns; /* since the first */
    uint64_t weight;
    node_id node;
};

struct writer {
    const struct profile *profile;
    const struct write_options *options;
    struct json_writer *json;
    double interval_ms;
    uint64_t first_ns;
    bool timed;
    const char *weight_type;

    struct shown_sample *samples; /* of all threads, those of one together */
    size_t *first;                /* of each label set */

    struct firefox_tables tables;
};

/* ---- samples ---- */

static bool counts_time(const struct writer *writer)
{
    return !strcmp(writer->weight_type, "tracing-ms");
}

static void put_weight(struct writer *writer, uint64_t weight)
{
    struct json_writer *json = writer->json;

    if (counts_time(writer))
        json_real(json, (double)weight / 1e6);
    else
        json_u64(json, weight);
}

static void put_samples(struct writer *writer, const struct shown_sample *samples, size_t count)
{
    struct json_writer *json = writer->json;
    double per_sample_us = writer->interval_ms * 1000;

    json_line(json);
    json_open_at(json, "samples", '{');
    json_put_u64(json, "length", count);
    json_put_text(json, "weightType", writer->weight_type);
    json_open_at(json, "stack", '[');
    for (size_t i = 0; i < count; i++)
        firefox_tables_put_stack(&writer->tables, samples[i].node);
    json_close(json, ']');
    json_open_at(json, "time", '[');
    for (size_t i = 0; i < count; i++)
        json_real(json, (double)samples[i].time_ns / 1e6);
    json_close(json, ']');
    json_open_at(json, "weight", '[');
    for (size_t i = 0; i < count; i++)
        put_weight(writer, samples[i].weight);
    json_close(json, ']');
    /* Samples fall where the processor is busy; without this idle times would look so too. */
    json_open_at(json, "threadCPUDelta", '[');
    for (size_t i = 0; i < count; i++)
        json_real(json, counts_time(writer) ? (double)samples[i].weight / 1e3
                        : writer->timed     ? per_sample_us
                                            : per_sample_us * (double)samples[i].weight);
    json_close(json, ']');
    json_close(json, '}');
}

static int by_time(const void *a, const void *b)
{
    const struct shown_sample *x = a, *y = b;

    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

/* How many times each stack was seen; NULL when times are not known. */
static uint64_t *count_moments(struct writer *writer, size_t stack_count)
{
    size_t count;
    const struct moment *moments = profile_moments(writer->profile, &count);
    uint64_t *of_stack = xcalloc(stack_count, sizeof(*of_stack));

    writer->first_ns = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        of_stack[moments[i].stack]++;
        if (moments[i].time_ns < writer->first_ns)
            writer->first_ns = moments[i].time_ns;
    }
    writer->timed = count > 0;
    return of_stack;
}

static uint64_t value_of(const struct writer *writer, stack_id stack)
{
    uint64_t value = profile_values(writer->profile, stack)[writer->options->view.value];

    return value == NOT_MEASURED ? 0 : value;
}

/* Stacks without times get some: one behind the other, as long as they weigh. */
static void lay_out(struct writer *writer, struct shown_sample *samples, size_t count)
{
    uint64_t interval = counts_time(writer) ? 1 : (uint64_t)(writer->interval_ms * 1e6);
    uint64_t at = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t length;

        samples[i].time_ns = at;
        if (__builtin_mul_overflow(samples[i].weight, interval, &length) ||
            length > INT64_MAX - at)
            length = 0;
        at += length;
    }
}

/* Fills samples[first[label] .. first[label + 1]). */
static void collect_samples(struct writer *writer)
{
    size_t stack_count, moment_count;
    const struct stack *stacks = profile_stacks(writer->profile, &stack_count);
    const struct moment *moments = profile_moments(writer->profile, &moment_count);
    uint32_t labels = profile_label_count(writer->profile);
    uint64_t *moments_of = count_moments(writer, stack_count);
    uint64_t *seen = xcalloc(stack_count, sizeof(*seen));
    size_t *next;

    writer->first = xcalloc(labels + 2, sizeof(*writer->first));
    for (stack_id i = 0; i < stack_count; i++)
        if (value_of(writer, i) || moments_of[i])
            writer->first[stacks[i].labels + 1] +=
                moments_of[i] ? (size_t)moments_of[i] : (size_t)1;
    for (label_id i = 0; i < labels; i++)
        writer->first[i + 1] += writer->first[i];
    writer->samples = xcalloc(writer->first[labels] + 1, sizeof(*writer->samples));
    next = xcalloc(labels + 1, sizeof(*next));
    memcpy(next, writer->first, labels * sizeof(*next));
    for (stack_id i = 0; i < stack_count; i++)
        if (value_of(writer, i) && !moments_of[i])
            writer->samples[next[stacks[i].labels]++] =
                (struct shown_sample){.weight = value_of(writer, i), .node = stacks[i].node};
    for (size_t i = 0; i < moment_count; i++) {
        stack_id id = moments[i].stack;
        uint64_t value = value_of(writer, id), count = moments_of[id];

        writer->samples[next[stacks[id].labels]++] =
            (struct shown_sample){.time_ns = moments[i].time_ns - writer->first_ns,
                                  .weight = value / count + (seen[id]++ < value % count),
                                  .node = stacks[id].node};
    }
    free(next);
    free(seen);
    free(moments_of);
}

/* ---- threads ---- */

static void put_numbers(struct json_writer *json, const struct label_set *labels)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", labels->pid);
    json_put_text(json, "pid", text);
    snprintf(text, sizeof(text), "%d", labels->tid);
    json_put_text(json, "tid", text);
}

static void put_thread(struct writer *writer, label_id id, struct shown_sample *samples,
                       size_t count)
{
    struct json_writer *json = writer->json;
    const struct label_set *labels = profile_labels_at(writer->profile, id);
    const char *process = profile_string(writer->profile, labels->process);
    const char *thread = profile_string(writer->profile, labels->thread);
    double end;

    if (writer->timed)
        qsort(samples, count, sizeof(*samples), by_time);
    else
        lay_out(writer, samples, count);
    end = (double)samples[count - 1].time_ns / 1e6 + writer->interval_ms;
    firefox_tables_begin(&writer->tables);
    for (size_t i = 0; i < count; i++)
        firefox_tables_use(&writer->tables, samples[i].node);
    firefox_tables_number(&writer->tables);

    json_line(json);
    json_open(json, '{');
    json_put_text(json, "name", *thread ? thread : "all threads");
    json_put_bool(json, "isMainThread", labels->pid == labels->tid);
    json_put_text(json, "processType", "default");
    json_put_text(json, "processName", *process ? process : "process");
    put_numbers(json, labels);
    json_put_u64(json, "processStartupTime", 0);
    json_put_real(json, "processShutdownTime", end);
    json_put_u64(json, "registerTime", 0);
    json_put_real(json, "unregisterTime", end);
    json_put_empty(json, "pausedRanges");
    json_put_bool(json, "showMarkersInTimeline", false);
    put_samples(writer, samples, count);
    firefox_tables_put(&writer->tables);
    json_close(json, '}');
}

static void put_threads(struct writer *writer)
{
    struct json_writer *json = writer->json;

    json_line(json);
    json_open_at(json, "threads", '[');
    for (label_id i = 0; i < profile_label_count(writer->profile); i++) {
        size_t count = writer->first[i + 1] - writer->first[i];

        if (count)
            put_thread(writer, i, writer->samples + writer->first[i], count);
    }
    json_close(json, ']');
}

/* ---- the head ---- */

/* Build IDs as Breakpad writes them: a GUID, whose first three numbers are little-endian, and
 * an age. */
static void put_breakpad_id(struct json_writer *json, const char *build_id)
{
    static const unsigned order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    char padded[33], text[34];
    size_t length = strlen(build_id);

    memset(padded, '0', 32);
    memcpy(padded, build_id, length < 32 ? length : 32);
    for (size_t i = 0; i < 32; i++) {
        char c = padded[order[i / 2] * 2 + i % 2];

        text[i] = c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c;
    }
    text[32] = '0';
    json_key(json, "breakpadId");
    json_string(json, text, length ? 33 : 0);
}

static void put_libs(struct writer *writer)
{
    struct json_writer *json = writer->json;

    json_line(json);
    json_open_at(json, "libs", '[');
    for (mapping_id i = 1; i <= profile_mapping_count(writer->profile); i++) {
        const struct profile_mapping *mapping = profile_mapping_at(writer->profile, i);
        const char *path = profile_string(writer->profile, mapping->path);
        const char *build_id = profile_string(writer->profile, mapping->build_id);

        json_line(json);
        json_open(json, '{');
        json_put_text(json, "name", text_file_name(path));
        json_put_text(json, "path", path);
        json_put_text(json, "debugName", text_file_name(path));
        json_put_text(json, "debugPath", path);
        put_breakpad_id(json, build_id);
        json_key(json, "codeId");
        if (*build_id)
            json_text(json, build_id);
        else
            json_null(json);
        json_key(json, "arch");
        json_null(json);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_units(struct json_writer *json)
{
    json_open_at(json, "sampleUnits", '{');
    json_put_text(json, "eventDelay", "ms");
    json_put_text(json, "threadCPUDelta", "\xc2\xb5s");
    json_put_text(json, "time", "ms");
    json_close(json, '}');
}

static void put_meta(struct writer *writer)
{
    struct json_writer *json = writer->json;
    const struct profile_info *info = profile_facts(writer->profile);
    const char *command = profile_string(writer->profile, info->command);

    json_line(json);
    json_open_at(json, "meta", '{');
    json_put_real(json, "interval", writer->interval_ms);
    json_put_real(json, "startTime", (double)info->started_ns / 1e6);
    json_put_u64(json, "processType", 0);
    json_put_text(json, "product", *command ? command : "fiq");
    json_put_text(json, "oscpu", profile_string(writer->profile, info->host));
    json_put_u64(json, "stackwalk", 1);
    json_put_bool(json, "debug", false);
    json_put_u64(json, "version", GECKO_VERSION);
    json_put_u64(json, "preprocessedProfileVersion", PROCESSED_VERSION);
    json_put_bool(json, "symbolicated", true);
    json_put_bool(json, "usesOnlyOneStackType", true);
    json_put_bool(json, "doesNotUseFrameImplementation", true);
    json_put_bool(json, "sourceCodeIsNotOnSearchfox", true);
    json_put_text(json, "importedFrom", "fiq " FIQ_VERSION);
    json_put_empty(json, "markerSchema");
    put_units(json);
    firefox_put_categories(json);
    json_close(json, '}');
}

static void put_file(struct writer *writer)
{
    struct json_writer *json = writer->json;

    json_open(json, '{');
    put_meta(writer);
    put_libs(writer);
    json_put_empty(json, "pages");
    json_put_empty(json, "counters");
    json_put_empty(json, "profilerOverhead");
    put_threads(writer);
    json_close(json, '}');
}

static double interval_ms(const struct profile *profile)
{
    const struct profile_info *info = profile_facts(profile);

    if (clock_period(profile))
        return (double)clock_period(profile) / 1e6;
    return info->frequency_hz > 0 ? 1000 / info->frequency_hz : 1;
}

static const char *weight_type(const struct profile *profile, size_t value)
{
    size_t count;
    const char *unit =
        profile_string(profile, profile_value_types(profile, &count)[value].unit);

    if (!strcmp(unit, "nanoseconds"))
        return "tracing-ms";
    return strcmp(unit, "bytes") ? "samples" : "bytes";
}

static int firefox_write(const struct profile *profile, const struct write_options *options,
                         FILE *out, struct error *err)
{
    struct json_writer json;
    struct writer writer = {.profile = profile,
                            .options = options,
                            .json = &json,
                            .interval_ms = interval_ms(profile),
                            .weight_type = weight_type(profile, options->view.value)};

    (void)err;
    collect_samples(&writer);
    json_begin(&json, out);
    firefox_tables_init(&writer.tables, profile, &json);
    put_file(&writer);
    json_end(&json);
    fputc('\n', out);
    firefox_tables_free(&writer.tables);
    free(writer.samples);
    free(writer.first);
    return 0;
}

/* Only to say what the file is. */
static bool firefox_recognize(const uint8_t *head, size_t size)
{
    static const char mark[] = "\"preprocessedProfileVersion\"";

    return size && head[0] == '{' && memmem(head, size, mark, sizeof(mark) - 1);
}

const struct format firefox_format = {
    .name = "firefox",
    .suffix = ".firefox.json",
    .summary = "for profiler.firefox.com: threads, times, categories",
    .recognize = firefox_recognize,
    .write = firefox_write,
};
