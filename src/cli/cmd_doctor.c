/* fiq doctor: why a program has names or lacks them. */
#include <stddef.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/symbol_options.h"
#include "doctor/doctor.h"

struct doctor_settings {
    struct symbolizer_options symbols;
    struct talk_settings talk;
};

static int run_doctor(int argc, char **argv);

const struct command doctor_command = {
    .name = "doctor",
    .summary = "why a program has names in its profile, or lacks them",
    .usage = "doctor [OPTIONS] FILE…",
    .about = "Tells of programs and libraries which tables of names they hold, where separate "
             "debug\nfiles were looked for, and what would help.\n\n"
             "  fiq doctor /usr/bin/python3 /lib/x86_64-linux-gnu/libc.so.6",
    .tables = {{symbol_options, offsetof(struct doctor_settings, symbols)},
               {talk_options, offsetof(struct doctor_settings, talk)}},
    .run = run_doctor,
};

static int run_doctor(int argc, char **argv)
{
    struct doctor_settings settings = {0};
    struct error err = {0};
    char **files;
    int count;
    int code = EXIT_DONE;

    symbol_defaults(&settings.symbols);
    switch (options_parse(&doctor_command, argc, argv, &settings, &files, &count)) {
    case OPTIONS_OK:
        break;
    case OPTIONS_DONE:
        return EXIT_DONE;
    case OPTIONS_BAD:
    default:
        return EXIT_USAGE;
    }
    talk_begin(&settings.talk);
    if (!count) {
        print_message("which file?");
        print_hint("fiq doctor FILE…");
        return EXIT_USAGE;
    }
    for (int i = 0; i < count; i++) {
        if (i)
            putchar('\n');
        if (doctor_file(files[i], &settings.symbols, stdout, &err))
            code = print_error(&err, EXIT_FAILED);
    }
    return code;
}
