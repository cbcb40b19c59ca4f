#ifndef FIQ_TESTS_FORMAT_TEXT_H
#define FIQ_TESTS_FORMAT_TEXT_H

/* Profiles out of and into texts in memory, for the tests of formats. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/format.h"

/* As format->read(), or with NULL in whatever format it is; NULL when that fails. */
static inline struct profile *read_profile(const struct format *format, const void *bytes,
                                           size_t size, struct error *err)
{
    struct profile *profile = profile_new();
    struct source *source = source_over("in", bytes, size);
    int failed =
        format ? format->read(source, profile, err) : format_read(source, profile, err);

    source_close(source);
    if (!failed)
        return profile;
    profile_free(profile);
    return NULL;
}

/* To be freed, and NULL when it cannot be written; `size` may be NULL where it is text. */
static inline char *written_profile(const struct format *format, const struct profile *profile,
                                    const struct write_options *options, size_t *size,
                                    struct error *err)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, size ? size : &length);
    int failed = format->write(profile, options, out, err);

    fclose(out);
    if (!failed)
        return text;
    free(text);
    return NULL;
}

/* Whether one of the profile's notes holds the text. */
static inline bool profile_says(const struct profile *profile, const char *text)
{
    size_t count;
    const str_id *notes = profile_notes(profile, &count);

    for (size_t i = 0; i < count; i++)
        if (strstr(profile_string(profile, notes[i]), text))
            return true;
    return false;
}

#endif
