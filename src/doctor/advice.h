#ifndef FIQ_DOCTOR_ADVICE_H
#define FIQ_DOCTOR_ADVICE_H

#include <stdbool.h>
#include <stdio.h>

/* What was found out about a program's names, for who wants more of them. */
struct findings {
    const char *path;       /* of the program, absolute */
    const char *inner_path; /* the same in its own container, where that is another */
    bool functions;         /* names of all of them are there */
    bool inlined;           /* ... and inlined calls and lines */
    bool asked_debuginfod;  /* without success */
    const char *link;       /* the name in its .gnu_debuglink, or NULL */
    const char
        *other_build; /* a debug file of its name that belongs to another build, or NULL */
    unsigned missing_parts; /* DWARF version of split units whose .dwo is missing; 0: none is */
};

/* Writes the next command to give, whole, with this program's path; nothing when all is there.
 */
void advice_tell(const struct findings *found, FILE *out);

#endif
