#include "cli/measure.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/output.h"
#include "base/priority.h"
#include "base/xalloc.h"
#include "cli/inputs.h"
#include "cli/silence.h"
#include "cli/status_line.h"
#include "cli/symbol_options.h"
#include "report/report.h"

uint64_t process_started_ns;
static int priority_before; /* our own, to be restored */

/* ---- options ---- */

static void preset(struct measure_settings *settings, uint64_t seconds, double hz)
{
    if (!settings->duration_given)
        settings->duration_ns = seconds * 1000000000u;
    if (!settings->rate_given)
        settings->session.capture.frequency_hz = hz;
}

static int set_quick(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    preset(settings, 5, 99);
    return 0;
}

static int set_default(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    preset(settings, 10, 99);
    return 0;
}

static int set_detailed(void *settings, const char *value, struct error *err)
{
    (void)value;
    (void)err;
    preset(settings, 20, 997);
    return 0;
}

static int set_duration(void *settings, const char *value, struct error *err)
{
    struct measure_settings *measure = settings;
    unsigned long long ns;
    int failed = option_duration(value, &ns, err);

    if (failed)
        return failed;
    measure->duration_ns = ns;
    measure->duration_given = true;
    return 0;
}

static int set_frequency(void *settings, const char *value, struct error *err)
{
    struct measure_settings *measure = settings;

    measure->rate_given = true;
    return option_real(value, 0.1, 1e6, &measure->session.capture.frequency_hz, err);
}

static int set_period(void *settings, const char *value, struct error *err)
{
    struct measure_settings *measure = settings;
    unsigned long long period;
    int failed = option_number(value, 1, 1ull << 62, false, &period, err);

    if (!failed)
        measure->session.capture.period = period;
    return failed;
}

static const char *event_word(size_t i)
{
    return event_kinds[i].name; /* NULL ends them */
}

static int set_event(void *settings, const char *value, struct error *err)
{
    struct measure_settings *measure = settings;
    const struct event_kind *event = event_named(value);

    if (event) {
        measure->session.capture.event = event;
        return 0;
    }
    error_set(err, EINVAL, "there is no such event");
    error_hint(err, "cpu-clock, task-clock, page-faults and context-switches are everywhere; "
                    "cycles, instructions, cache-misses … where there is a PMU");
    return -EINVAL;
}

static int set_stack_size(void *settings, const char *value, struct error *err)
{
    struct measure_settings *measure = settings;
    unsigned long long bytes;
    int failed = option_number(value, 1024, 65536, true, &bytes, err);

    if (failed)
        return failed;
    if (bytes > CAPTURE_STACK_MAX)
        bytes = CAPTURE_STACK_MAX;
    measure->session.capture.stack_bytes = (uint32_t)bytes & ~7u;
    return 0;
}

static int set_ring_pages(void *settings, const char *value, struct error *err)
{
    struct measure_settings *measure = settings;
    unsigned long long pages;
    int failed = option_number(value, 8, 1 << 18, true, &pages, err);

    if (!failed)
        measure->session.capture.ring_pages = (uint32_t)pages;
    return failed;
}

static int set_max_nodes(void *settings, const char *value, struct error *err)
{
    struct measure_settings *measure = settings;
    unsigned long long nodes;
    int failed = option_number(value, 1000, 1u << 31, true, &nodes, err);

    if (!failed)
        measure->session.max_nodes = (uint32_t)nodes;
    return failed;
}

/* What people type from habit: stacks are always taken, from unwind tables where there are
 * any, by frame pointers elsewhere. */
static const char *call_graph_word(size_t i)
{
    static const char *const known[] = {"auto", "dwarf", "fp", "none"};

    return i < ARRAY_LENGTH(known) ? known[i] : NULL;
}

static int set_call_graph(void *settings, const char *value, struct error *err)
{
    const char *known;

    (void)settings;
    for (size_t i = 0; value && (known = call_graph_word(i)); i++)
        if (!strncmp(value, known, strlen(known)))
            return 0;
    return value ? error_set(err, EINVAL, "auto, dwarf, fp and none are accepted") : 0;
}

