#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"

static struct strings *strings;

static void set_up(void)
{
    strings = strings_new();
}

static void tear_down(void)
{
    strings_free(strings);
}

TestSuite(strings, .init = set_up, .fini = tear_down);

Test(strings, the_empty_text_is_number_0)
{
    cr_expect(eq(u32, strings_add(strings, "", 0), 0));
    cr_expect(eq(u32, strings_count(strings), 1));
}

Test(strings, equal_texts_have_one_number)
{
    str_id first = strings_add(strings, "main", 4);

    cr_expect(eq(u32, strings_add(strings, "maintain", 4), first));
    cr_expect(ne(u32, strings_add(strings, "maintain", 8), first));
    cr_expect(eq(u32, strings_find(strings, "main", 4), first));
    cr_expect(eq(u32, strings_find(strings, "mai", 3), UINT32_MAX));
}

Test(strings, a_text_may_hold_nul)
{
    str_id id = strings_add(strings, "a\0b", 3);

    cr_expect(eq(sz, strings_length(strings, id), 3));
    cr_expect(eq(int, memcmp(strings_get(strings, id), "a\0b", 4), 0));
    cr_expect(ne(u32, strings_add(strings, "a", 1), id));
}

Test(strings, texts_stay_where_they_are_while_others_come)
{
    const char *first = strings_get(strings, strings_add(strings, "first", 5));
    char text[32];

    for (int i = 0; i < 100000; i++)
        strings_add(strings, text, (size_t)snprintf(text, sizeof(text), "name %d", i));
    cr_expect(eq(str, first, "first"));
    cr_expect(eq(u32, strings_count(strings), 100002));
    cr_expect(
        eq(str, strings_get(strings, strings_find(strings, "name 77777", 10)), "name 77777"));
}

Test(strings, a_text_longer_than_a_chunk_is_kept_whole)
{
    size_t length = 3 << 20;
    char *text = malloc(length);
    str_id id;

    memset(text, 'x', length);
    id = strings_add(strings, text, length);
    cr_expect(eq(sz, strlen(strings_get(strings, id)), length));
    free(text);
}
