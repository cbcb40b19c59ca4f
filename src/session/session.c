#include "session/session.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/priority.h"
#include "base/xalloc.h"
#include "profile/quality.h"
#include "session/account.h"
#include "session/name.h"
#include "session/reader.h"

/* How long what is in the rings may wait there.  Soon: in the first second, when it shows what
 * must be copied with a sample, above all in its first fifth, and where the kernel's filter
 * knows nothing of forks: samples of a child are dropped until its fork has been seen. */
enum { DRAIN_MS = 100, DRAIN_SOON_MS = 20, DRAIN_FIRST_MS = 5 };
enum { ENOUGH_STACKS = 200, MANY_CUT = 4, SETTLE_NS = 1000000000 };

struct session {
    struct capture *capture;
    struct reader *reader;
    struct symbolizer *symbolizer;
    struct session_options options;
    struct account account;
    char *command;
    pthread_t thread;
    bool running;
    uint64_t started_ns, started_epoch_ns, ended_ns, taken_ns;

    /* The hand-over: the caller asks, the reader puts the gathered stacks here.  The only lock
     * in the program. */
    pthread_mutex_t lock;
    pthread_cond_t handed_over;
    struct gather *gathered;
    struct capture_counts counts, counts_before;
    struct capture_facts facts;
    uint32_t files_refused;
    uint64_t of_32_bits;
    struct broken {
        const struct dso *dso;
        uint64_t count;
    } broken[3];
    bool wanted, ended;

    /* Written by the reader, read by anybody. */
    atomic_bool stopping;
    _Atomic uint64_t samples, lost, first_sample_ns;

    /* Of the reader: what the last look at the share of cut stacks saw. */
    uint64_t looked_ns, looked_cut, looked_stacks;
    uint64_t counted_ns; /* when the lost samples were last counted */
    bool callchains;     /* of user space are asked of the kernel, or cannot be had */
};

/* ---- the reader's thread ---- */

static void say_how_far(struct session *session)
{
    const struct gather *gather = reader_gathered(session->reader);
    static const uint64_t none;
    uint64_t expected = none;

    if (gather->first_ns)
        atomic_compare_exchange_strong(&session->first_sample_ns, &expected, gather->first_ns);
}

/* Go's runtime moves between stacks; the kernel's own chain then knows what no copy holds. */
static void adapt_callchains(struct session *session)
{
    struct error err;

    if (session->callchains || !capture_facts(session->capture).adaptive ||
        !unwinder_wants_callchain(reader_unwinder(session->reader)))
        return;
    session->callchains = true;
    if (capture_add_user_callchains(session->capture, &err))
        log_note("%s", err.message);
}

/* More than one cut stack in a hundred, within a second or among enough of them, or soon and
 * every tenth: copy more from now on. */
static void adapt_stack(struct session *session)
{
    const struct quality *quality = &reader_gathered(session->reader)->quality;
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    uint64_t stacks = quality->complete + quality->cut + quality->broken;
    uint64_t cut = quality->cut - session->looked_cut, all = stacks - session->looked_stacks;
    struct capture_facts facts = capture_facts(session->capture);
    struct error err;

    if (now - session->looked_ns < SETTLE_NS && all < ENOUGH_STACKS &&
        (cut < MANY_CUT || cut * 10 < all))
        return;
    if (facts.adaptive && facts.stack_bytes < CAPTURE_STACK_MAX && cut * 100 > all) {
        if (capture_grow_stack(session->capture, CAPTURE_STACK_MAX, &err)) {
            log_note("%s", err.message);
        } else {
            reader_set_stack_bytes(session->reader, CAPTURE_STACK_MAX);
            log_note("more than 1 %% of the stacks are cut: copying %d bytes a sample now",
                     CAPTURE_STACK_MAX);
        }
    }
    session->looked_ns = now;
    session->looked_cut = quality->cut;
    session->looked_stacks = stacks;
}

/* What no copy at the stack pointer can hold, or does not hold yet, is asked for by its place.
 */
