#ifndef FIQ_DOCTOR_OTHER_FILE_H
#define FIQ_DOCTOR_OTHER_FILE_H

#include <stdbool.h>
#include <stdio.h>

/* What a file is that is no program: a script, a directory, a perf map, a jitdump; and what to
 * ask instead.  False, with nothing written, when it is none of these. */
bool other_file_tell(int fd, const char *path, FILE *out);

#endif
