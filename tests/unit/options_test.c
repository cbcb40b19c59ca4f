#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"

static char said[512];

/* message.c has the real ones. */
void print_message(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(said, sizeof(said), format, arguments);
    va_end(arguments);
}

void print_hint(const char *format, ...)
{
    (void)format;
}

struct settings {
    struct {
        int verbose;
    } talk;
    struct {
        const char *output, *title;
        bool open, kernel;
    } write;
};

static int set_verbose(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    ++*(int *)settings;
    return 0;
}

static int set_output(void *settings, const char *value, struct error *err)
{
    if (!*value)
        return error_set(err, 22, "no name");
    *(const char **)settings = value;
    return 0;
}

static struct settings settings;
static struct operands operands;

static const struct option_spec talk_table[] = {
    {"verbose", 'v', 0, NULL, "more", set_verbose, NULL}, {0}};
static const struct option_spec write_table[] = {
    {"output", 'o', 'O', "FILE", "where to", set_output, NULL},
    {"title", 0, 0, "TEXT", "headline", OPTION_TEXT(typeof(settings.write), title)},
    {"open", 0, 0, NULL, "show it", OPTION_SETS(typeof(settings.write), open)},
    {"no-kernel", 0, 0, NULL, "leave it out", OPTION_CLEARS(typeof(settings.write), kernel)},
    {0}};

static struct command command = {
    .name = "try",
    .usage = "try",
    .about = "",
    .tables = {{talk_table, offsetof(struct settings, talk)},
               {write_table, offsetof(struct settings, write)}},
};

static enum options_result parse(const char *line)
{
    static char copy[256];
    static char *argv[32];
    int argc = 0;

    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    settings = (struct settings){.write.kernel = true};
    return options_parse(&command, argc, argv, &settings, &operands);
}

Test(options, short_long_joined_and_second_letters_are_one_option)
{
    static const char *const lines[] = {"try -o x",       "try -ox",        "try -O x",
                                        "try --output x", "try --output=x", "try --out x"};

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        cr_expect(eq(int, parse(lines[i]), OPTIONS_OK), "%s: %s", lines[i], said);
        cr_expect(eq(str, settings.write.output, "x"), "%s", lines[i]);
    }
}

Test(options, operands_may_stand_between_options)
{
    cr_assert(eq(int, parse("try a -v b -v -- -v"), OPTIONS_OK));
    cr_expect(eq(int, settings.talk.verbose, 2));
    cr_assert(eq(sz, operands.count, 3));
    cr_expect(eq(str, operands.words[0], "a"));
    cr_expect(eq(str, operands.words[1], "b"));
    cr_expect(eq(str, operands.words[2], "-v"));
    cr_expect(eq(sz, operands.behind, 1));
}

Test(options, members_are_set_without_a_function_of_their_own)
{
    cr_assert(eq(int, parse("try --open --title x"), OPTIONS_OK));
    cr_expect(settings.write.open);
    cr_expect(settings.write.kernel);
    cr_expect(eq(str, settings.write.title, "x"));

    cr_assert(eq(int, parse("try --no-kernel"), OPTIONS_OK));
    cr_expect(not(settings.write.open));
    cr_expect(not(settings.write.kernel));
    cr_expect(eq(ptr, (void *)settings.write.title, NULL));
}

Test(options, what_follows_the_command_belongs_to_it)
{
    command.stops_at_operand = true;
    cr_assert(eq(int, parse("try -v prog -v --output"), OPTIONS_OK));
    cr_expect(eq(int, settings.talk.verbose, 1));
    cr_assert(eq(sz, operands.count, 3));
    cr_expect(eq(str, operands.words[1], "-v"));

    cr_assert(eq(int, parse("try -v -- -prog -v"), OPTIONS_OK));
    cr_assert(eq(sz, operands.count, 2));
    cr_expect(eq(str, operands.words[0], "-prog"));
}

Test(options, a_verb_stands_in_front_of_all_else)
{
    command.verbs[0] = "record";
    command.verbs[1] = "check";
    cr_assert(eq(int, parse("try check -v record"), OPTIONS_OK));
    cr_expect(eq(str, (char *)operands.verb, "check"));
    cr_expect(eq(int, settings.talk.verbose, 1));
    cr_assert(eq(sz, operands.count, 1));
    cr_expect(eq(str, operands.words[0], "record"));

    cr_assert(eq(int, parse("try -v check"), OPTIONS_OK));
    cr_expect(eq(ptr, (void *)operands.verb, NULL));
    cr_expect(eq(sz, operands.count, 1));
}