static void adapt_far_stack(struct session *session)
{
    struct cut_stack cut[CUT_STACKS];
    size_t count = reader_cut_stacks(session->reader, cut);

    for (size_t i = 0; i < count; i++)
        capture_want_stack(session->capture, cut[i].pid, cut[i].tid, cut[i].sp, cut[i].missing);
}

/* Seldom: it asks the kernel about each event, which interrupts the CPU that the event is on.
 */
static void count_lost(struct session *session)
{
    uint64_t now = clock_ns(CLOCK_MONOTONIC);

    if (now - session->counted_ns < SETTLE_NS)
        return;
    atomic_store(&session->lost, capture_counts(session->capture).lost);
    session->counted_ns = now;
}

static void note_broken(struct session *session)
{
    const struct dso *dsos[3];
    uint64_t counts[3];
    size_t count = unwinder_broken(reader_unwinder(session->reader), dsos, counts, 3);

    memset(session->broken, 0, sizeof(session->broken));
    for (size_t i = 0; i < count && i < 3; i++)
        session->broken[i] = (struct broken){.dso = dsos[i], .count = counts[i]};
}

static void hand_over_if_wanted(struct session *session, bool ended)
{
    uint32_t files_open;

    pthread_mutex_lock(&session->lock);
    if ((session->wanted || ended) && !session->gathered) {
        session->gathered = reader_hand_over(session->reader);
        session->counts = capture_counts(session->capture);
        session->facts = capture_facts(session->capture);
        processes_files(reader_processes(session->reader), &files_open,
                        &session->files_refused);
        note_broken(session);
        session->of_32_bits = reader_samples_of_32_bits(session->reader);
        session->looked_cut = session->looked_stacks = 0;
        session->wanted = false;
    }
    session->ended |= ended;
    pthread_cond_broadcast(&session->handed_over);
    pthread_mutex_unlock(&session->lock);
}

static void drain(struct session *session, int timeout_ms, bool last)
{
    capture_drain(session->capture, timeout_ms, last, reader_take_record, session->reader);
    if (reader_saw_fork(session->reader) && !capture_facts(session->capture).follows_forks)
        capture_pass_all(session->capture);
    atomic_store(&session->samples, reader_gathered(session->reader)->samples);
    say_how_far(session);
}

static int patience_ms(const struct session *session)
{
    struct capture_facts facts = capture_facts(session->capture);
    bool misses_forks = facts.filtered && !facts.follows_forks;
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC), age_ns = now_ns - session->started_ns;
    uint64_t map_used_ns = reader_map_used_ns(session->reader);
    bool is_new = age_ns < SETTLE_NS, has_map = map_used_ns && now_ns < map_used_ns + SETTLE_NS;

    if (age_ns < SETTLE_NS / 5)
        return DRAIN_FIRST_MS;
    return misses_forks || is_new || has_map ? DRAIN_SOON_MS : DRAIN_MS;
}

static void *read_records(void *data)
{
    struct session *session = data;

    /* Among two hundred busy threads its turn would come when the rings have long been full. */
    priority_be_prompt();
    while (!atomic_load(&session->stopping)) {
        drain(session, patience_ms(session), false);
        adapt_callchains(session);
        adapt_stack(session);
        adapt_far_stack(session);
        count_lost(session);
        hand_over_if_wanted(session, false);
    }
    capture_disable(session->capture);
    drain(session, 0, true);
    hand_over_if_wanted(session, true);
    return NULL;
}

/* Signals belong to the main thread. */
static int start_thread(struct session *session, struct error *err)
{
    sigset_t all, before;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&session->thread, NULL, read_records, session);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return error_set(err, failed, "cannot start a thread: %s", strerror(failed));
    session->running = true;
    return 0;
}

/* ---- start ---- */

/* What is already running is read from /proc after the events are on: what changes while we
 * read comes as a record too. */
static int load_processes(struct session *session, const struct capture_target *target,
                          struct error *err)
{
    struct processes *processes = reader_processes(session->reader);
    int failed = 0;

