/* perf script's text in: no crash, and each sample counted once or said to be left out. */
#include <stdlib.h>

#include "base/saturate.h"
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct profile *profile = profile_new();
    struct source *source = source_over("fuzz", bytes, size);
    struct error err;
    size_t moments, types;

    if (!perfscript_format.read(source, profile, &err)) {
        uint64_t samples = 0;

        profile_value_types(profile, &types);
        for (size_t i = 0; i < types; i++)
            samples = saturating_add(samples, profile_total(profile, i));
        profile_moments(profile, &moments);
        if (samples < moments)
            abort();
    }
    source_close(source);
    profile_free(profile);
    return 0;
}
