#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/cli.h"

enum { FIRST_LONG = 1000, OPTION_HELP = 999 };

/* All options of a command in one row; the index + FIRST_LONG is what getopt_long returns. */
struct row {
    const struct option_spec *spec;
    size_t offset;
};

static struct {
    const struct option_default *defaults;
    size_t count;
} users; /* set once */

void options_set_defaults(const struct option_default *defaults, size_t count)
{
    users.defaults = defaults;
    users.count = count;
}

struct parser {
    struct row *rows;
    struct option *longs;
    char letters[256];
    size_t count, room;
};

static void collect(struct parser *parser, const struct command *command)
{
    size_t end = 0;

    parser->letters[end++] = command->stops_at_operand ? '+' : '-';
    parser->letters[end++] = ':';
    for (size_t t = 0; t < COMMAND_TABLES && command->tables[t].options; t++)
        for (const struct option_spec *spec = command->tables[t].options; spec->name; spec++) {
            parser->rows =
                xgrow(parser->rows, &parser->room, parser->count + 1, sizeof(*parser->rows));
            parser->rows[parser->count++] =
                (struct row){.spec = spec, .offset = command->tables[t].offset};
            for (int i = 0; i < 2; i++) {
                char letter = i ? spec->also : spec->letter;

                if (letter && end < sizeof(parser->letters) - 3) {
                    parser->letters[end++] = letter;
                    if (spec->argument)
                        parser->letters[end++] = ':';
                }
            }
        }
    parser->letters[end++] = 'h';
    parser->longs = xcalloc(parser->count + 2, sizeof(*parser->longs));
    for (size_t i = 0; i < parser->count; i++)
        parser->longs[i] = (struct option){
            .name = parser->rows[i].spec->name,
            .has_arg = parser->rows[i].spec->argument ? required_argument : no_argument,
            .val = FIRST_LONG + (int)i};
    parser->longs[parser->count] = (struct option){.name = "help", .val = OPTION_HELP};
}

static const struct row *row_of(const struct parser *parser, int result)
{
    if (result >= FIRST_LONG)
        return &parser->rows[result - FIRST_LONG];
    for (size_t i = 0; i < parser->count; i++)
        if (parser->rows[i].spec->letter == result || parser->rows[i].spec->also == result)
            return &parser->rows[i];
    return NULL;
}

static enum options_result bad_option(const struct command *command, char **argv, int kind)
{
    const char *given = argv[optind - 1];

    if (kind == ':')
        print_message("%s: option %s needs a value", command->name, given);
    else if (optopt && optopt < FIRST_LONG && optopt != OPTION_HELP && strncmp(given, "--", 2))
        print_message("%s: there is no option -%c", command->name, optopt);
    else
        print_message("%s: option %s is unknown, ambiguous or takes no value", command->name,
                      given);
    print_hint("fiq %s --help lists the options", command->name);
    return OPTIONS_BAD;
}

static int set_option(const struct row *row, void *settings, const char *value,
                      struct error *err)
{
    char *part = (char *)settings + row->offset, *member = part + row->spec->member.at;

    switch (row->spec->member.sets) {
    case SETS_TRUE:
    case SETS_FALSE:
        *(bool *)member = row->spec->member.sets == SETS_TRUE;
        return 0;
    case SETS_TEXT:
        *(const char **)(void *)member = value;
        return 0;
    case SETS_BY_FUNCTION:
    default:
        return row->spec->set(part, value, err);
    }
}

static enum options_result set(const struct command *command, const struct row *row,
                               void *settings)
{
    struct error err = {0};

    if (!set_option(row, settings, optarg, &err))
        return OPTIONS_OK;
    print_message("%s: --%s%s%s: %s", command->name, row->spec->name, optarg ? " " : "",
                  optarg ? optarg : "", err.message);
    if (err.hint[0])
        print_hint("%s", err.hint);
    return OPTIONS_BAD;
}

/* ---- the user's defaults ---- */

/* Marks the options on the command line, without a word about wrong ones: that comes later. */
static bool *given_rows(const struct parser *parser, int argc, char **argv)
{
    bool *given = xcalloc(parser->count + 1, sizeof(*given));
    int option;

    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, parser->letters, parser->longs, NULL)) != -1) {
        const struct row *row = option == 1 ? NULL : row_of(parser, option);

        if (option != 1 && option != '?' && option != ':' && option != 'h' &&
            option != OPTION_HELP && row)
            given[row - parser->rows] = true;
    }
    return given;
}

static enum options_result set_default(const struct row *row, const struct option_default *it,
                                       void *settings)
{
    bool is_switch = !row->spec->argument;
    struct error err = {0};
    int failed;

    if (is_switch && !strcmp(it->value, "false"))
        return OPTIONS_OK;
    if (is_switch && strcmp(it->value, "true"))
        failed = error_set(&err, EINVAL, "true or false is wanted");
    else
        failed = set_option(row, settings, is_switch ? NULL : it->value, &err);
    if (!failed)
        return OPTIONS_OK;
    print_message("%s: %s = %s: %s", it->origin, it->name, it->value, err.message);
    if (err.hint[0])
        print_hint("%s", err.hint);
    return OPTIONS_BAD;
}

