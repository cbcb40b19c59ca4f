/* Folded text in; what was read, written and read again must be the same. */
#include <stdlib.h>
#include <string.h>

#include "format/format.h"

static struct profile *read_bytes(const void *bytes, size_t size)
{
    struct profile *profile = profile_new();
    struct source *source = source_over("fuzz", bytes, size);
    struct error err;

    if (folded_format.read(source, profile, &err)) {
        profile_free(profile);
        profile = NULL;
    }
    source_close(source);
    return profile;
}

static char *written(const struct profile *profile, size_t *size)
{
    struct write_options options = {0};
    struct error err;
    char *text = NULL;
    FILE *out = open_memstream(&text, size);

    if (folded_format.write(profile, &options, out, &err))
        abort();
    fclose(out);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct profile *first = read_bytes(bytes, size), *second;
    size_t first_size, second_size;
    char *first_text, *second_text;

    if (!first)
        return 0;
    first_text = written(first, &first_size);
    second = read_bytes(first_text, first_size);
    if (!second || profile_total(first, 0) != profile_total(second, 0))
        abort();
    second_text = written(second, &second_size);
    if (first_size != second_size || memcmp(first_text, second_text, first_size))
        abort();
    free(first_text);
    free(second_text);
    profile_free(first);
    profile_free(second);
    return 0;
}
