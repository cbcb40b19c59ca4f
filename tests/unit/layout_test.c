#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "report/layout.h"

static char *shortened(const char *text, size_t columns)
{
    static char *written;
    size_t size;
    FILE *out;

    free(written);
    out = open_memstream(&written, &size);
    columns = layout_put_short(out, text, strlen(text), columns);
    fclose(out);
    cr_expect(eq(sz, columns, layout_columns(written, size)));
    return written;
}

static char *wrapped(const char *text, size_t indent, size_t width)
{
    static char *written;
    size_t size;
    FILE *out;

    free(written);
    out = open_memstream(&written, &size);
    layout_put_words(out, text, indent, width);
    fclose(out);
    return written;
}

Test(layout, short_text_is_left_alone)
{
    cr_expect(eq(str, shortened("main", 4), "main"));
}

Test(layout, long_text_loses_its_middle)
{
    cr_expect(eq(str, shortened("abcdefghijklmnopqrstuvwxyz", 10), "abc…uvwxyz"));
}

Test(layout, one_column_is_enough_for_an_ellipsis)
{
    cr_expect(eq(str, shortened("abcdef", 1), "…"));
    cr_expect(eq(str, shortened("abcdef", 0), ""));
}

Test(layout, wide_characters_never_stand_out)
{
    const char *text = "函数函数函数函数函数";

    for (size_t columns = 1; columns < 20; columns++) {
        const char *written = shortened(text, columns);

        cr_expect(le(sz, layout_columns(written, strlen(written)), columns), "%zu", columns);
    }
}

Test(layout, combining_characters_take_no_column)
{
    cr_expect(eq(sz, layout_columns("e\u0301", 3), 1));
}

Test(layout, words_wrap_before_the_width)
{
    cr_expect(eq(str, wrapped("one two three four", 2, 12), "one two\n  three four\n"));
}

Test(layout, a_word_longer_than_the_line_stands_alone)
{
    cr_expect(eq(str, wrapped("a bbbbbbbbbbbbbbbb c", 1, 8), "a\n bbbbbbbbbbbbbbbb\n c\n"));
}

Test(layout, percent_shows_neither_nothing_nor_all_for_what_is_not)
{
    char text[16];

    cr_expect(eq(str, (char *)layout_percent(text, 0, 10), "0"));
    cr_expect(eq(str, (char *)layout_percent(text, 1, 100000), "<0.1"));
    cr_expect(eq(str, (char *)layout_percent(text, 99999, 100000), "99.9"));
    cr_expect(eq(str, (char *)layout_percent(text, 7, 7), "100"));
    cr_expect(eq(str, (char *)layout_percent(text, 0, 0), "0"));
    cr_expect(eq(str, (char *)layout_percent(text, 123, 1000), "12.3"));
}

Test(layout, durations_read_well_at_any_length)
{
    char text[32];

    cr_expect(eq(str, (char *)layout_duration(text, 1500), "1.5 µs"));
    cr_expect(eq(str, (char *)layout_duration(text, 310000000), "310 ms"));
    cr_expect(eq(str, (char *)layout_duration(text, 5020000000), "5.02 s"));
    cr_expect(eq(str, (char *)layout_duration(text, 59990000000), "60.0 s"));
    cr_expect(eq(str, (char *)layout_duration(text, 125000000000), "2 min 5 s"));
}

Test(layout, colour_follows_the_environment)
{
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    unsetenv("CLICOLOR_FORCE");
    FILE *file = tmpfile();

    cr_expect(not(report_style_of(file).colour));
    setenv("CLICOLOR_FORCE", "1", 1);
    cr_expect(report_style_of(file).colour);
    setenv("NO_COLOR", "1", 1);
    cr_expect(not(report_style_of(file).colour));
    fclose(file);
}

Test(layout, width_follows_columns)
{
    FILE *file = tmpfile();

    setenv("COLUMNS", "123", 1);
    cr_expect(eq(sz, report_style_of(file).width, 123));
    setenv("COLUMNS", "3", 1);
    cr_expect(eq(sz, report_style_of(file).width, 40));
    unsetenv("COLUMNS");
    cr_expect(eq(sz, report_style_of(file).width, 80));
    fclose(file);
}