const struct option_spec measure_options[] = {
    {"duration", 'd', 0, "TIME", "how long: 5, 500ms, 2m", set_duration, "Sampling"},
    {"freq", 'f', 'F', "HZ", "samples a second and CPU, 99 unless said otherwise",
     set_frequency},
    {"quick", 0, 0, NULL, "5 s at 99 Hz", set_quick},
    {"default", 0, 0, NULL, "10 s at 99 Hz", set_default},
    {"detailed", 0, 0, NULL, "20 s at 997 Hz", set_detailed},
    {"event", 'e', 0, "EVENT", "what to sample: cpu-clock, page-faults, cycles …", set_event,
     .word = event_word},
    {"period", 'c', 0, "N", "a sample every N events (nanoseconds for clocks)", set_period},
    {"no-kernel", 0, 0, NULL, "leave out the kernel",
     OPTION_CLEARS(struct measure_settings, session.capture.kernel)},
    {"no-children", 0, 0, NULL, "do not follow forks",
     OPTION_CLEARS(struct measure_settings, session.capture.children)},
    {"per-thread", 0, 0, NULL, "an event per thread even where one per CPU is allowed",
     OPTION_SETS(struct measure_settings, session.capture.per_thread)},
    {"stack-size", 0, 0, "BYTES", "user stack copied per sample, up to 65528; 32K, adaptive",
     set_stack_size},
    {"ring-pages", 'm', 0, "N", "pages of each CPU's ring buffer", set_ring_pages},
    {"max-nodes", 0, 0, "N", "most nodes of the tree of stacks, a million", set_max_nodes},
    {"timestamps", 0, 0, NULL, "keep the moment of each sample",
     OPTION_SETS(struct measure_settings, session.timestamps)},
    {"call-graph", 0, 0, "HOW", "accepted for habit's sake: stacks are always complete",
     set_call_graph, .word = call_graph_word},
    {"g", 'g', 0, NULL, "accepted for habit's sake", set_call_graph},
    {0}};

void measure_configured(struct measure_settings *settings)
{
    settings->duration_given = settings->rate_given = false;
}

void measure_defaults(struct measure_settings *settings)
{
    *settings =
        (struct measure_settings){.session = {.capture = {.event = event_named("cpu-clock"),
                                                          .frequency_hz = 99,
                                                          .kernel = true,
                                                          .children = true}}};
    symbol_defaults(&settings->session.symbols);
}

/* ---- signals ---- */

int signals_take(struct signals *signals, bool interruptible, struct error *err)
{
    static const int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < ARRAY_LENGTH(ours); i++) {
        struct sigaction action;

        if (ours[i] == SIGINT && interruptible)
            signal(SIGINT, SIG_DFL); /* it is blocked below, and so waits to be read */
        if (!sigaction(ours[i], NULL, &action) && action.sa_handler == SIG_IGN &&
            ours[i] != SIGTERM)
            continue;
        sigaddset(&set, ours[i]);
    }
    sigprocmask(SIG_BLOCK, &set, &signals->before);
    signals->pipe_before = signal(SIGPIPE, SIG_IGN);
    signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->fd < 0)
        return error_set(err, errno, "cannot wait for signals: %s", strerror(errno));
    return 0;
}

int measure_wait_ms(uint64_t deadline_ns, int most)
{
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    uint64_t left;

    if (!deadline_ns)
        return most;
    if (now >= deadline_ns)
        return 0;
    left = (deadline_ns - now + 999999) / 1000000;
    return left < (uint64_t)most ? (int)left : most;
}

/* ---- progress ---- */

void progress_begin(struct progress *progress, bool quiet, pid_t guest)
{
    *progress = (struct progress){.shown = status_line_shows(quiet),
                                  .guest = guest,
                                  .started_ns = clock_ns(CLOCK_MONOTONIC)};
}

void progress_show(struct progress *progress, const struct session *session,
                   uint64_t duration_ns)
{
    struct session_progress now = session_progress(session);
    double elapsed = (double)(clock_ns(CLOCK_MONOTONIC) - progress->started_ns) / 1e9;
    char limit[32] = "", lost[40] = "", text[120];

    if (!progress->shown)
        return;
    if (duration_ns)
        snprintf(limit, sizeof(limit), " of %.1f s", (double)duration_ns / 1e9);
    if (now.lost)
        snprintf(lost, sizeof(lost), ", %" PRIu64 " lost", now.lost);
    snprintf(text, sizeof(text), "%.1f s%s, %" PRIu64 " samples%s", elapsed, limit, now.samples,
             lost);
    if (!progress->guest)
        status_line("%s", text);
    else if (silence_of(progress->guest))
        status_line_beside("%s", text);
}

void progress_end(struct progress *progress)
{
    if (progress->shown && progress->guest)
        status_line_fresh();
    else if (progress->shown)
        status_line_clear();
    progress->shown = false;
}

