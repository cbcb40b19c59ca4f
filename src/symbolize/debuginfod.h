#ifndef FIQ_SYMBOLIZE_DEBUGINFOD_H
#define FIQ_SYMBOLIZE_DEBUGINFOD_H

#include "elf/debug_file.h"

/*
 * Debug files from debuginfod servers (DEBUGINFOD_URLS; elfutils' own where that is not set).
 * The client library is loaded when somebody asks: it brings curl along.
 */

struct debuginfod {
    bool given_up; /* the servers cannot be reached, or let us wait: they are asked no more */
};

/* Fetches the debug file of the program, or takes it from the client's cache.  False when there
 * is none; `why` then says it in a few words.  Tells when it takes long, and when it gives up.
 */
bool debuginfod_find(struct debuginfod *servers, struct debug_file *file, struct image *program,
                     const char **why);

#endif