    switch (target->kind) {
    case CAPTURE_COMMAND:
        processes_track(processes, target->pids[0]);
        break;
    case CAPTURE_MACHINE:
        processes_load_all(processes);
        break;
    case CAPTURE_PROCESSES:
    default:
        for (size_t i = 0; i < target->count; i++) {
            int one = processes_load(processes, target->pids[i], failed ? NULL : err);

            /* A child may end meanwhile; what was asked for by number may not. */
            if (one && i == 0)
                failed = one;
        }
        break;
    }
    return failed;
}

/* Children that came between the first look at /proc and the moment from which the kernel tells
 * of forks.  Each may have had some of its own until its samples pass. */
static void add_late_children(struct session *session, const struct capture_target *asked)
{
    enum { LOOKS_MOST = 3 };
    struct processes *processes = reader_processes(session->reader);
    bool found = true;

    for (int looks = 0; found && looks < LOOKS_MOST; looks++) {
        pid_t *pids;
        size_t count = processes_families(asked->pids, asked->count, &pids);

        found = false;
        for (size_t i = 0; i < count; i++)
            if (!processes_is_tracked(processes, pids[i]) &&
                !processes_load(processes, pids[i], NULL)) {
                capture_pass(session->capture, pids[i]);
                found = true;
            }
        free(pids);
    }
}

/* Those that were asked for first, then the children that exist already; the ones that come
 * are followed by their forks. */
static size_t add_children(const struct capture_target *target, pid_t **pids)
{
    size_t asked = 0, count = processes_families(target->pids, target->count, pids);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < target->count; k++)
            if ((*pids)[i] == target->pids[k]) {
                asked++;
                break;
            }
    if (count > asked)
        log_note("%zu children are profiled too (--no-children leaves them out)",
                 count - asked);
    return count;
}

/* `asked`: the target without the children that were found. */
static int start(struct session *session, const struct capture_target *asked,
                 const struct capture_target *target, struct error *err)
{
    struct reader_options options = {
        .max_nodes = session->options.max_nodes,
        .timestamps = session->options.timestamps,
        .everything = target->kind == CAPTURE_MACHINE,
        .no_children = target->kind != CAPTURE_MACHINE && !session->options.capture.children,
        .self = target->kind == CAPTURE_MACHINE ? getpid() : 0,
    };
    struct capture_facts facts;
    int failed = capture_open(&session->capture, target, &session->options.capture, err);

    if (failed)
        return failed;
    facts = capture_facts(session->capture);
    if (target->kind == CAPTURE_COMMAND && facts.per_cpu)
        options.awaited = target->pids[0];
    /* On a whole machine everybody would pay for the few programs that need them. */
    session->callchains = target->kind == CAPTURE_MACHINE;
    options.period = facts.period;
    options.stack_bytes = facts.stack_bytes;
    session->reader = reader_new(&options);
    session->started_ns = session->taken_ns = session->looked_ns = clock_ns(CLOCK_MONOTONIC);
    session->started_epoch_ns = clock_ns(CLOCK_REALTIME);
    failed = capture_enable(session->capture, err);
    /* At once: on a busy machine our next turn may be half a second away. */
    if (target->kind != CAPTURE_MACHINE)
        account_begin(&session->account, target->pids, target->count);
    if (session->options.hurried)
        priority_calm();
    if (!failed)
        failed = load_processes(session, target, err);
    /* Events of threads are inherited; which of the children have some already cannot be told.
     */
    if (!failed && target->kind == CAPTURE_PROCESSES && facts.per_cpu &&
        session->options.capture.children)
        add_late_children(session, asked);
    if (!failed)
        failed = start_thread(session, err);
    account_begin_turns(&session->account);
    return failed;
}

int session_start(struct session **result, const struct capture_target *target,
                  const struct session_options *options, struct error *err)
{
    struct session *session = xcalloc(1, sizeof(*session));
    struct capture_target family = *target;
    pid_t *pids = NULL;
    int failed;

    session->options = *options;
    session->command = options->command ? xstrdup(options->command) : NULL;
    pthread_mutex_init(&session->lock, NULL);
    pthread_cond_init(&session->handed_over, NULL);
    if (target->kind == CAPTURE_PROCESSES && options->capture.children) {
        family.count = add_children(target, &pids);
        family.pids = pids;
    }
    failed = start(session, target, &family, err);
    free(pids);
    if (failed)
        session_free(session);
    else
        *result = session;
    return failed;
}

