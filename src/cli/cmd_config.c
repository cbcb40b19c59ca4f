/* fiq config: what holds when the command line says nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/config.h"

struct config_settings {
    bool all;
};

static const struct option_spec config_options[] = {
    {"all", 'a', 0, NULL, "also options that are as fiq was built",
     OPTION_SETS(struct config_settings, all), .group = "Configuration"},
    {0}};

static int run_config(void *settings, const struct operands *operands);

const struct command config_command = {
    .name = "config",
    .summary = "the defaults that hold, and where they come from",
    .usage = "config [OPTIONS] [COMMAND]",
    .about = "Shows which options have a default of the user's, its value, and where that was "
             "said.\nThe file is $XDG_CONFIG_HOME/fiq/config: sections are commands ([run], or "
             "[all]), keys\nthe long names of options.  The command line overrides it.\n\n"
             "  fiq config\n"
             "  fiq config --all run",
    .tables = {{config_options, 0}},
    .settings_size = sizeof(struct config_settings),
    .run = run_config,
};

static const struct option_default *default_of(const struct config *config,
                                               const struct command *command, const char *name,
                                               size_t *from)
{
    for (size_t i = *from; i < config->count; i++)
        if (config->defaults[i].command == command && !strcmp(config->defaults[i].name, name)) {
            *from = i + 1;
            return &config->defaults[i];
        }
    return NULL;
}

static void print_option(const struct config *config, const struct command *command,
                         const struct option_spec *spec, bool all)
{
    const struct option_default *found;
    size_t from = 0;

    while ((found = default_of(config, command, spec->name, &from)))
        printf("%-10s %-20s = %-20s  %s\n", command->name, spec->name, found->value,
               found->origin);
    if (all && !from)
        printf("%-10s %-20s   %-20s  built in\n", command->name, spec->name,
               spec->argument ? "" : "false");
}

static void print_command(const struct config *config, const struct command *command, bool all)
{
    for (size_t t = 0; t < COMMAND_TABLES && command->tables[t].options; t++)
        for (const struct option_spec *spec = command->tables[t].options; spec->name; spec++)
            print_option(config, command, spec, all);
}

/* Variables that change what fiq does. */
static void print_environment(void)
{
    static const char *const variables[] = {
        "BROWSER",  "PAGER",           "NO_COLOR",           "CLICOLOR_FORCE", "COLUMNS",
        "TERM",     "DEBUGINFOD_URLS", "XDG_CONFIG_HOME",    "XDG_STATE_HOME", "HOME",
        "SUDO_UID", "SUDO_GID",        "GITHUB_STEP_SUMMARY"};

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
        const char *value = getenv(variables[i]);

        if (value)
            printf("%-10s %-20s = %-20s  environment\n", "", variables[i], value);
    }
}

static int run_config(void *settings, const struct operands *operands)
{
    const char *wanted = operands->count ? operands->words[0] : NULL;
    struct config config;
    struct error err = {0};
    bool found = false;

    if (config_read(&config, commands, &err)) {
        config_free(&config);
        return print_error(&err, EXIT_FAILED);
    }
    printf("# %s%s\n", config.path ? config.path : "no file: HOME is not set",
           !config.path || access(config.path, R_OK) == 0 ? "" : " (not there)");
    for (size_t i = 0; commands[i]; i++)
        if (!wanted || !strcmp(commands[i]->name, wanted)) {
            print_command(&config, commands[i], ((struct config_settings *)settings)->all);
            found = true;
        }
    if (!wanted)
        print_environment();
    config_free(&config);
    if (!found)
        print_message("config: there is no command %s", wanted);
    return found ? EXIT_DONE : EXIT_USAGE;
}
