#ifndef FIQ_CLI_OUTPUTS_H
#define FIQ_CLI_OUTPUTS_H

#include "base/error.h"
#include "base/output.h"
#include "cli/options.h"
#include "format/format.h"
#include "profile/profile.h"
#include "render/render.h"

/*
 * What is to be written: -o FILE, repeatable, the format taken from the suffix, ".gz" behind it
 * allowed; "-" is folded text to standard output.  Shared by all commands that end in a
 * profile.
 */
struct outputs {
    struct wish {
        const char *path;
        const struct format *format;   /* or */
        const struct picture *picture; /* what one looks at */
        bool gzip;                     /* a further ".gz" behind the suffix */
        char *owned;                   /* the path, when it is ours to free */
        bool written;
    } * wishes, forced; /* forced: by --format, without a path */
    size_t count, room;
    const char *directory; /* for names without one, or NULL */
    bool open;             /* show the first picture */
    const char *value;     /* by --value; NULL: the profile's own */
    struct write_options options;
    struct render_options render;
};

extern const struct option_spec output_options[]; /* settings: struct outputs */
extern const struct option_spec times_options[];  /* the same: for commands that read */
extern const struct option_spec render_options[]; /* the same: how pictures look */

/* Adds a file; `path` is the caller's and stays. */
int outputs_add(struct outputs *outputs, const char *path, struct error *err);
/* The same for a name that was made for this: it is freed with the outputs. */
int outputs_add_owned(struct outputs *outputs, char *path, struct error *err);

/* Makes the directory for those without one of their own. */
int outputs_prepare(const struct outputs *outputs, struct error *err);
/* Where one of them goes; to be freed. */
char *outputs_path(const struct outputs *outputs, size_t index);

/* Opens the file at `path`, and says what to do where that fails. */
int outputs_open(struct output *output, const char *path, struct error *err);

/* Writes all that can be written, also when one fails: a measurement may not come again.  The
 * error is of the first that failed; warnings tell of others. */
int outputs_write(struct outputs *outputs, const struct profile *profile, struct error *err);

void outputs_free(struct outputs *outputs);

#endif
