/* fiq attach and fiq system: profile what is running already. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/namespace.h"
#include "base/priority.h"
#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/measure.h"
#include "cli/symbol_options.h"

enum { POLL_MS = 200, MACHINE_S = 10 };

struct attach_settings {
    struct measure_settings measure;
    struct outputs outputs;
    struct filter filter;
    struct talk_settings talk;
    struct who {
        pid_t *pids;
        size_t count, room;
        bool machine;
    } who;
};

static int parse_pids(void *settings, const char *value, struct error *err)
{
    struct who *who = settings;

    while (*value) {
        char *end;
        long pid;

        errno = 0;
        pid = strtol(value, &end, 10);
        if (end == value || (*end && *end != ',') || errno || pid <= 0 || pid > 1 << 30)
            return error_set(err, EINVAL, "process numbers are wanted, as in 4711 or 12,13");
        who->pids = xgrow(who->pids, &who->room, who->count + 1, sizeof(*who->pids));
        who->pids[who->count++] = (pid_t)pid;
        value = *end ? end + 1 : end;
    }
    return 0;
}

static const struct option_spec who_options[] = {
    {"pid", 'p', 0, "PID[,PID…]", "the processes, with their threads and children", parse_pids,
     "Target"},
    {"all", 'a', 0, NULL, "the whole machine, as fiq system", OPTION_SETS(struct who, machine)},
    {0}};

static void begin_attach(void *settings);
static void configured_attach(void *settings);
static int run_attach(void *settings, const struct operands *operands);
static int run_system(void *settings, const struct operands *operands);
static void end_attach(void *settings);

const struct command attach_command = {
    .name = "attach",
    .summary = "profile running processes",
    .usage = "attach [OPTIONS] -p PID[,PID…]",
    .about =
        "Profiles processes, their threads and their children, those that exist and those\n"
        "that come, for --duration, until Ctrl-C, or until they end.  They are never\n"
        "stopped and go on when fiq ends.\n\n"
        "  fiq attach -p 4711 -d 5 -o out.svg\n"
        "  fiq attach -p $(pidof nginx | tr ' ' ,) --detailed",
    .tables = {{who_options, offsetof(struct attach_settings, who)},
               {measure_options, offsetof(struct attach_settings, measure)},
               {symbol_options, offsetof(struct attach_settings, measure.session.symbols)},
               {output_options, offsetof(struct attach_settings, outputs)},
               {render_options, offsetof(struct attach_settings, outputs)},
               {filter_options, offsetof(struct attach_settings, filter)},
               {talk_options, offsetof(struct attach_settings, talk)}},
    .settings_size = sizeof(struct attach_settings),
    .begin = begin_attach,
    .configured = configured_attach,
    .run = run_attach,
    .end = end_attach,
};

const struct command system_command = {
    .name = "system",
    .summary = "profile the whole machine",
    .usage = "system [OPTIONS]",
    .about =
        "Profiles every process and the kernel, for 10 s unless --duration says otherwise.\n"
        "Needs root or CAP_PERFMON.\n\n"
        "  sudo fiq system -d 10 -o machine.svg --processes",
    .tables = {{measure_options, offsetof(struct attach_settings, measure)},
               {symbol_options, offsetof(struct attach_settings, measure.session.symbols)},
               {output_options, offsetof(struct attach_settings, outputs)},
               {render_options, offsetof(struct attach_settings, outputs)},
               {filter_options, offsetof(struct attach_settings, filter)},
               {talk_options, offsetof(struct attach_settings, talk)}},
    .settings_size = sizeof(struct attach_settings),
    .begin = begin_attach,
    .configured = configured_attach,
    .run = run_system,
    .end = end_attach,
};

/* Becomes readable when the process has ended; -1 on kernels before 5.3. */
static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

struct watched {
    struct pollfd *fds; /* the signals first, then a process each */
    size_t count, alive;
};

static void watch_pids(struct watched *watched, int signals, const pid_t *pids, size_t count)
{
    watched->fds = xcalloc(count + 1, sizeof(*watched->fds));
    watched->count = count + 1;
    watched->alive = count;
    watched->fds[0] = (struct pollfd){.fd = signals, .events = POLLIN};
    for (size_t i = 0; i < count; i++)
        watched->fds[i + 1] = (struct pollfd){.fd = open_pidfd(pids[i]), .events = POLLIN};
}

static void note_ended(struct watched *watched, const pid_t *pids)
{
    for (size_t i = 1; i < watched->count; i++) {
        struct pollfd *fd = &watched->fds[i];
        bool ended = fd->fd >= 0 ? fd->revents & (POLLIN | POLLHUP)
                                 : fd->fd == -1 && kill(pids[i - 1], 0) && errno == ESRCH;

        if (!ended)
            continue;
        if (fd->fd >= 0)
            close(fd->fd);
        fd->fd = -2; /* poll passes over it, and so do we */
        watched->alive--;
    }
}

static void unwatch(struct watched *watched)
{
    for (size_t i = 1; i < watched->count; i++)
        if (watched->fds[i].fd >= 0)
            close(watched->fds[i].fd);
    free(watched->fds);
}

