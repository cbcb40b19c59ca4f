/* A file of the format in; what is read can be written and read again, with the same sum. */
#include "../profile_text.h"
#include "format/format.h"

static const struct format *const format = &json_format;

static struct profile *read_bytes(const void *bytes, size_t size)
{
    struct profile *profile = profile_new();
    struct source *source = source_over("fuzz", bytes, size);
    struct error err;

    if (format->read(source, profile, &err)) {
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
    size_t types;
    char *text;
    FILE *out;

    if (!first)
        return 0;
    profile_value_types(first, &types);
    if (types) {
        out = open_memstream(&text, &size);
        if (format->write(first, &options, out, NULL))
            abort();
        fclose(out);
        second = read_bytes(text, size);
        if (!second)
            abort();
        profile_value_types(second, &types);
        if (types && profile_total(first, 0) != profile_total(second, 0))
            abort();
        profile_free(second);
        free(text);
    }
    profile_free(first);
    return 0;
}