Test(options, a_wrong_option_is_named)
{
    cr_expect(eq(int, parse("try --wrong"), OPTIONS_BAD));
    cr_expect(ne(ptr, strstr(said, "--wrong"), NULL), "%s", said);
    cr_expect(eq(int, parse("try -x"), OPTIONS_BAD));
    cr_expect(ne(ptr, strstr(said, "-x"), NULL), "%s", said);
    cr_expect(eq(int, parse("try --output"), OPTIONS_BAD));
    cr_expect(ne(ptr, strstr(said, "needs a value"), NULL), "%s", said);
    cr_expect(eq(int, parse("try --output="), OPTIONS_BAD));
    cr_expect(ne(ptr, strstr(said, "no name"), NULL), "%s", said);
}

Test(options, durations_have_units_and_limits)
{
    static const struct {
        const char *text;
        unsigned long long ns;
    } good[] = {{"5", 5000000000},
                {"500ms", 500000000},
                {"2m", 120000000000},
                {"0.25s", 250000000},
                {"1h", 3600000000000}};
    static const char *const bad[] = {"", "x", "5x", "0", "-1", "nan", "inf", "1e30", "5 s"};
    unsigned long long ns;

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        cr_expect(eq(int, option_duration(good[i].text, &ns, NULL), 0), "%s", good[i].text);
        cr_expect(eq(u64, ns, good[i].ns), "%s", good[i].text);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        cr_expect(ne(int, option_duration(bad[i], &ns, NULL), 0), "%s", bad[i]);
}

Test(options, numbers_are_whole_and_within_their_limits)
{
    unsigned long long number;
    static const char *const bad[] = {"",  "x",   "1.5", "-1",
                                      "0", "101", "1K",  "99999999999999999999"};

    cr_expect(eq(int, option_number("100", 1, 100, false, &number, NULL), 0));
    cr_expect(eq(u64, number, 100));
    cr_expect(eq(int, option_number("32K", 1, 65536, true, &number, NULL), 0));
    cr_expect(eq(u64, number, 32768));
    cr_expect(ne(int, option_number("99999999999G", 1, UINT64_MAX, true, &number, NULL), 0));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        cr_expect(ne(int, option_number(bad[i], 1, 100, false, &number, NULL), 0), "%s",
                  bad[i]);
}

Test(options, a_default_holds_until_the_command_line_says_otherwise)
{
    struct option_default defaults[] = {
        {.command = &command, .name = "output", .value = "mine", .origin = "file"},
        {.command = &command, .name = "verbose", .value = "true", .origin = "file"}};
    struct settings settings = {0};
    struct operands operands;

    options_set_defaults(defaults, 2);
    options_parse(&command, 1, (char *[]){"try", NULL}, &settings, &operands);
    cr_expect(eq(str, (char *)settings.write.output, "mine"));
    cr_expect(eq(int, settings.talk.verbose, 1));

    settings = (struct settings){0};
    options_parse(&command, 3, (char *[]){"try", "-o", "other", NULL}, &settings, &operands);
    cr_expect(eq(str, (char *)settings.write.output, "other"));
    cr_expect(eq(int, settings.talk.verbose, 1));
}

static void forget_verbosity(void *its)
{
    ((struct settings *)its)->talk.verbose = 0;
}

Test(options, a_command_hears_when_the_defaults_are_set)
{
    struct option_default verbose = {
        .command = &command, .name = "verbose", .value = "true", .origin = "file"};

    options_set_defaults(&verbose, 1);
    command.configured = forget_verbosity;
    cr_assert(eq(int, parse("try"), OPTIONS_OK));
    cr_expect(eq(int, settings.talk.verbose, 0));
    cr_assert(eq(int, parse("try -v"), OPTIONS_OK));
    cr_expect(eq(int, settings.talk.verbose, 1));
}

Test(options, a_bad_default_names_where_it_was_said)
{
    struct option_default wrong = {
        .command = &command, .name = "verbose", .value = "yes", .origin = "file [try]"};
    struct settings settings = {0};
    struct operands operands;

    options_set_defaults(&wrong, 1);

    cr_expect(eq(int, options_parse(&command, 1, (char *[]){"try", NULL}, &settings, &operands),
                 OPTIONS_BAD));
    cr_expect(ne(ptr, strstr(said, "file [try]"), NULL), "%s", said);
}