/* Until time is up, the user or a signal ends it, or all that was asked for has ended. */
static void wait_for_end(struct attach_settings *settings, const struct session *session,
                         const struct signals *signals)
{
    const struct who *who = &settings->who;
    uint64_t duration = settings->measure.duration_ns;
    uint64_t deadline = duration ? clock_ns(CLOCK_MONOTONIC) + duration : 0;
    struct watched watched;
    struct progress progress;
    bool done = false;

    watch_pids(&watched, signals->fd, who->pids, who->machine ? 0 : who->count);
    progress_begin(&progress, settings->talk.quiet, 0);
    while (!done) {
        struct signalfd_siginfo info;

        poll(watched.fds, watched.count, measure_wait_ms(deadline, POLL_MS));
        while (read(signals->fd, &info, sizeof(info)) == sizeof(info))
            done |= info.ssi_signo != SIGCHLD;
        note_ended(&watched, who->pids);
        done |= !who->machine && !watched.alive;
        done |= deadline && clock_ns(CLOCK_MONOTONIC) >= deadline;
        progress_show(&progress, session, duration);
    }
    progress_end(&progress);
    unwatch(&watched);
}

static void read_comm(pid_t pid, char *comm, size_t size)
{
    char path[32];
    FILE *file;

    snprintf(comm, size, "process");
    snprintf(path, sizeof(path), "/proc/%d/comm", pid);
    file = fopen(path, "re");
    if (!file)
        return;
    if (fgets(comm, (int)size, file))
        comm[strcspn(comm, "\n")] = '\0';
    fclose(file);
}

static int measure(struct attach_settings *settings, const struct signals *signals)
{
    struct who *who = &settings->who;
    struct capture_target target;
    struct session *session;
    struct error err = {0};
    int failed;

    target = (struct capture_target){
        .kind = who->machine ? CAPTURE_MACHINE : CAPTURE_PROCESSES,
        .pids = who->pids,
        .count = who->machine ? 0 : who->count,
    };
    failed = session_start(&session, &target, &settings->measure.session, &err);
    if (failed)
        return print_error(&err, EXIT_FAILED);
    wait_for_end(settings, session, signals);
    failed =
        measure_finish(session, &settings->outputs, &settings->filter, &settings->talk, &err);
    measure_say_first_sample(session);
    session_free(session);
    return failed ? print_error(&err, EXIT_FAILED) : EXIT_DONE;
}

static int check_pids(const struct who *who, struct error *err)
{
    for (size_t i = 0; i < who->count; i++)
        if (kill(who->pids[i], 0) && errno == ESRCH)
            return error_set(err, ESRCH, "there is no process %d", who->pids[i]);
    return 0;
}

static int prepare_and_measure(struct attach_settings *settings)
{
    struct signals signals;
    struct error err = {0};
    char comm[64] = "system", line[128];
    pid_t pid = settings->who.machine ? 0 : settings->who.pids[0];

    /* The loader has used up our first slice of time: the next may be half a second away. */
    settings->measure.session.hurried = priority_hurry();
    if (settings->who.machine && !settings->measure.duration_ns)
        settings->measure.duration_ns = (uint64_t)MACHINE_S * 1000000000u;
    if (settings->who.machine && in_first_pid_namespace() == 0)
        log_warning(
            "fiq runs in a PID namespace, as of a container: what processes outside of it "
            "run has no names; on the host, or with docker run --pid=host, it has");
    if (check_pids(&settings->who, &err))
        return print_error(&err, EXIT_FAILED);
    if (pid)
        read_comm(pid, comm, sizeof(comm));
    /* What ends only by a signal has to hear it: shells of scripts let jobs in the background
     * ignore SIGINT. */
    if (signals_take(&signals, true, &err) ||
        measure_name_outputs(&settings->outputs, comm, pid, &err) ||
        measure_check_outputs(&settings->outputs, &err))
        return print_error(&err, EXIT_FAILED);
    if (pid)
        snprintf(line, sizeof(line), "%s (process %d)", comm, pid);
    else
        snprintf(line, sizeof(line), "the whole machine");
    settings->measure.session.command = line;
    measure_prepare();
    return measure(settings, &signals);
}

static void begin_attach(void *settings)
{
    measure_defaults(&((struct attach_settings *)settings)->measure);
}

static void configured_attach(void *settings)
{
    measure_configured(&((struct attach_settings *)settings)->measure);
}

static int wrong_usage(const struct command *command, const char *message)
{
    print_message("%s%s", command->name, message);
    print_hint("fiq %s --help", command->name);
    return EXIT_USAGE;
}

static int run_attach(void *settings, const struct operands *operands)
{
    struct attach_settings *attach = settings;
    struct error err;

    for (size_t i = 0; i < operands->count; i++)
        if (!isdigit((unsigned char)operands->words[i][0]) ||
            parse_pids(&attach->who, operands->words[i], &err)) {
            print_message("attach: %s is not a process number", operands->words[i]);
            return EXIT_USAGE;
        }
    if (!attach->who.machine && !attach->who.count)
        return wrong_usage(&attach_command, ": to which process?");
    return prepare_and_measure(attach);
}

static int run_system(void *settings, const struct operands *operands)
{
    struct attach_settings *system = settings;

    if (operands->count)
        return wrong_usage(&system_command, " takes no operands");
    system->who.machine = true;
    return prepare_and_measure(system);
}

static void end_attach(void *settings)
{
    struct attach_settings *attach = settings;

    outputs_free(&attach->outputs);
    free(attach->who.pids);
}
