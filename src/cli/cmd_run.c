/* fiq run: starts a program and profiles it until it ends. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/child.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/measure.h"
#include "cli/symbol_options.h"

enum { POLL_MS = 200 };

struct run_settings {
    struct measure_settings measure;
    struct outputs outputs;
    struct filter filter;
    struct talk_settings talk;
};

static void begin_run(void *settings);
static void configured_run(void *settings);
static int run_run(void *settings, const struct operands *operands);
static void end_run(void *settings);

const struct command run_command = {
    .name = "run",
    .alias = "record",
    .summary = "start a program and profile it",
    .usage = "run [OPTIONS] [--] COMMAND [ARGUMENT…]",
    .about = "Runs COMMAND and profiles it and its children until it ends, or for --duration.\n"
             "The exit code is that of COMMAND.\n\n"
             "  fiq run -- ./server --port 8080\n"
             "  fiq run -f 997 -o out.svg -o out.folded -- make -j4",
    .tables = {{measure_options, offsetof(struct run_settings, measure)},
               {symbol_options, offsetof(struct run_settings, measure.session.symbols)},
               {output_options, offsetof(struct run_settings, outputs)},
               {render_options, offsetof(struct run_settings, outputs)},
               {filter_options, offsetof(struct run_settings, filter)},
               {talk_options, offsetof(struct run_settings, talk)}},
    .stops_at_operand = true,
    .usage_code = EXIT_FIQ_FAILED,
    .settings_size = sizeof(struct run_settings),
    .begin = begin_run,
    .configured = configured_run,
    .run = run_run,
    .end = end_run,
};

/* What is known of the child while it runs, and what the user wants by now. */
struct watch {
    struct child *child;
    struct session *session;
    const struct run_settings *settings;
    struct progress progress;
    uint64_t deadline_ns; /* end of -d, or of the patience after SIGTERM; 0: none */
    int status;           /* of wait4 */
    bool ended, written, forwarded;
    int interrupts, signal;
};

static char *command_line(char **command)
{
    char *line = xstrdup(command[0]);

    for (size_t i = 1; command[i]; i++) {
        char *longer = xasprintf("%s %s", line, command[i]);

        free(line);
        line = longer;
        if (strlen(line) > 4096)
            break;
    }
    return line;
}

/* VAR=value in front of the command, as in a shell. */
static char **take_assignments(char **command)
{
    for (; *command; command++) {
        size_t name = strcspn(*command, "=/");

        if (!name || (*command)[name] != '=')
            break;
        putenv(*command);
    }
    return command;
}

