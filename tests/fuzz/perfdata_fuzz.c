/* A recording of perf all the way to a profile: header, records, stacks, names. */
#include <stdlib.h>

#include "session/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    /* Names of kernel functions would be read from /proc each time. */
    struct symbolizer_options symbols = {.other_kernel = true};
    struct source *source = source_over("fuzz", bytes, size);
    struct profile *profile = NULL;
    struct error err;

    if (!session_import(&(struct recording){.files = &source, .count = 1}, &symbols, &profile,
                        &err) &&
        !profile_total(profile, 0) && !profile_facts(profile)->event)
        abort();
    profile_free(profile);
    source_close(source);
    return 0;
}
