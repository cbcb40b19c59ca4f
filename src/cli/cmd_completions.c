/* fiq completions: scripts for shells, from the tables of options. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static int run_completions(void *settings, const struct operands *operands);

static const struct option_spec no_options[] = {{0}};

const struct command completions_command = {
    .name = "completions",
    .summary = "a completion script for bash, zsh or fish",
    .usage = "completions bash|zsh|fish",
    .about = "Writes a script that completes commands, options and files.\n\n"
             "  fiq completions bash >~/.local/share/bash-completion/completions/fiq\n"
             "  fiq completions zsh >~/.zfunc/_fiq\n"
             "  fiq completions fish >~/.config/fish/completions/fiq.fish",
    .tables = {{no_options, 0}},
    .run = run_completions,
};

typedef void option_fn(const struct command *command, const struct option_spec *spec);

static void each_option(const struct command *command, option_fn *fn)
{
    for (size_t t = 0; t < COMMAND_TABLES && command->tables[t].options; t++)
        for (const struct option_spec *spec = command->tables[t].options; spec->name; spec++)
            fn(command, spec);
}

/* Its names, with `between` them: a command and its alias have the same options. */
static void put_names(const struct command *command, const char *between)
{
    fputs(command->name, stdout);
    if (command->alias)
        printf("%s%s", between, command->alias);
}

/* ---- values: the words that the option knows, or what its argument's name says ---- */

enum value { VALUE_NONE, VALUE_WORD, VALUE_FILE, VALUE_DIRECTORY, VALUE_PID, VALUE_OTHER };

static enum value value_of(const struct option_spec *spec)
{
    const char *argument = spec->argument;

    if (!argument)
        return VALUE_NONE;
    if (spec->word)
        return VALUE_WORD;
    if (strstr(argument, "FILE") || strstr(argument, "PATH"))
        return VALUE_FILE;
    if (strstr(argument, "DIR"))
        return VALUE_DIRECTORY;
    return strstr(argument, "PID") ? VALUE_PID : VALUE_OTHER;
}

/* In single quotes a shell takes all as it is, but for the quote itself. */
static void put_quoted(const char *text, const char *also_escaped)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", stdout);
        if (strchr(also_escaped, *text))
            putchar('\\');
        putchar(*text);
    }
}

/* "warm cold kind", between `before` and `behind`; nothing where any text may stand. */
static void put_words(const struct option_spec *spec, const char *before, const char *behind)
{
    const char *word;

    if (!spec->word)
        return;
    fputs(before, stdout);
    for (size_t i = 0; (word = spec->word(i)); i++)
        printf("%s%s", i ? " " : "", word);
    fputs(behind, stdout);
}

/* What `fiq help` and `fiq config` may be asked about. */
static void put_commands(const char *before, const char *behind)
{
    fputs(before, stdout);
    for (size_t i = 0; commands[i]; i++)
        printf("%s%s", i ? " " : "", commands[i]->name);
    puts(behind);
}

/* ---- bash ---- */

static void bash_word(const struct command *command, const struct option_spec *spec)
{
    (void)command;
    printf(" --%s", spec->name);
    if (spec->letter)
        printf(" -%c", spec->letter);
    if (spec->also)
        printf(" -%c", spec->also);
}

static void bash_case(const char *command, const struct option_spec *spec)
{
    printf("    %s:--%s", command, spec->name);
    if (spec->letter)
        printf(" | %s:-%c", command, spec->letter);
    if (spec->also)
        printf(" | %s:-%c", command, spec->also);
}

static void bash_value(const struct command *command, const struct option_spec *spec)
{
    static const char *const actions[] = {
        [VALUE_WORD] = "",
        [VALUE_FILE] =
            "COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null",
        [VALUE_DIRECTORY] =
            "COMPREPLY=($(compgen -d -- \"$cur\")); compopt -o filenames 2>/dev/null",
        [VALUE_PID] =
            "COMPREPLY=($(cd /proc && compgen -W \"$(printf '%s ' [0-9]*)\" -- \"$cur\"))",
        [VALUE_OTHER] = "COMPREPLY=()"};
    enum value value = value_of(spec);

    if (value == VALUE_NONE)
        return;
    bash_case(command->name, spec);
    if (command->alias) {
        fputs(" |", stdout);
        bash_case(command->alias, spec);
    }
    fputs(")\n        ", stdout);
    put_words(spec, "COMPREPLY=($(compgen -W '", "' -- \"$cur\"))");
    printf("%s\n        return ;;\n", actions[value]);
}

static void write_bash(void)
{
    puts("# bash completion for fiq\n"
         "_fiq()\n{\n"
         "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
         "words command=${COMP_WORDS[1]} i\n"
         "    COMPREPLY=()\n"
         "    if ((COMP_CWORD == 1)); then");
    fputs("        COMPREPLY=($(compgen -W '", stdout);
    for (size_t i = 0; commands[i]; i++)
        printf("%s ", commands[i]->name);
    puts("help --help --version' -- \"$cur\"))\n        return\n    fi\n"
         "    case $command:$prev in");
    for (size_t i = 0; commands[i]; i++)
        each_option(commands[i], bash_value);
    puts("    esac\n    case $command in");
    for (size_t i = 0; commands[i]; i++) {
        fputs("    ", stdout);
        put_names(commands[i], " | ");
        fputs(")\n        words='", stdout);
        each_option(commands[i], bash_word);
        puts(" -h --help' ;;");
    }
    puts("    esac\n"
         "    if [[ $cur == -* ]]; then\n"
         "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "        return\n"
         "    fi\n"
         "    case $command in\n"
         "    completions) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")) ;;");
    put_commands("    help | config) COMPREPLY=($(compgen -W '", "' -- \"$cur\")) ;;");
    for (size_t i = 0; commands[i]; i++)
        if (commands[i]->stops_at_operand) {
            fputs("    ", stdout);
            put_names(commands[i], " | ");
            puts(") COMPREPLY=($(compgen -A command -A file -- \"$cur\")) ;;");
        }
    puts("    *) COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null ;;\n"
         "    esac\n}\n"
         "complete -F _fiq fiq");
}