void session_stop(struct session *session)
{
    if (!session->running)
        return;
    session->ended_ns = clock_ns(CLOCK_MONOTONIC);
    account_end(&session->account);
    atomic_store(&session->stopping, true);
    capture_wake(session->capture);
    pthread_join(session->thread, NULL);
    session->running = false;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    session_stop(session);
    symbolizer_free(session->symbolizer);
    gather_free(session->gathered);
    reader_free(session->reader);
    capture_close(session->capture);
    pthread_mutex_destroy(&session->lock);
    pthread_cond_destroy(&session->handed_over);
    account_free(&session->account);
    free(session->command);
    free(session);
}

/* ---- hand-over ---- */

static struct gather *wait_for_gathered(struct session *session, struct capture_counts *counts)
{
    struct gather *gathered;

    pthread_mutex_lock(&session->lock);
    if (!session->gathered && !session->ended) {
        session->wanted = true;
        capture_wake(session->capture);
        while (!session->gathered && !session->ended)
            pthread_cond_wait(&session->handed_over, &session->lock);
    }
    gathered = session->gathered;
    session->gathered = NULL;
    *counts = session->counts;
    pthread_mutex_unlock(&session->lock);
    return gathered;
}

static void add_counts(struct session *session, struct quality *quality,
                       const struct capture_counts *now)
{
    const struct capture_counts *before = &session->counts_before;

    quality->lost = now->lost - before->lost;
    quality->throttled = now->throttled - before->throttled;
    quality->unexplained = now->undecoded - before->undecoded;
    session->counts_before = *now;
}

static uint64_t nanoseconds(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_usec * 1000;
}

struct session_used session_used_of(const struct rusage *usage)
{
    return (struct session_used){.user_ns = nanoseconds(&usage->ru_utime),
                                 .system_ns = nanoseconds(&usage->ru_stime),
                                 .turns =
                                     (uint64_t)usage->ru_nvcsw + (uint64_t)usage->ru_nivcsw};
}

void session_set_used(struct session *session, const struct session_used *used)
{
    session->account.user_ns = used->user_ns;
    session->account.system_ns = used->system_ns;
    session->account.waited_turns = used->turns;
}

/* Samples that the target's CPU time ought to have made, when all of it was sampled by a clock
 * and is taken at once. */
static uint64_t owed_samples(const struct session *session)
{
    const struct account *account = &session->account;
    const struct capture_facts *facts = &session->facts;
    uint64_t ns = account->user_ns;

    if (!session->options.capture.event->is_clock || !facts->period || session->running ||
        session->taken_ns != session->started_ns)
        return 0;
    if (facts->kernel) /* else the kernel's part makes no samples */
        ns += account->system_ns + account->used_ns;
    return ns / facts->period;
}

/* A clock ticks only while the target runs, so its rate is that of a second of CPU time: what
 * was set, less what did not come.  What other events count has no rate to be held against:
 * theirs is that of a second of the wall clock. */
static double effective_hz(const struct session *session, const struct profile_info *info,
                           uint64_t samples)
{
    uint64_t period = session->options.capture.event->is_clock ? session->facts.period : 0;
    uint64_t due = samples + info->quality.lost + quality_missing(&info->quality);

    if (period && due)
        return 1e9 / (double)period * (double)samples / (double)due;
    return info->duration_ns ? (double)samples * 1e9 / (double)info->duration_ns : 0;
}

static str_id host_text(struct profile *profile)
{
    struct utsname name;
    char text[256];

    if (uname(&name))
        return 0;
    snprintf(text, sizeof(text), "%.64s, Linux %.64s, %.32s", name.nodename, name.release,
             name.machine);
    return profile_intern_text(profile, text);
}

static const char *where_it_broke(const struct dso *dso)
{
    return strcmp(dso->path, "//anon") ? dso->path : "memory without a file";
}