static int exit_code(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void reap(struct watch *watch)
{
    struct session_used used;
    struct rusage usage;
    int status;

    if (watch->ended || wait4(watch->child->pid, &status, WNOHANG, &usage) != watch->child->pid)
        return;
    watch->status = status;
    watch->ended = true;
    used = session_used_of(&usage);
    if (watch->settings->measure.session.capture.children && !watch->written)
        session_set_used(watch->session, &used);
}

/*
 * Ctrl-C has reached the child already when it came from the terminal: we go on until it ends.
 * A second one writes what there is, a third quits.  SIGTERM and SIGHUP were meant for us and
 * are passed on once.
 */
static void take_signal(struct watch *watch, int number)
{
    switch (number) {
    case SIGINT:
    case SIGQUIT:
        watch->interrupts++;
        break;
    case SIGTERM:
    case SIGHUP:
        watch->signal = number;
        if (!watch->forwarded && !watch->ended)
            kill(watch->child->pid, number);
        if (!watch->forwarded)
            watch->deadline_ns = clock_ns(CLOCK_MONOTONIC) + CHILD_GRACE_NS;
        watch->forwarded = true;
        break;
    default:
        break;
    }
    reap(watch);
}

static void wait_a_moment(struct watch *watch, const struct signals *signals)
{
    struct pollfd poll_fd = {.fd = signals->fd, .events = POLLIN};
    struct signalfd_siginfo info;
    int wait_ms = measure_wait_ms(watch->written ? 0 : watch->deadline_ns, POLL_MS);

    poll(&poll_fd, 1, wait_ms);
    while (read(signals->fd, &info, sizeof(info)) == sizeof(info))
        take_signal(watch, (int)info.ssi_signo);
    reap(watch);
}

static int write_profile(struct watch *watch, struct error *err)
{
    progress_end(&watch->progress);
    watch->written = true;
    return measure_finish(watch->session, &watch->settings->outputs, &watch->settings->filter,
                          &watch->settings->talk, err);
}

static bool time_to_write(const struct watch *watch)
{
    return watch->ended || watch->interrupts >= 2 ||
           (watch->deadline_ns && clock_ns(CLOCK_MONOTONIC) >= watch->deadline_ns);
}

/* Until the child has ended and the profile is written.  What outlives -d is waited for. */
static int watch_child(struct watch *watch, const struct signals *signals, struct error *err)
{
    int failed = 0;

    progress_begin(&watch->progress, watch->settings->talk.quiet, watch->child->pid);
    while (!watch->ended || !watch->written) {
        if (!watch->written && time_to_write(watch))
            failed = write_profile(watch, err);
        if (watch->ended && watch->written)
            break;
        if (watch->interrupts >= 3)
            break;
        if (watch->signal && watch->written) /* asked to end, and the child does not */
            break;
        wait_a_moment(watch, signals);
        if (!watch->written && !watch->ended)
            progress_show(&watch->progress, watch->session,
                          watch->settings->measure.duration_ns);
    }
    return failed;
}

static int code_for_failed_exec(const struct error *err)
{
    return err->code == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

static int measure_child(struct run_settings *settings, struct child *child, char **command,
                         const struct signals *signals)
{
    struct capture_target target = {.kind = CAPTURE_COMMAND, .pids = &child->pid, .count = 1};
    struct watch watch = {.child = child, .settings = settings};
    struct error err = {0};
    int failed, code;

    failed = session_start(&watch.session, &target, &settings->measure.session, &err);
    if (failed) {
        child_abandon(child);
        return print_error(&err, EXIT_FIQ_FAILED);
    }
    if (child_release(child, command[0], &err)) {
        session_free(watch.session);
        return print_error(&err, code_for_failed_exec(&err));
    }
    if (settings->measure.duration_ns)
        watch.deadline_ns = clock_ns(CLOCK_MONOTONIC) + settings->measure.duration_ns;
    failed = watch_child(&watch, signals, &err);
    measure_say_first_sample(watch.session);
    session_free(watch.session);
    code = watch.ended ? exit_code(watch.status) : 128 + (watch.signal ? watch.signal : SIGINT);
    if (failed) {
        print_error(&err, 0);
        return code ? code : EXIT_FIQ_FAILED;
    }
    return code;
}

static int start_and_measure(struct run_settings *settings, char **command)
{
    struct signals signals;
    struct given given;
    struct child child;
    struct error err = {0};
    char *line;
    int code;

    getrlimit(RLIMIT_NOFILE, &given.files);
    if (signals_take(&signals, false, &err))
        return print_error(&err, EXIT_FIQ_FAILED);
    given.mask = signals.before;
    given.pipe_handler = signals.pipe_before;
    /* The child is there before any thread: fork copies only one. */
    if (child_start(&child, command, &given, &err))
        return print_error(&err, EXIT_FIQ_FAILED);
    if (measure_name_outputs(&settings->outputs, text_file_name(command[0]), child.pid, &err) ||
        measure_check_outputs(&settings->outputs, &err)) {
        child_abandon(&child);
        return print_error(&err, EXIT_FIQ_FAILED);
    }
    line = command_line(command);
    settings->measure.session.command = line;
    measure_prepare();
    code = measure_child(settings, &child, command, &signals);
    free(line);
    return code;
}

static void begin_run(void *settings)
{
    measure_defaults(&((struct run_settings *)settings)->measure);
}

static void configured_run(void *settings)
{
    measure_configured(&((struct run_settings *)settings)->measure);
}

static int run_run(void *settings, const struct operands *operands)
{
    char **command = take_assignments(operands->words);

    if (*command)
        return start_and_measure(settings, command);
    print_message("run: which program?");
    print_hint("fiq run [OPTIONS] -- COMMAND [ARGUMENT…]");
    return EXIT_FIQ_FAILED;
}

static void end_run(void *settings)
{
    outputs_free(&((struct run_settings *)settings)->outputs);
}