/* ---- zsh ---- */

static void zsh_option(const struct command *command, const struct option_spec *spec)
{
    static const char *const actions[] = {
        [VALUE_NONE] = "",        [VALUE_WORD] = "",
        [VALUE_FILE] = ":_files", [VALUE_DIRECTORY] = ":_files -/",
        [VALUE_PID] = ":_pids",   [VALUE_OTHER] = ": "};
    char names[3][64] = {"", "", ""};
    size_t count = 0;

    (void)command;
    snprintf(names[count++], sizeof(names[0]), "--%s", spec->name);
    if (spec->letter)
        snprintf(names[count++], sizeof(names[0]), "-%c", spec->letter);
    if (spec->also)
        snprintf(names[count++], sizeof(names[0]), "-%c", spec->also);
    for (size_t i = 0; i < count; i++) {
        printf(" \\\n        '*%s[", names[i]);
        put_quoted(spec->help, "[]:");
        fputs("]", stdout);
        if (spec->argument) {
            putchar(':');
            put_quoted(spec->argument, "[]:");
            put_words(spec, ":(", ")");
            fputs(actions[value_of(spec)], stdout);
        }
        putchar('\'');
    }
}

static void write_zsh(void)
{
    puts("#compdef fiq\n\n_fiq()\n{\n    local -a commands\n    commands=(");
    for (size_t i = 0; commands[i]; i++) {
        printf("        '%s:", commands[i]->name);
        put_quoted(commands[i]->summary, "");
        puts("'");
    }
    puts("        'help:what a command does'\n"
         "    )\n"
         "    if ((CURRENT == 2)); then\n"
         "        _describe command commands\n"
         "        return\n"
         "    fi\n"
         "    local command=$words[2]\n"
         "    shift words\n"
         "    ((CURRENT--))\n"
         "    case $command in\n"
         "    help)\n        _describe command commands ;;");
    for (size_t i = 0; commands[i]; i++) {
        fputs("    ", stdout);
        put_names(commands[i], " | ");
        fputs(")\n        _arguments -s", stdout);
        each_option(commands[i], zsh_option);
        fputs(" \\\n        '(-)'{-h,--help}'[this text]'", stdout);
        if (!strcmp(commands[i]->name, "completions"))
            puts(" \\\n        '1:shell:(bash zsh fish)' ;;");
        else if (!strcmp(commands[i]->name, "config"))
            put_commands(" \\\n        '1:command:(", ")' ;;");
        else if (commands[i]->stops_at_operand)
            puts(" \\\n        '*::command:_normal' ;;");
        else
            puts(" \\\n        '*:file:_files' ;;");
    }
    puts("    esac\n}\n\n_fiq \"$@\"");
}

/* ---- fish ---- */

static void fish_option(const struct command *command, const struct option_spec *spec)
{
    static const char *const actions[] = {[VALUE_NONE] = "",
                                          [VALUE_WORD] = "",
                                          [VALUE_FILE] = " -r -F",
                                          [VALUE_DIRECTORY] =
                                              " -x -a '(__fish_complete_directories)'",
                                          [VALUE_PID] = " -x -a '(__fish_complete_pids)'",
                                          [VALUE_OTHER] = " -x"};

    fputs("complete -c fiq -n '__fish_seen_subcommand_from ", stdout);
    put_names(command, " ");
    printf("' -l %s", spec->name);
    if (spec->letter)
        printf(" -s %c", spec->letter);
    if (spec->also)
        printf(" -s %c", spec->also);
    put_words(spec, " -x -a '", "'");
    printf("%s -d '", actions[value_of(spec)]);
    put_quoted(spec->help, "");
    puts("'");
}

static void write_fish(void)
{
    puts("# fish completion for fiq");
    for (size_t i = 0; commands[i]; i++) {
        printf("complete -c fiq -n __fish_use_subcommand -f -a %s -d '", commands[i]->name);
        put_quoted(commands[i]->summary, "");
        puts("'");
    }
    puts("complete -c fiq -n __fish_use_subcommand -f -a help -d 'what a command does'\n"
         "complete -c fiq -n '__fish_seen_subcommand_from completions' -f -a 'bash zsh fish'");
    put_commands("complete -c fiq -n '__fish_seen_subcommand_from config help' -f -a '", "'");
    for (size_t i = 0; commands[i]; i++)
        each_option(commands[i], fish_option);
}

static int run_completions(void *settings, const struct operands *operands)
{
    static const struct {
        const char *name;
        void (*write)(void);
    } shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};

    (void)settings;
    for (size_t i = 0; operands->count == 1 && i < sizeof(shells) / sizeof(*shells); i++)
        if (!strcmp(operands->words[0], shells[i].name)) {
            shells[i].write();
            return EXIT_DONE;
        }
    print_message("completions: one of bash, zsh and fish is wanted");
    return EXIT_USAGE;
}
