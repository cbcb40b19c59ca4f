/* Folded text in; what was read, written and read again must be the same. */
#include <stdlib.h>
#include <string.h>

#include "../format_text.h"

static const struct write_options options;

/* What comes of reading `text` and writing it again; its total must be the same. */
static char *again(const char *text, size_t size, uint64_t total, size_t *written_size)
{
    struct profile *profile = read_profile(&folded_format, text, size, NULL);
    char *result;

    if (!profile || profile_total(profile, 0) != total)
        abort();
    result = written_profile(&folded_format, profile, &options, written_size, NULL);
    if (!result)
        abort();
    profile_free(profile);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct profile *profile = read_profile(&folded_format, bytes, size, NULL);
    size_t sizes[3];
    char *texts[3];
    uint64_t total;

    if (!profile)
        return 0;
    total = profile_total(profile, 0);
    /* The first writing may give names another spelling, and thereby make two stacks one and
     * their order another; from then on nothing changes any more. */
    texts[0] = written_profile(&folded_format, profile, &options, &sizes[0], NULL);
    for (size_t i = 1; i < 3; i++)
        texts[i] = again(texts[i - 1], sizes[i - 1], total, &sizes[i]);
    if (sizes[1] != sizes[2] || memcmp(texts[1], texts[2], sizes[1]))
        abort();
    for (size_t i = 0; i < 3; i++)
        free(texts[i]);
    profile_free(profile);
    return 0;
}
