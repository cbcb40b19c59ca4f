#ifndef FIQ_SESSION_IMPORT_H
#define FIQ_SESSION_IMPORT_H

#include "base/error.h"
#include "base/source.h"
#include "profile/profile.h"
#include "symbolize/symbolize.h"

/*
 * A profile from a file that perf recorded: copied stacks are unwound by our unwinder, chains
 * of frame pointers are taken as they are, names come from our symbolizer out of the files that
 * the recording names, if they are still the same.
 */
bool import_recognize(const uint8_t *head, size_t size);

/* The files of a recording: one, or those of a directory, the one with the header first. */
struct recording {
    struct source **files;
    size_t count;
};

/* Opens the files of a directory, as perf record --threads makes it.  -EISDIR when it has none
 * by the name that the first one must have. */
int recording_open_directory(struct recording *recording, const char *path, struct error *err);
void recording_close(struct recording *recording);

/* Fills an empty profile.  What could not be used is said in its notes. */
int session_import(const struct recording *recording, const struct symbolizer_options *symbols,
                   struct profile **profile, struct error *err);

#endif
