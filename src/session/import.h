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

/* Fills an empty profile.  What could not be used is said in its notes. */
int session_import(struct source *source, const struct symbolizer_options *symbols,
                   struct profile **profile, struct error *err);

#endif
