#include "cli/outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/output.h"
#include "base/xalloc.h"

int outputs_add(struct outputs *outputs, const char *path, struct error *err)
{
    const struct format *format =
        strcmp(path, "-") ? format_by_suffix(path) : format_named("folded");

    if (!format || !format->write) {
        error_set(err, EINVAL, "the suffix of %s is that of no format that can be written",
                  path);
        error_hint(err, ".folded and .svg are; - is folded text to standard output");
        return -EINVAL;
    }
    outputs->wishes =
        xgrow(outputs->wishes, &outputs->room, outputs->count + 1, sizeof(*outputs->wishes));
    outputs->wishes[outputs->count++] = (struct wish){.path = path, .format = format};
    return 0;
}

static int set_output(void *settings, const char *value, struct error *err)
{
    return outputs_add(settings, value, err);
}

static int set_processes(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    ((struct outputs *)settings)->options.view.processes = VIEW_PROCESSES_ALWAYS;
    return 0;
}

static int set_threads(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    ((struct outputs *)settings)->options.view.threads = true;
    return 0;
}

static int set_annotate(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    ((struct outputs *)settings)->options.annotate = true;
    return 0;
}

const struct option_spec output_options[] = {
    {"output", 'o', 0, "FILE", "write FILE, format by suffix; repeatable; - is standard output",
     set_output, "Output"},
    {"processes", 0, 0, NULL, "the process, with its PID, as the outermost frame",
     set_processes},
    {"threads", 0, 0, NULL, "the thread, with its TID, as a frame", set_threads},
    {"annotate", 0, 0, NULL, "folded: mark kernel, inlined and JIT frames _[k] _[i] _[j]",
     set_annotate},
    {0}};

static int write_one(const struct wish *wish, const struct write_options *options,
                     const struct profile *profile, struct error *err)
{
    struct output output;
    int failed = output_open(&output, wish->path, err);

    if (failed)
        return failed;
    failed = wish->format->write(profile, options, output.stream, err);
    if (failed) {
        output_discard(&output);
        return failed;
    }
    return output_commit(&output, err);
}

int outputs_write(const struct outputs *outputs, const struct profile *profile,
                  struct error *err)
{
    struct write_options options = outputs->options;
    int failed = 0;

    options.view.value = profile_default_value(profile);
    for (size_t i = 0; i < outputs->count && !failed; i++)
        failed = write_one(&outputs->wishes[i], &options, profile, err);
    return failed;
}

void outputs_free(struct outputs *outputs)
{
    free(outputs->wishes);
    *outputs = (struct outputs){0};
}
