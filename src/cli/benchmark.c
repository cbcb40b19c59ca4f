#include "cli/benchmark.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "cli/child.h"
#include "cli/status_line.h"

/* ---- options ---- */

static int set_runs(void *settings, const char *value, struct error *err)
{
    return option_number(value, 2, 1000, false, &((struct benchmark_settings *)settings)->runs,
                         err);
}

static int set_warmups(void *settings, const char *value, struct error *err)
{
    return option_number(value, 0, 1000, false,
                         &((struct benchmark_settings *)settings)->warmups, err);
}

static int set_frequency(void *settings, const char *value, struct error *err)
{
    return option_real(value, 1, 1e6,
                       &((struct benchmark_settings *)settings)->session.capture.frequency_hz,
                       err);
}

const struct option_spec benchmark_options[] = {
    {"runs", 'n', 0, "N", "runs of each program (7)", set_runs, "Runs"},
    {"warmup", 0, 0, "N", "runs before, which are not counted (1)", set_warmups},
    {"freq", 'f', 'F', "HZ", "samples a second of CPU time (997)", set_frequency},
    {"no-kernel", 0, 0, NULL, "leave out the kernel",
     OPTION_CLEARS(struct benchmark_settings, session.capture.kernel)},
    {0}};

/*
 * Where threads have a single clock (capture/clocks.h), a program that repeats itself every 20
 * ms and a clock that ticks every 10 ms meet again and again at the same places: a function is
 * then counted too often or too seldom, and where runs start at the same phase, in each run by
 * as much.  No number of runs would show that, and another program, whose pace is another,
 * would seem to differ.  With another rate in each run these errors differ from run to run, and
 * are seen as the scatter that they are.
 */
static const double SPREAD = 0.05;

void benchmark_defaults(struct benchmark_settings *settings)
{
    struct measure_settings measure;

    measure_defaults(&measure);
    *settings =
        (struct benchmark_settings){.session = measure.session, .runs = 7, .warmups = 1};
    settings->session.capture.frequency_hz = 997;
    settings->session.capture.spread = SPREAD;
}

/* ---- one run ---- */

int benchmark_begin(struct signals *signals, struct error *err)
{
    measure_raise_files();
    return signals_take(signals, false, err);
}

/* Standard descriptors of the child to be: they are ours for the moment of the fork. */
struct diverted {
    int saved[3], output;
};

static int divert(struct diverted *diverted, struct error *err)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    diverted->output = memfd_create("fiq-output", MFD_CLOEXEC);
    if (nothing < 0 || diverted->output < 0) {
        int failed =
            error_set(err, errno, "cannot keep what the program prints: %s", strerror(errno));

        if (nothing >= 0)
            close(nothing);
        return failed;
    }
    fflush(stdout);
    for (int i = 0; i < 3; i++) {
        diverted->saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
        dup2(i ? diverted->output : nothing, i);
    }
    close(nothing);
    return 0;
}

static void divert_back(struct diverted *diverted)
{
    for (int i = 0; i < 3; i++) {
        if (diverted->saved[i] >= 0) {
            dup2(diverted->saved[i], i);
            close(diverted->saved[i]);
        } else {
            close(i);
        }
    }
}

/* Asks the program to end; who does not listen is killed, after a second signal or a while. */
struct ending {
    int signals;
    uint64_t deadline_ns;
};

static void end_program(pid_t pid, struct ending *ending, const struct signals *signals)
{
    struct signalfd_siginfo info;
    int before = ending->signals;

    while (read(signals->fd, &info, sizeof(info)) == sizeof(info))
        ending->signals += info.ssi_signo != SIGCHLD;
    if (!ending->signals)
        return;
    if (!before) {
        ending->deadline_ns = clock_ns(CLOCK_MONOTONIC) + CHILD_GRACE_NS;
        kill(pid, SIGTERM);
    }
    if (ending->signals > 1 || clock_ns(CLOCK_MONOTONIC) > ending->deadline_ns)
        kill(pid, SIGKILL);
}

/* Until the child has ended, by itself or because the user wants no more of it. */
static int wait_for_end(pid_t pid, const struct signals *signals, int *status,
                        struct rusage *usage, struct error *err)
{
    struct pollfd poll_fd = {.fd = signals->fd, .events = POLLIN};
    struct ending ending = {0};
    pid_t ended;

    while (!(ended = wait4(pid, status, WNOHANG, usage))) {
        poll(&poll_fd, 1, 200);
        end_program(pid, &ending, signals);
    }
    if (ended < 0)
        return error_set(err, errno, "cannot wait for the program: %s", strerror(errno));
    return ending.signals ? error_set(err, EINTR, "interrupted") : 0;
}

