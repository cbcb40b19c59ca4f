/* What fiq says on standard error. */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "cli/cli.h"

void print_message(const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fputs("fiq: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void print_hint(const char *format, ...)
{
    va_list arguments;

    fputs("     ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int print_error(const struct error *err, int code)
{
    print_message("%s", err->message);
    if (err->hint[0])
        print_hint("%s", err->hint);
    return code;
}

static void print_log(enum log_level level, const char *message, void *data)
{
    (void)data;
    print_message("%s%s", level == LOG_WARNING ? "warning: " : "", message);
}

const struct option_spec talk_options[] = {{"quiet", 'q', 0, NULL, "errors only",
                                            OPTION_SETS(struct talk_settings, quiet),
                                            .group = "Messages"},
                                           {"verbose", 'v', 0, NULL, "more on what happens",
                                            OPTION_SETS(struct talk_settings, verbose)},
                                           {0}};

void talk_begin(const struct command *command, const void *settings)
{
    for (size_t t = 0; t < COMMAND_TABLES && command->tables[t].options; t++) {
        const struct talk_settings *talk =
            (const void *)((const char *)settings + command->tables[t].offset);

        if (command->tables[t].options != talk_options)
            continue;
        if (talk->quiet)
            log_to(NULL, NULL, LOG_WARNING);
        else
            log_to(print_log, NULL, talk->verbose ? LOG_NOTE : LOG_WARNING);
    }
}
