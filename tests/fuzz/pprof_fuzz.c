/* pprof in; what was read, written and read again must be the same. */
#include "../profile_text.h"
#include "format/format.h"

static struct profile *read_bytes(const void *bytes, size_t size)
{
    struct profile *profile = profile_new();
    struct source *source = source_over("fuzz", bytes, size);
    struct error err;

    if (pprof_format.read(source, profile, &err)) {
        profile_free(profile);
        profile = NULL;
    }
    source_close(source);
    return profile;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct profile *first = read_bytes(bytes, size), *second;
    struct write_options options = {.timestamps = true};
    char *packed, *text, *other;
    FILE *out;

    if (!first)
        return 0;
    out = open_memstream(&packed, &size);
    if (pprof_format.write(first, &options, out, NULL))
        abort();
    fclose(out);
    second = read_bytes(packed, size);
    if (!second)
        abort();
    text = profile_text(first);
    other = profile_text(second);
    free(packed);
    free(text);
    free(other);
    profile_free(first);
    profile_free(second);
    return 0;
}
