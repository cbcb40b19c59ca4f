#ifndef FIQ_BASE_OUTPUT_H
#define FIQ_BASE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/*
 * A file that appears whole or not at all.
 *
 * It is written beside its final place, without a name where the file system can, and renamed
 * by output_commit(); until then an earlier file of that name stays as it was, and nothing is
 * left when the program is killed.  "-" is standard output.  Devices and pipes are written
 * directly, without waiting for a reader.  Under sudo the file belongs to SUDO_UID.  A symbolic
 * link of somebody else in a sticky directory is refused.
 */
struct output {
    FILE *stream; /* what the caller writes to */
    char *path;   /* as the user gave it */
    char *target; /* after following links; NULL when written directly */
    char *beside; /* the temporary name; NULL while it has none */
};

int output_open(struct output *output, const char *path, struct error *err);

/* Flushes, checks every earlier write, and renames.  The output is closed either way; after a
 * failure nothing new is left. */
int output_commit(struct output *output, struct error *err);

/* Closes and removes what was written.  Zeroed or committed outputs are allowed. */
void output_discard(struct output *output);

/* Gives the path to SUDO_UID:SUDO_GID when we are root under sudo.  Errors are ignored: the
 * file is there, only its owner is not the nicest. */
void output_give_to_sudo_user(int fd);

#endif