/* ---- outputs ---- */

int measure_name_outputs(struct outputs *outputs, const char *comm, pid_t pid,
                         struct error *err)
{
    char safe[64], when[32], number[16] = "";
    time_t now = time(NULL);
    struct tm local;
    size_t end = 0;
    int failed;

    if (outputs->count)
        return 0;
    for (; *comm && end < sizeof(safe) - 1; comm++)
        safe[end++] = isalnum((unsigned char)*comm) || strchr("._+", *comm) ? *comm : '_';
    safe[end] = '\0';
    localtime_r(&now, &local);
    strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &local);
    if (pid)
        snprintf(number, sizeof(number), "-%d", pid);
    /* A picture to look at, and beside it everything that is known, to be looked at again. */
    failed = outputs_add_owned(outputs, xasprintf("fiq-%s%s-%s.svg", safe, number, when), err);
    if (!failed)
        failed =
            outputs_add_owned(outputs, xasprintf("fiq-%s%s-%s.pb.gz", safe, number, when), err);
    return failed;
}

int measure_check_outputs(const struct outputs *outputs, struct error *err)
{
    int failed = outputs_prepare(outputs, err);

    for (size_t i = 0; i < outputs->count && !failed; i++) {
        struct output output;
        char *path = outputs_path(outputs, i);

        if (strcmp(path, "-")) {
            failed = outputs_open(&output, path, err);
            if (!failed)
                output_discard(&output);
        }
        free(path);
    }
    return failed;
}

static void print_written(const struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->count; i++) {
        char *path = outputs_path(outputs, i);

        if (strcmp(path, "-") && outputs->wishes[i].written)
            print_message("wrote %s", path);
        free(path);
    }
}

/* Nothing was sampled: the likely reasons.  Outputs are written all the same, as what reads
 * them may wait for them; they say that they are empty. */
static void explain_no_samples(const struct profile *profile, struct error *err)
{
    const struct profile_info *info = profile_facts(profile);

    error_set(err, ENODATA, "there are no samples");
    if (info->quality.owed > 1) {
        error_hint(err, "the target used %.3f s of CPU time: the kernel did not sample it%s",
                   (double)info->quality.owed * (double)info->period / 1e9,
                   info->quality.inherited ? "; a setuid program is sampled for root alone"
                                           : "");
        return;
    }
    if (!info->period || info->frequency_hz <= 0) { /* no clock */
        error_hint(err, "too few %s happened in %.2f s: -c 1 samples each",
                   profile_string(profile, info->event), (double)info->duration_ns / 1e9);
        return;
    }
    error_hint(err,
               "the target used less CPU time than one sampling period (%.1f ms at this rate) "
               "in %.2f s; a higher -f, or -e context-switches for what waits",
               (double)info->period / 1e6, (double)info->duration_ns / 1e9);
}

int measure_finish(struct session *session, const struct outputs *outputs,
                   const struct filter *filter, const struct talk_settings *talk,
                   struct error *err)
{
    struct outputs wanted = *outputs;
    struct profile *profile;
    size_t stacks;
    bool chosen;
    int failed;

    wanted.options.timestamps =
        true; /* there are times only when --timestamps asked for them */
    session_stop(session);
    setpriority(PRIO_PROCESS, 0,
                priority_before); /* naming and drawing can wait for their turn */
    failed = session_take(session, &profile, err);
    if (failed)
        return failed;
    profile_stacks(profile, &stacks);
    if (!stacks) {
        struct error reason = {0};

        explain_no_samples(profile, &reason);
        if (!talk->quiet)
            print_error(&reason, 0);
    }
    failed = stacks ? input_filter(filter, &profile, err) : 0;
    chosen = !failed;
    if (chosen)
        failed = outputs_write(&wanted, profile, err);
    if (chosen && !talk->quiet) {
        if (stacks)
            report_summary(profile, stderr);
        print_notes(profile);
        print_written(outputs);
    }
    profile_free(profile);
    return failed;
}

void measure_raise_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void measure_prepare(void)
{
    measure_raise_files();
    priority_before = getpriority(PRIO_PROCESS, 0);
    priority_be_prompt();
}

void measure_say_first_sample(const struct session *session)
{
    struct session_progress progress = session_progress(session);

    if (progress.first_sample_ns > process_started_ns)
        log_note("first sample %.1f ms after the start of fiq",
                 (double)(progress.first_sample_ns - process_started_ns) / 1e6);
}