/* The last of what the program printed, as a hint that fits. */
static void show_output(int output, struct error *err)
{
    char tail[160];
    off_t size = lseek(output, 0, SEEK_END);
    ssize_t got;
    char *clean;
    size_t length;

    if (size <= 0 || !err)
        return;
    got = pread(output, tail, sizeof(tail),
                size > (off_t)sizeof(tail) ? size - (off_t)sizeof(tail) : 0);
    while (got > 0 && (tail[got - 1] == '\n' || tail[got - 1] == ' '))
        got--;
    if (got <= 0)
        return;
    for (ssize_t i = 0; i < got; i++)
        if (tail[i] == '\n')
            tail[i] = ' ';
    clean = text_clean(tail, (size_t)got, &length);
    error_hint(err, "it printed: %s%.*s", size > (off_t)sizeof(tail) ? "…" : "", (int)length,
               clean);
    free(clean);
}

static int judge_end(int status, int output, struct error *err)
{
    int failed = 0;

    if (WIFSIGNALED(status))
        failed = error_set(err, ECHILD, "was killed by signal %d (%s)", WTERMSIG(status),
                           strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status))
        failed = error_set(err, ECHILD, "exited with code %d", WEXITSTATUS(status));
    if (failed)
        show_output(output, err);
    return failed;
}

static int measure_child(const struct benchmark_settings *settings,
                         const struct signals *signals, struct child *child, char **command,
                         int output, struct profile **profile, struct error *err)
{
    struct capture_target target = {.kind = CAPTURE_COMMAND, .pids = &child->pid, .count = 1};
    struct session_used used;
    struct session *session;
    struct rusage usage;
    int status = 0, failed = session_start(&session, &target, &settings->session, err);

    if (failed) {
        child_abandon(child);
        return failed;
    }
    failed = child_release(child, command[0], err);
    if (!failed)
        failed = wait_for_end(child->pid, signals, &status, &usage, err);
    if (!failed)
        failed = judge_end(status, output, err);
    if (!failed) {
        used = session_used_of(&usage);
        session_set_used(session, &used);
        session_stop(session);
        failed = session_take(session, profile, err);
    }
    session_free(session);
    return failed;
}

int benchmark_run(const struct benchmark_settings *settings, const struct signals *signals,
                  char **command, struct profile **profile, struct error *err)
{
    struct given given = {.mask = signals->before, .pipe_handler = signals->pipe_before};
    struct diverted diverted;
    struct child child;
    int failed = divert(&diverted, err);

    if (failed)
        return failed;
    getrlimit(RLIMIT_NOFILE, &given.files);
    failed = child_start(&child, command, &given, err);
    divert_back(&diverted);
    if (!failed)
        failed =
            measure_child(settings, signals, &child, command, diverted.output, profile, err);
    close(diverted.output);
    return failed;
}

/* ---- commands ---- */

static bool needs_shell(const char *text)
{
    return text[strcspn(text, "|&;<>()$`\\\"'*?[]#~=%{}!\n")] != '\0';
}

static char **append(char **command, size_t *count, const char *text, size_t length)
{
    command = xrealloc(command, (*count + 2) * sizeof(*command));
    command[(*count)++] = xstrndup(text, length);
    command[*count] = NULL;
    return command;
}

char **benchmark_command(char *const *words, size_t count)
{
    const char *text = words[0];
    char **command = NULL;
    size_t used = 0;

    /* One word is a command line, unless a program is called so. */
    if (count > 1 || !strchr(text, ' ') || !access(text, X_OK)) {
        for (size_t i = 0; i < count; i++)
            command = append(command, &used, words[i], strlen(words[i]));
        return command;
    }
    if (needs_shell(text)) {
        command = append(command, &used, "/bin/sh", 7);
        command = append(command, &used, "-c", 2);
        return append(command, &used, text, strlen(text));
    }
    for (text += strspn(text, " \t"); *text; text += strspn(text, " \t")) {
        size_t length = strcspn(text, " \t");

        command = append(command, &used, text, length);
        text += length;
    }
    return used ? command : append(command, &used, "", 0);
}

void benchmark_free_command(char **command)
{
    for (size_t i = 0; command && command[i]; i++)
        free(command[i]);
    free(command);
}

char *benchmark_line(char *const *words, size_t count)
{
    char *line = xstrdup(words[0]);

    for (size_t i = 1; i < count; i++) {
        char *longer = xasprintf("%s %s", line, words[i]);

        free(line);
        line = longer;
    }
    return line;
}

/* ---- progress ---- */

void benchmark_progress(bool quiet, const char *what, size_t run, size_t runs)
{
    if (status_line_shows(quiet))
        status_line("%s: run %zu of %zu", what, run, runs);
}

void benchmark_progress_end(bool quiet)
{
    if (status_line_shows(quiet))
        status_line_clear();
}
