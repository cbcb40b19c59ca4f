#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "profile/profile.h"

static struct profile *folded(const char *text)
{
    struct profile *profile = profile_new();
    struct source *source = source_over("text", text, strlen(text));

    cr_assert(eq(int, folded_format.read(source, profile, NULL), 0));
    source_close(source);
    return profile;
}

/* "name self total" in the order of the table. */
static char *top_of(const char *text)
{
    static char table[512];
    struct profile *profile = folded(text);
    struct top_entry *entries;
    size_t count = profile_top(profile, 0, &entries);

    table[0] = '\0';
    for (size_t i = 0; i < count; i++)
        sprintf(table + strlen(table), "%s %llu %llu\n",
                profile_string(profile, entries[i].function),
                (unsigned long long)entries[i].self, (unsigned long long)entries[i].total);
    free(entries);
    profile_free(profile);
    return table;
}

Test(top, largest_self_comes_first)
{
    cr_expect(eq(str, top_of("main;f 3\nmain;g 5\nmain 1\n"), "g 5 5\nf 3 3\nmain 1 9\n"));
}

Test(top, recursion_counts_once_in_total)
{
    cr_expect(eq(str, top_of("main;f;f;f 4\nmain;f;g;f 2\n"), "f 6 6\nmain 0 6\ng 0 2\n"));
}

Test(top, two_places_of_a_function_add_up)
{
    cr_expect(eq(str, top_of("a;f 1\nb;f 2\n"), "f 3 3\nb 0 2\na 0 1\n"));
}
