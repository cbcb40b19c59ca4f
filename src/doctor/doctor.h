#ifndef FIQ_DOCTOR_DOCTOR_H
#define FIQ_DOCTOR_DOCTOR_H

#include <stdio.h>

#include "base/error.h"
#include "symbolize/symbolize.h"

/* Why a program has names or lacks them: writes for one file what it holds, where debug files
 * were looked for and what was wrong with each, and what would help. */
int doctor_file(const char *path, const struct symbolizer_options *options, FILE *out,
                struct error *err);

#endif
