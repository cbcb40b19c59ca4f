#ifndef FIQ_TESTS_FUZZ_ROUND_TRIP_H
#define FIQ_TESTS_FUZZ_ROUND_TRIP_H

/* What was read from anybody's file can be written and read again without loss. */
#include "../format_text.h"
#include "../profile_text.h"

/* What comes of writing a profile and reading it again. */
static inline struct profile *reread_profile(const struct format *format,
                                             const struct profile *profile)
{
    struct write_options options = {.timestamps = true};
    struct error err = {0};
    size_t size;
    char *bytes = written_profile(format, profile, &options, &size, &err);
    struct profile *again = bytes ? read_profile(format, bytes, size, &err) : NULL;

    if (!again) {
        fprintf(stderr, "%s: %s\n", bytes ? "cannot be read again" : "cannot be written",
                err.message);
        abort();
    }
    free(bytes);
    return again;
}

static inline void expect_equal_totals(const struct profile *a, const struct profile *b)
{
    size_t types, others;

    profile_value_types(a, &types);
    profile_value_types(b, &others);
    for (size_t i = 0; i < types && i < others; i++)
        if (profile_total(a, i) != profile_total(b, i)) {
            fprintf(stderr, "total %zu was %" PRIu64 " and is %" PRIu64 "\n", i,
                    profile_total(a, i), profile_total(b, i));
            abort();
        }
}

/* The first writing may say things in another way, as it has rules that others do not keep;
 * the totals stay, and from then on everything does. */
static inline void round_trip(const struct format *format, const void *bytes, size_t size)
{
    struct profile *first = read_profile(format, bytes, size, NULL), *second, *third;
    char *text, *other;
    size_t types = 0;

    if (first)
        profile_value_types(first, &types);
    if (types) {
        second = reread_profile(format, first);
        expect_equal_totals(first, second);
        third = reread_profile(format, second);
        text = profile_text(second);
        other = profile_text(third);
        if (strcmp(text, other)) {
            fprintf(stderr, "---- once:\n%s---- twice:\n%s", text, other);
            abort();
        }
        free(text);
        free(other);
        profile_free(second);
        profile_free(third);
    }
    profile_free(first);
}

#endif
