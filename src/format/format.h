#ifndef FIQ_FORMAT_FORMAT_H
#define FIQ_FORMAT_FORMAT_H

#include <stdio.h>

#include "base/error.h"
#include "base/source.h"
#include "profile/profile.h"
#include "profile/view.h"

/*
 * Ways to store a profile in a file.  Adding one is a file here and a line in formats.c.
 *
 * Readers take bytes from a source that refills: memory follows the number of distinct stacks.
 * What they cannot keep they count and say by profile_add_note().  Writers write to a stream
 * whose errors the caller checks at the end (base/output.h does).
 *
 * Folded text: "#" lines are comments, counts may have fractions, names may carry _[k], _[i]
 * and _[j].  Where every line ends in two counts, as difffolded.pl makes them, the values are
 * "before" and "after", and the second is shown.
 */
struct write_options {
    struct view_options
        view;        /* for formats of names: which value, processes and threads as frames */
    bool annotate;   /* folded: _[k] _[i] _[j] behind the names */
    bool timestamps; /* one sample an event, with its time, where a format can */
};

struct format {
    const char *name;    /* "folded", for --format */
    const char *suffix;  /* ".folded"; a further ".gz" is the caller's affair */
    const char *summary; /* one line for --help */
    /* Whether the first bytes (up to 4096, inflated) look like this format. */
    bool (*recognize)(const uint8_t *head, size_t size);
    /* NULL: cannot be read. */
    int (*read)(struct source *source, struct profile *profile, struct error *err);
    /* NULL: cannot be written. */
    int (*write)(const struct profile *profile, const struct write_options *options, FILE *out,
                 struct error *err);
};

/* All formats, ended by one without a name. */
extern const struct format *const formats[];

const struct format *format_named(const char *name); /* NULL when unknown */
const struct format *format_by_suffix(const char *path);
const struct format *format_recognize(const uint8_t *head, size_t size);

/* Reads a file of any known format into an empty profile.  -ENODATA when it holds no stack. */
int format_read_file(const char *path, struct profile *profile, struct error *err);
int format_read(struct source *source, struct profile *profile, struct error *err);

extern const struct format folded_format, pprof_format, speedscope_format, json_format,
    perfscript_format, firefox_format;

#endif
