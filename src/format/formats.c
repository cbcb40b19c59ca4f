#include "format/format.h"

#include <errno.h>
#include <string.h>

/* The order decides: narrow shapes and long suffixes first, last what accepts nearly anything.
 */
const struct format *const formats[] = {
    &pprof_format, &speedscope_format, &firefox_format,
    &json_format,  &perfscript_format, &folded_format,
    NULL,
};

const struct format *format_named(const char *name)
{
    for (size_t i = 0; formats[i]; i++)
        if (!strcmp(formats[i]->name, name))
            return formats[i];
    return NULL;
}

const struct format *format_by_suffix(const char *path)
{
    size_t length = strlen(path);

    for (size_t i = 0; formats[i]; i++) {
        size_t suffix = strlen(formats[i]->suffix);

        if (length >= suffix && !strcmp(path + length - suffix, formats[i]->suffix))
            return formats[i];
    }
    return NULL;
}

const struct format *format_recognize(const uint8_t *head, size_t size)
{
    for (size_t i = 0; formats[i]; i++)
        if (formats[i]->recognize && formats[i]->recognize(head, size))
            return formats[i];
    return NULL;
}

/* For a file that is no profile.  Any text passes for folded until its first line is read. */
static void explain(bool is_markup, struct error *err)
{
    if (is_markup)
        error_hint(err, "pictures and pages are not read back; the .pb.gz of the same "
                        "measurement is");
    else
        error_hint(err, "fiq reads perf.data, pprof, speedscope, its own JSON, folded stacks "
                        "and the text of perf script");
}

int format_read(struct source *source, struct profile *profile, struct error *err)
{
    size_t size, stacks;
    const uint8_t *head = source_peek(source, 4096, &size);
    const struct format *format;
    bool is_markup;
    int failed = source_failed(source, err);

    if (failed)
        return failed;
    if (!size)
        return error_set(err, ENODATA, "%s is empty", source_name(source));
    is_markup = head[0] == '<';
    format = format_recognize(head, size);
    if (!format)
        failed =
            error_set(err, EBADMSG, "%s is in no format that fiq knows", source_name(source));
    else if (!format->read)
        failed = error_set(err, ENOTSUP,
                           "%s is in the format %s, which fiq writes but does "
                           "not read",
                           source_name(source), format->name);
    else
        failed = format->read(source, profile, err);
    if (!failed)
        failed = source_failed(source, err);
    else if (!format || !format->read || format == &folded_format)
        explain(is_markup, err);
    if (failed)
        return failed;
    profile_stacks(profile, &stacks);
    if (!stacks)
        return error_set(err, ENODATA, "%s holds no stacks", source_name(source));
    profile_settle(profile);
    return 0;
}

int format_read_file(const char *path, struct profile *profile, struct error *err)
{
    struct source *source;
    int failed = source_open(&source, path, err);

    if (failed)
        return failed;
    failed = format_read(source, profile, err);
    source_close(source);
    return failed;
}
