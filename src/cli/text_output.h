#ifndef FIQ_CLI_TEXT_OUTPUT_H
#define FIQ_CLI_TEXT_OUTPUT_H

#include "format/format.h"

/* The report as an output: -o FILE.txt.  Not in the table of formats, as these know nothing of
 * reports. */
extern const struct format text_output;

#endif