static enum options_result set_defaults(const struct command *command,
                                        const struct parser *parser, int argc, char **argv,
                                        void *settings)
{
    enum options_result result = OPTIONS_OK;
    bool *given;

    if (!users.count)
        return OPTIONS_OK;
    given = given_rows(parser, argc, argv);
    for (size_t i = 0; i < users.count && result == OPTIONS_OK; i++)
        for (size_t r = 0; r < parser->count && result == OPTIONS_OK; r++)
            if (users.defaults[i].command == command && !given[r] &&
                !strcmp(users.defaults[i].name, parser->rows[r].spec->name))
                result = set_default(&parser->rows[r], &users.defaults[i], settings);
    free(given);
    return result;
}

static const char *find_verb(const struct command *command, int argc, char **argv)
{
    for (int i = 0; i < COMMAND_VERBS && argc > 1 && command->verbs[i]; i++)
        if (!strcmp(argv[1], command->verbs[i]))
            return command->verbs[i];
    return NULL;
}

enum options_result options_parse(const struct command *command, int argc, char **argv,
                                  void *settings, struct operands *operands)
{
    struct parser parser = {0};
    enum options_result result;
    int kept = 1, option;

    *operands = (struct operands){.verb = find_verb(command, argc, argv)};
    if (operands->verb) {
        argc--;
        argv++;
    }
    collect(&parser, command);
    result = set_defaults(command, &parser, argc, argv, settings);
    if (command->configured)
        command->configured(settings);
    optind = 0;
    opterr = 0;
    while (result == OPTIONS_OK &&
           (option = getopt_long(argc, argv, parser.letters, parser.longs, NULL)) != -1) {
        if (option == 1) { /* an operand between options */
            argv[kept++] = optarg;
        } else if (option == 'h' || option == OPTION_HELP) {
            options_print_help(command);
            result = OPTIONS_DONE;
        } else if (option == '?' || option == ':') {
            result = bad_option(command, argv, option);
        } else {
            result = set(command, row_of(&parser, option), settings);
        }
    }
    free(parser.rows);
    free(parser.longs);
    if (result != OPTIONS_OK)
        return result;
    operands->behind = (size_t)(argc - optind);
    operands->words = argv + optind;
    operands->count = operands->behind;
    if (!command->stops_at_operand) {
        /* Those between options join the ones behind them. */
        memmove(argv + kept, operands->words, (operands->behind + 1) * sizeof(*argv));
        operands->words = argv + 1;
        operands->count += (size_t)kept - 1;
    }
    return result;
}

static void print_option(const struct option_spec *spec)
{
    char left[80];
    int end = 0;

    if (spec->letter)
        end += snprintf(left, sizeof(left), "-%c, ", spec->letter);
    if (spec->also)
        end += snprintf(left + end, sizeof(left) - (size_t)end, "-%c, ", spec->also);
    if (!end)
        end = snprintf(left, sizeof(left), "    ");
    snprintf(left + end, sizeof(left) - (size_t)end, "--%s%s%s", spec->name,
             spec->argument ? " " : "", spec->argument ? spec->argument : "");
    if (strlen(left) > 27)
        printf("  %s\n%32s%s\n", left, "", spec->help);
    else
        printf("  %-28s  %s\n", left, spec->help);
}

void options_print_help(const struct command *command)
{
    printf("Usage: fiq %s\n\n%s\n", command->usage, command->about);
    for (size_t t = 0; t < COMMAND_TABLES && command->tables[t].options; t++)
        for (const struct option_spec *spec = command->tables[t].options; spec->name; spec++) {
            if (spec->group)
                printf("\n%s:\n", spec->group);
            print_option(spec);
        }
    printf("\n  -h, --help                    this text; fiq(1) and fiq-%s(1) say more\n",
           command->name);
}

int option_duration(const char *text, unsigned long long *ns, struct error *err)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"", 1e9},   {"s", 1e9},    {"ms", 1e6},  {"us", 1e3},
                 {"m", 6e10}, {"min", 6e10}, {"h", 3.6e12}};
    char *end;
    double value;

    errno = 0;
    value = strtod(text, &end);
    if (end == text || errno || !isfinite(value))
        return error_set(err, EINVAL, "not a time; 5, 500ms and 2m are");
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (strcmp(end, units[i].name))
            continue;
        value *= units[i].ns;
        if (value < 1e6 || value > 1e18)
            return error_set(err, EINVAL, "a time from 1ms to 30 years is wanted");
        *ns = (unsigned long long)value;
        return 0;
    }
    return error_set(err, EINVAL, "no such unit of time; ms, s, m and h are");
}

int option_number(const char *text, unsigned long long least, unsigned long long most,
                  bool suffixes, unsigned long long *number, struct error *err)
{
    unsigned long long value, factor = 1;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (suffixes && end != text && *end) {
        factor = *end == 'k' || *end == 'K' ? 1u << 10
                 : *end == 'M'              ? 1u << 20
                 : *end == 'G'              ? 1u << 30
                                            : 0;
        end++;
    }
    if (end == text || *end || errno || *text == '-' || !factor ||
        __builtin_mul_overflow(value, factor, &value))
        return error_set(err, EINVAL, "not a whole number%s",
                         suffixes ? "; 32768 and 32K are" : "");
    if (value < least || value > most)
        return error_set(err, EINVAL, "a number from %llu to %llu is wanted", least, most);
    *number = value;
    return 0;
}

int option_real(const char *text, double least, double most, double *number, struct error *err)
{
    char *end;

    errno = 0;
    *number = strtod(text, &end);
    if (end == text || *end || errno || !isfinite(*number))
        return error_set(err, EINVAL, "not a number");
    if (*number < least || *number > most)
        return error_set(err, EINVAL, "a number from %.12g to %.12g is wanted", least, most);
    return 0;
}
