#include "cli/text_output.h"

#include <stdint.h>

#include "report/report.h"

static int write_report(const struct profile *profile, const struct write_options *options,
                        FILE *out, struct error *err)
{
    return report_write(profile,
                        &(struct report_options){.form = REPORT_TEXT,
                                                 .value = options->view.value,
                                                 .style = {.width = SIZE_MAX}},
                        out, err);
}

const struct format text_output = {.name = "text",
                                   .suffix = ".txt",
                                   .summary = "hot paths, functions, threads and quality",
                                   .write = write_report};
