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

/* What comes of reading `text` and writing it again; its total must be the same. */
static char *again(const char *text, size_t size, uint64_t total, size_t *written_size)
{
    struct profile *profile = read_bytes(text, size);
    char *result;

    if (!profile || profile_total(profile, 0) != total)
        abort();
    result = written(profile, written_size);
    profile_free(profile);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct profile *profile = read_bytes(bytes, size);
    size_t sizes[3];
    char *texts[3];
    uint64_t total;

    if (!profile)
        return 0;
    total = profile_total(profile, 0);
    /* The first writing may give names another spelling, and thereby make two stacks one and
     * their order another; from then on nothing changes any more. */
    texts[0] = written(profile, &sizes[0]);
    for (size_t i = 1; i < 3; i++)
        texts[i] = again(texts[i - 1], sizes[i - 1], total, &sizes[i]);
    if (sizes[1] != sizes[2] || memcmp(texts[1], texts[2], sizes[1]))
        abort();
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
    profile_free(profile);
    return 0;
}