static void add_notes(const struct session *session, struct profile *profile,
                      uint64_t lost_others)
{
    const struct capture_facts *facts = &session->facts;

    for (size_t i = 0; i < 3 && session->broken[i].dso; i++)
        profile_note(profile,
                     "%" PRIu64 " %s broke in %.400s: it has neither unwind tables there nor "
                     "frame pointers",
                     session->broken[i].count,
                     session->broken[i].count == 1 ? "stack" : "stacks",
                     where_it_broke(session->broken[i].dso));
    if (session->of_32_bits)
        profile_note(profile,
                     "%" PRIu64
                     " samples are of 32-bit programs: fiq unwinds and names 64-bit ones",
                     session->of_32_bits);
    if (!facts->per_cpu)
        profile_note(profile,
                     "events are per thread: threads and processes that live shorter than a "
                     "sampling period are under-sampled; as root, or with CAP_PERFMON, fiq "
                     "samples per CPU and sees them all");
    if (session->options.capture.kernel && !facts->kernel)
        profile_note(profile,
                     "user frames only: kernel.perf_event_paranoid is %ld; sudo sysctl "
                     "kernel.perf_event_paranoid=1, or root, shows the kernel's",
                     sysctl_number("perf_event_paranoid", -2));
    if (facts->ring_bytes < facts->ring_wanted)
        profile_note(profile,
                     "ring buffers were reduced to %" PRIu64
                     " KiB a CPU, with %u bytes of stack "
                     "a sample, by the locked-memory limit; ulimit -l unlimited lifts it",
                     facts->ring_bytes / 1024, facts->stack_bytes);
    if (lost_others)
        profile_note(profile,
                     "%" PRIu64 " records about mappings, names and forks were lost: names and "
                     "stacks of what came then may be wrong",
                     lost_others);
    if (session->files_refused)
        profile_note(
            profile,
            "%u mapped files were not opened, as half of the open-file limit was used: "
            "ulimit -n 65536",
            session->files_refused);
}

static void describe(struct session *session, struct profile *profile,
                     const struct gather *gathered, const struct capture_counts *counts)
{
    const struct capture_facts *facts = &session->facts;
    struct profile_info *info = profile_info(profile);
    uint64_t now = session->running ? clock_ns(CLOCK_MONOTONIC) : session->ended_ns;

    info->event = profile_intern_text(profile, session->options.capture.event->name);
    info->command = session->command ? profile_intern_text(profile, session->command) : 0;
    info->host = host_text(profile);
    info->creator = profile_intern_text(profile, "fiq " FIQ_VERSION);
    info->quality.owed = owed_samples(session);
    if (info->quality.owed)
        info->quality.turns = session->account.waited_turns + session->account.turns;
    info->started_ns = session->started_epoch_ns + (session->taken_ns - session->started_ns);
    info->duration_ns = now - session->taken_ns;
    session->taken_ns = now;
    info->period = facts->period;
    info->frequency_hz = facts->frequency_hz;
    info->effective_hz = effective_hz(session, info, gathered->samples);
    info->quality.user_only = !facts->kernel;
    info->quality.inherited = !facts->per_cpu;
    info->quality.largest_copy = facts->stack_bytes == CAPTURE_STACK_MAX;
    add_notes(session, profile, counts->lost_others);
}

int session_take(struct session *session, struct profile **profile, struct error *err)
{
    const struct event_kind *event = session->options.capture.event;
    struct event_columns columns = {.samples = "samples",
                                    .name = event->is_clock ? "cpu" : event->name,
                                    .unit = event->is_clock ? "nanoseconds" : "count"};
    struct capture_counts counts;
    struct gather *gathered = wait_for_gathered(session, &counts);

    if (!gathered)
        return error_set(err, ENODATA, "the measurement has ended and was taken already");
    if (!session->symbolizer)
        session->symbolizer = symbolizer_new(&session->options.symbols);
    *profile = name_gathered(gathered, session->symbolizer, &columns, 1);
    add_counts(session, &profile_info(*profile)->quality, &counts);
    describe(session, *profile, gathered, &counts);
    gather_free(gathered);
    return 0;
}

struct session_progress session_progress(const struct session *session)
{
    return (struct session_progress){
        .samples = atomic_load(&session->samples),
        .lost = atomic_load(&session->lost),
        .first_sample_ns = atomic_load(&session->first_sample_ns),
    };
}
