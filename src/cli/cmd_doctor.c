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

static void begin_doctor(void *settings);
static int run_doctor(void *settings, const struct operands *operands);

const struct command doctor_command = {
    .name = "doctor",
    .summary = "why a program has names in its profile, or lacks them",
    .usage = "doctor [OPTIONS] FILE…",
    .about = "Tells of programs and libraries which tables of names they hold, where separate "
             "debug\nfiles were looked for, and what would help.\n\n"
             "  fiq doctor /usr/bin/python3 /lib/x86_64-linux-gnu/libc.so.6",
    .tables = {{symbol_options, offsetof(struct doctor_settings, symbols)},
               {talk_options, offsetof(struct doctor_settings, talk)}},
    .settings_size = sizeof(struct doctor_settings),
    .begin = begin_doctor,
    .run = run_doctor,
};

static void begin_doctor(void *settings)
{
    symbol_defaults(&((struct doctor_settings *)settings)->symbols);
}

static int run_doctor(void *settings, const struct operands *operands)
{
    struct doctor_settings *doctor = settings;
    struct error err = {0};
    int code = EXIT_DONE;

    if (!operands->count) {
        print_message("doctor: which file?");
        print_hint("fiq doctor FILE…");
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < operands->count; i++) {
        if (i)
            putchar('\n');
        if (doctor_file(operands->words[i], &doctor->symbols, stdout, &err))
            code = print_error(&err, EXIT_FAILED);
    }
    return code;
}
