/* fiq: finds the command and hands over. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "cli/measure.h"

/* One line each. */
/* clang-format off */
const struct command *const commands[] = {
    &run_command,
    &attach_command,
    &system_command,
    &flame_command,
    &convert_command,
    &merge_command,
    &diff_command, &ab_command, &ci_command,
    &report_command,
    &doctor_command,
    &config_command,
    &completions_command,
    NULL};
/* clang-format on */

static void print_commands(FILE *out)
{
    fputs("fiq tells where a process, or the whole machine, spends its time.\n\n"
          "Usage: fiq COMMAND [OPTIONS] …\n\nCommands:\n",
          out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nfiq COMMAND --help lists the options of a command; a command may be shortened\n"
          "as long as only one begins so.\n",
          out);
}

/* The command with that name, alias, or the only one that begins so. */
static const struct command *find_command(const char *name)
{
    const struct command *found = NULL;
    bool several = false;

    for (size_t i = 0; commands[i]; i++) {
        if (!strcmp(commands[i]->name, name) ||
            (commands[i]->alias && !strcmp(commands[i]->alias, name)))
            return commands[i];
        if (!strncmp(commands[i]->name, name, strlen(name))) {
            several |= found != NULL;
            found = commands[i];
        }
    }
    if (several) {
        char list[256] = "";

        for (size_t i = 0; commands[i]; i++)
            if (!strncmp(commands[i]->name, name, strlen(name)) &&
                strlen(list) + strlen(commands[i]->name) + 3 < sizeof(list))
                strcat(strcat(list, list[0] ? ", " : ""), commands[i]->name);
        print_message("%s is short for several commands: %s", name, list);
        return NULL;
    }
    if (!found) {
        print_message("there is no command %s", name);
        print_hint("fiq --help lists the commands");
    }
    return found;
}

static int usage_code(const struct command *command)
{
    return command->usage_code ? command->usage_code : EXIT_USAGE;
}

static int run(const struct command *command, int argc, char **argv)
{
    void *settings = xcalloc(1, command->settings_size);
    struct operands operands;
    int code;

    if (command->begin)
        command->begin(settings);
    switch (options_parse(command, argc, argv, settings, &operands)) {
    case OPTIONS_OK:
        talk_begin(command, settings);
        code = command->run(settings, &operands);
        break;
    case OPTIONS_BAD:
        code = usage_code(command);
        break;
    case OPTIONS_DONE:
    default:
        code = EXIT_DONE;
    }
    if (command->end)
        command->end(settings);
    free(settings);
    return code;
}

static int run_with_config(const struct command *command, int argc, char **argv)
{
    struct config config;
    struct error err = {0};
    int code;

    /* It shows what is wrong with the file itself. */
    if (command == &config_command)
        return run(command, argc, argv);
    if (config_read(&config, commands, &err)) {
        code = print_error(&err, usage_code(command));
    } else {
        options_set_defaults(config.defaults, config.count);
        code = run(command, argc, argv);
    }
    config_free(&config);
    return code;
}

/* A standard stream that is closed would become the first file that is opened, and that be
 * written over.  What stands in its place refuses what the stream is for; a command that fiq
 * starts finds it closed. */
static void occupy_closed_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC) != fd)
            return;
}

int main(int argc, char **argv)
{
    const struct command *command;

    process_started_ns = clock_ns(CLOCK_MONOTONIC);
    occupy_closed_streams();
    if (argc < 2) {
        print_commands(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_commands(stdout);
        return EXIT_DONE;
    }
    if (!strcmp(argv[1], "--version")) {
        puts("fiq " FIQ_VERSION);
        if (argc > 2 && !strcmp(argv[2], "-v"))
            puts(FIQ_FEATURES);
        return EXIT_DONE;
    }
    command = argv[1][0] ? find_command(argv[1]) : NULL;
    if (!command)
        return EXIT_USAGE;
    return run_with_config(command, argc - 1, argv + 1);
}
