#include "capture/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/map.h"
#include "base/namespace.h"
#include "base/pids.h"
#include "base/xalloc.h"
#include "capture/attributes.h"
#include "capture/bpf_filter.h"
#include "capture/clocks.h"
#include "capture/cpus.h"
#include "capture/explain.h"
#include "capture/far_stack.h"
#include "capture/resting.h"
#include "capture/side_band.h"

enum {
    KIB = 1024,
    RING_MOST = 8192 * KIB,       /* of one CPU; 250 samples with 32 KiB of stack */
    RINGS_MOST = 64 * 1024 * KIB, /* of all CPUs */
    RING_LEAST = 32 * KIB,
    SIDE_RING = 512 * KIB,      /* some 6 000 records */
    SIDE_RING_SMALL = 64 * KIB, /* where locked memory is scarce */
    STACK_DEFAULT = 32 * KIB,
    STACK_SMALL = 8 * KIB,
    SETTLE_NS = 20 * 1000 * 1000 /* how late a sample may reach its ring */
};

struct capture {
    struct capture_options options;
    struct capture_target target;
    pid_t *pids;
    struct capture_facts facts;
    struct attributes attributes;
    struct record_layout layout, side_layout;

    struct cpus cpus;
    struct event_list {
        int *fds;
        size_t count, room;
    } samplers, sides;
    struct bpf_filter filter;
    struct resting *resting; /* or NULL */
    struct far_stack *far;   /* or NULL */
    bool far_tried;
    uint64_t enabled_ns, redrawn_ns;
    bool rest_tried;

    int epoll, wake;
    struct side_band side_band;

    uint64_t lost_records, throttled, undecoded, retired_lost;
    uint64_t random;     /* what was drawn last */
    bool two_clocks;     /* sample each thread together */
    struct clocks turns; /* where periods change: two after each other; else none */
    bool turn;           /* which of them it is */
};

/* ---- the rate ---- */

/* Another one at each call and in each recording. */
static uint64_t draw(struct capture *capture)
{
    capture->random = hash_u64(capture->random + UINT64_C(0x9e3779b97f4a7c15));
    return capture->random;
}

static void next_period(struct capture *capture)
{
    capture->turn = capture->turns.count && !capture->turn;
    if (!capture->turn)
        capture->turns = clocks_in_turn(capture->facts.period, draw(capture));
}

static void choose_rate(struct capture *capture)
{
    const struct capture_options *options = &capture->options;
    struct capture_facts *facts = &capture->facts;
    long most = sysctl_number("perf_event_max_sample_rate", 100000);

    facts->frequency_hz = options->frequency_hz;
    facts->period = options->period;
    if (!facts->period && !options->event->is_clock)
        facts->period = options->event->default_period;
    if (facts->period) {
        facts->frequency_hz = options->event->is_clock ? 1e9 / (double)facts->period : 0;
        return;
    }
    if (most > 0 && facts->frequency_hz > (double)most) {
        log_warning("%.0f Hz is more than kernel.perf_event_max_sample_rate allows; sampling "
                    "at %ld Hz",
                    facts->frequency_hz, most);
        facts->frequency_hz = (double)most;
    }
    /* A software clock turns a frequency into a period anyway, but one that drifts. */
    if (options->event->is_clock)
        facts->period = (uint64_t)(1e9 / facts->frequency_hz + 0.5);
}

/* As the kernel counts the entries of /proc/PID/task: "." and ".." among them. */
static size_t threads_of(pid_t pid)
{
    char path[64];
    struct stat task;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    return stat(path, &task) || task.st_nlink < 2 ? 1 : (size_t)task.st_nlink - 2;
}

/*
 * One for a CPU, whose period changes.  For a thread two where nothing speaks against it: its
 * events are one for each CPU, too, and few processes may have thousands of descriptors; and
 * each clock begins anew with each thread and process that comes, and forgets half a period of
 * it: two of 1 ms are no harm, but two of 10 ms would hide half of a compiler's work.  A period
 * that was asked for as such is kept.
 */
static void choose_clocks(struct capture *capture)
{
    enum { THREAD_EVENTS_MOST = 512, THREAD_PERIOD_MOST_NS = 2500000 };
    const struct capture_options *options = &capture->options;
    struct capture_facts *facts = &capture->facts;
    size_t threads = capture->target.kind == CAPTURE_COMMAND;

    capture->random = clock_ns(CLOCK_REALTIME) ^ (uint64_t)getpid() << 40;
    if (!options->event->is_clock || options->period)
        return;
    if (facts->per_cpu) {
        next_period(capture);
        return;
    }
    if (capture->target.kind == CAPTURE_PROCESSES)
        for (size_t i = 0; i < capture->target.count; i++)
            threads += threads_of(capture->target.pids[i]);
    if (threads * capture->cpus.count <= THREAD_EVENTS_MOST &&
        (!options->children || facts->period <= THREAD_PERIOD_MOST_NS))
        capture->two_clocks = true;
    else
        facts->period = clocks_near(facts->period, options->spread, draw(capture));
}

/* For one CPU or thread, or both. */
static struct clocks draw_clocks(struct capture *capture)
{
    uint64_t period = capture->facts.period;

    if (capture->turns.count)
        return clocks_one(capture->turns.periods[capture->turn]);
    return capture->two_clocks ? clocks_two(period, draw(capture)) : clocks_one(period);
}

/* Another period for all CPUs, when it is time for it: what moves from one to another meets as
 * many faster ticks as slower ones. */
static void redraw(struct capture *capture)
{
    uint64_t now = clock_ns(CLOCK_MONOTONIC);

    if (!capture->turns.count || now - capture->redrawn_ns < clocks_turn(capture->facts.period))
        return;
    capture->redrawn_ns = now;
    next_period(capture);
    for (size_t i = 0; i < capture->cpus.count; i++) {
        const struct cpu *cpu = &capture->cpus.list[i];

        if (cpu->sampler >= 0 && !resting_has(capture->resting, cpu))
            ioctl(cpu->sampler, PERF_EVENT_IOC_PERIOD, &capture->turns.periods[capture->turn]);
    }
}

/* ---- rings ---- */

static uint64_t power_of_two(uint64_t size)
{
    uint64_t power = RING_LEAST;

    while (power < size)
        power *= 2;
    return power;
}

/* Room for the samples of 200 ms, and for eight at the least. */
static uint64_t ring_size_wanted(const struct capture *capture)
{
    uint64_t record = capture->facts.stack_bytes + 1024;
    double rate = capture->facts.frequency_hz > 0 ? capture->facts.frequency_hz : 1000;
    uint64_t size = power_of_two((uint64_t)(rate * 0.2 * (double)record));
    uint64_t share = RINGS_MOST / capture->cpus.count;

    if (capture->options.ring_pages)
        return power_of_two((uint64_t)capture->options.ring_pages *
                            (uint64_t)sysconf(_SC_PAGESIZE));
    if (size < power_of_two(16 * record))
        size = power_of_two(16 * record);
    while (size > RING_MOST || (size > share && size > 8 * record))
        size /= 2;
    return size;
}

/* -EPERM or -ENOMEM when they do not fit the limits. */
static int map_rings(struct capture *capture, const struct ring_sizes *sizes, struct error *err)
{
    int failed = cpus_open_owners(&capture->cpus, &capture->attributes.side, sizes);

    if (failed)
        return explain_open(err, -failed, &capture->target, &capture->options);
    failed = cpus_map_rings(&capture->cpus, sizes);
    return failed ? explain_map(err, -failed) : 0;
}

/* Halves the rings until they fit the locked-memory limit; the stack copy follows, so that a
 * ring always holds several samples. */
static int make_rings(struct capture *capture, struct error *err)
{
    struct ring_sizes sizes = {ring_size_wanted(capture), SIDE_RING};
    struct capture_facts *facts = &capture->facts;
    int failed;

    facts->ring_wanted = sizes.samples;
    while ((failed = map_rings(capture, &sizes, err)) == -EPERM || failed == -ENOMEM) {
        if (sizes.samples <= RING_LEAST)
            return failed;
        sizes = (struct ring_sizes){sizes.samples / 2, SIDE_RING_SMALL};
    }
    if (failed)
        return failed;
    facts->ring_bytes = sizes.samples;
    if (!capture->options.stack_bytes && sizes.samples < 16 * (uint64_t)facts->stack_bytes)
        facts->stack_bytes = STACK_SMALL;
    if (facts->ring_bytes < facts->ring_wanted)
        log_note("ring buffers reduced to %llu KiB a CPU by the locked-memory limit "
                 "(ulimit -l, kernel.perf_event_mlock_kb), %u bytes of stack a sample",
                 (unsigned long long)facts->ring_bytes / KIB, facts->stack_bytes);
    return 0;
}

/* ---- events ---- */

static void keep(struct event_list *events, int fd)
{
    events->fds = xgrow(events->fds, &events->room, events->count + 1, sizeof(*events->fds));
    events->fds[events->count++] = fd;
}

static void close_all(struct event_list *events)
{
    for (size_t i = 0; i < events->count; i++)
        close(events->fds[i]);
    free(events->fds);
    *events = (struct event_list){0};
}

/* The clocks of one thread (or all: -1) on one CPU, into its ring.  What was opened is among
 * the events, also when another one failed. */
static int open_samplers(struct capture *capture, struct perf_event_attr attr,
                         struct event_list *events, const struct cpu *cpu, pid_t tid)
{
    struct clocks clocks = draw_clocks(capture);

    for (size_t i = 0; i < clocks.count; i++) {
        int sampler;

        if (clocks.periods[i])
            attr.sample_period = clocks.periods[i];
        sampler = event_open(&attr, tid, cpu->number, -1);
        if (sampler < 0)
            return -errno;
        keep(events, sampler);
        if (ioctl(sampler, PERF_EVENT_IOC_SET_OUTPUT, cpu->owner))
            return -errno;
    }
    return 0;
}

/* Samplers and side-band event of one thread (or all: -1) on one CPU, into the CPU's rings. */
static int open_events(struct capture *capture, const struct cpu *cpu, pid_t tid)
{
    int failed =
        open_samplers(capture, capture->attributes.sampler, &capture->samplers, cpu, tid);
    int side;

    if (failed)
        return failed;
    side = event_open(&capture->attributes.side, tid, cpu->number, -1);
    if (side < 0)
        return -errno;
    keep(&capture->sides, side);
    if (ioctl(side, PERF_EVENT_IOC_SET_OUTPUT, cpu->side_owner))
        return -errno;
    return 0;
}

/* ---- topologies ---- */

/* Whether one event per CPU is allowed: it is tried, not asked for. */
static int try_per_cpu(const struct capture *capture)
{
    int fd = event_open(&capture->attributes.sampler, -1, capture->cpus.list[0].number, -1);

    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

/* Its programs see process numbers of the first namespace only. */
static bool bpf_knows_our_numbers(void)
{
    return in_first_pid_namespace() == 1;
}

static int open_per_cpu(struct capture *capture, struct error *err)
{
    for (size_t i = 0; i < capture->cpus.count; i++) {
        struct cpu *cpu = &capture->cpus.list[i];
        int failed = open_events(capture, cpu, -1);

        if (failed == -ENODEV) /* went offline meanwhile */
            continue;
        if (failed)
            return explain_open(err, -failed, &capture->target, &capture->options);
        cpu->sampler = capture->samplers.fds[capture->samplers.count - 1];
    }
    if (capture->target.kind == CAPTURE_MACHINE || !bpf_knows_our_numbers() ||
        bpf_filter_open(&capture->filter, capture->target.pids, capture->target.count,
                        capture->options.children))
        return 0;
    capture->facts.filtered = true;
    capture->facts.follows_forks = capture->filter.follows;
    for (size_t i = 0; i < capture->samplers.count; i++)
        capture->facts.filtered &=
            !bpf_filter_attach(&capture->filter, capture->samplers.fds[i]);
    return 0;
}

static int open_thread(struct capture *capture, pid_t tid, struct error *err)
{
    for (size_t i = 0; i < capture->cpus.count; i++) {
        int failed = open_events(capture, &capture->cpus.list[i], tid);

        if (failed == -ESRCH)
            return 0;          /* ended meanwhile */
        if (failed == -ENODEV) /* the CPU is offline */
            continue;
        if (failed)
            return explain_open(err, -failed, &capture->target, &capture->options);
    }
    return 0;
}

/* Threads come while we look: again, until a pass finds no new one. */
static int open_threads_of(struct capture *capture, pid_t pid, struct error *err)
{
    struct map seen = {0};
    bool found = true;
    int failed = 0;

    while (found && !failed) {
        struct pid_walk walk = pid_walk_threads(pid);
        pid_t tid;

        found = false;
        while (!failed && (tid = pid_walk_next(&walk))) {
            if (map_get(&seen, (uint64_t)tid) != UINT32_MAX)
                continue;
            map_set(&seen, (uint64_t)tid, 1);
            found = true;
            failed = open_thread(capture, tid, err);
        }
        pid_walk_end(&walk);
    }
    if (!failed && !seen.count)
        failed = error_set(err, ESRCH, "there is no process %d", pid);
    map_free(&seen);
    return failed;
}

static int open_per_thread(struct capture *capture, struct error *err)
{
    int failed = 0;

    capture->attributes.sampler.inherit = capture->attributes.side.inherit =
        capture->options.children;
    if (capture->target.kind == CAPTURE_COMMAND) {
        /* Not before its exec: what precedes is our own stub. */
        capture->attributes.sampler.enable_on_exec = capture->attributes.side.enable_on_exec =
            1;
        return open_thread(capture, capture->target.pids[0], err);
    }
    for (size_t i = 0; i < capture->target.count && !failed; i++)
        failed = open_threads_of(capture, capture->target.pids[i], err);
    return failed;
}

static int watch_rings(struct capture *capture, struct error *err)
{
    struct epoll_event event = {.events = EPOLLIN};

    capture->epoll = epoll_create1(EPOLL_CLOEXEC);
    capture->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (capture->epoll < 0 || capture->wake < 0)
        return error_set(err, errno, "cannot watch the ring buffers: %s", strerror(errno));
    event.data.fd = capture->wake;
    epoll_ctl(capture->epoll, EPOLL_CTL_ADD, capture->wake, &event);
    for (size_t i = 0; i < capture->cpus.count; i++) {
        event.data.fd = -1;
        epoll_ctl(capture->epoll, EPOLL_CTL_ADD, capture->cpus.list[i].owner, &event);
        epoll_ctl(capture->epoll, EPOLL_CTL_ADD, capture->cpus.list[i].side_owner, &event);
    }
    return 0;
}

/* The kernel's frames when they are wanted and allowed. */
static int choose_topology(struct capture *capture, struct error *err)
{
    int failed = try_per_cpu(capture);

    capture->facts.kernel = capture->options.kernel;
    capture->facts.per_cpu = !failed && !capture->options.per_thread;
    if (capture->facts.per_cpu)
        return 0;
    if (capture->target.kind == CAPTURE_MACHINE)
        return explain_open(err, failed ? -failed : EINVAL, &capture->target,
                            &capture->options);
    if (capture->options.kernel) {
        int fd = event_open(&capture->attributes.sampler, 0, -1, -1);

        if (fd >= 0) {
            close(fd);
        } else if (errno == EACCES || errno == EPERM) {
            capture->options.kernel = capture->facts.kernel = false;
            attributes_choose(&capture->attributes, &capture->options, &capture->facts);
        }
    }
    return 0;
}

static int open_all(struct capture *capture, struct error *err)
{
    int failed;

    cpus_list(&capture->cpus);
    capture->facts.cpus = (uint32_t)capture->cpus.count;
    choose_rate(capture);
    capture->facts.stack_bytes =
        capture->options.stack_bytes ? capture->options.stack_bytes : STACK_DEFAULT;
    attributes_choose(&capture->attributes, &capture->options, &capture->facts);
    failed = choose_topology(capture, err);
    if (failed)
        return failed;
    choose_clocks(capture);
    failed = make_rings(capture, err);
    if (failed)
        return failed;
    capture->attributes.sampler.sample_stack_user = capture->facts.stack_bytes;
    if (capture->facts.per_cpu) /* what far_stack.h tells samples by */
        capture->attributes.sampler.sample_type |= PERF_SAMPLE_READ;
    failed =
        capture->facts.per_cpu ? open_per_cpu(capture, err) : open_per_thread(capture, err);
    if (failed)
        return failed;
    capture->facts.events = (uint32_t)(capture->samplers.count + capture->sides.count);
    capture->facts.adaptive = capture->facts.per_cpu && !capture->options.stack_bytes;
    capture->layout = attributes_layout(&capture->attributes.sampler);
    capture->side_layout = attributes_layout(&capture->attributes.side);
    return watch_rings(capture, err);
}

int capture_open(struct capture **result, const struct capture_target *target,
                 const struct capture_options *options, struct error *err)
{
    struct capture *capture = xcalloc(1, sizeof(*capture));
    int failed;

    capture->options = *options;
    capture->target = *target;
    capture->pids = xcalloc(target->count, sizeof(*capture->pids));
    if (target->count)
        memcpy(capture->pids, target->pids, target->count * sizeof(*capture->pids));
    capture->target.pids = capture->pids;
    capture->filter = (struct bpf_filter){.map = -1, .program = -1, .forks = -1};
    capture->epoll = capture->wake = -1;
    failed = open_all(capture, err);
    if (failed)
        capture_close(capture);
    else
        *result = capture;
    return failed;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    resting_free(capture->resting);
    far_stack_free(capture->far);
    close_all(&capture->samplers);
    close_all(&capture->sides);
    cpus_free(&capture->cpus);
    bpf_filter_close(&capture->filter);
    if (capture->epoll >= 0)
        close(capture->epoll);
    if (capture->wake >= 0)
        close(capture->wake);
    free(capture->pids);
    side_band_free(&capture->side_band);
    free(capture);
}

/* ---- running ---- */

int capture_enable(struct capture *capture, struct error *err)
{
    capture->enabled_ns = capture->redrawn_ns = clock_ns(CLOCK_MONOTONIC);
    if (capture->attributes.sampler.enable_on_exec)
        return 0;
    /* Names and mappings first, so that no sample comes before what explains it. */
    for (size_t i = 0; i < capture->sides.count; i++)
        if (ioctl(capture->sides.fds[i], PERF_EVENT_IOC_ENABLE, 0))
            return error_set(err, errno, "cannot start a perf event: %s", strerror(errno));
    for (size_t i = 0; i < capture->samplers.count; i++)
        if (ioctl(capture->samplers.fds[i], PERF_EVENT_IOC_ENABLE, 0))
            return error_set(err, errno, "cannot start a perf event: %s", strerror(errno));
    return 0;
}

void capture_disable(struct capture *capture)
{
    for (size_t i = 0; i < capture->samplers.count; i++)
        ioctl(capture->samplers.fds[i], PERF_EVENT_IOC_DISABLE, 0);
}

void capture_wake(struct capture *capture)
{
    uint64_t one = 1;

    if (write(capture->wake, &one, sizeof(one)) < 0)
        return; /* it is full of wakes already */
}

void capture_pass(struct capture *capture, pid_t pid)
{
    if (!bpf_filter_pass(&capture->filter, pid))
        capture_pass_all(capture);
}

void capture_pass_all(struct capture *capture)
{
    bpf_filter_pass_all(&capture->filter);
    capture->facts.filtered = false;
}

/* ---- draining ---- */

/* Counts what is about the ring itself; false for what the caller wants to see. */
static bool count_record(struct capture *capture, const struct record *record)
{
    switch (record->kind) {
    case RECORD_LOST:
        capture->lost_records += record->lost;
        return true;
    case RECORD_THROTTLE:
        capture->throttled++;
        return true;
    case RECORD_UNTHROTTLE:
        return true;
    case RECORD_SAMPLE:
    case RECORD_MAPPING:
    case RECORD_COMM:
    case RECORD_FORK:
    case RECORD_EXIT:
    case RECORD_KSYMBOL:
    case RECORD_SWITCH:
    case RECORD_OTHER:
    default:
        return false;
    }
}

static void take_side_band(struct capture *capture, struct ring *ring)
{
    const struct perf_event_header *header;

    ring_note_head(ring);
    while ((header = ring_peek(ring))) {
        struct record record;

        if (record_decode(&capture->side_layout, header, header->size, &record)) {
            capture->undecoded++;
        } else if (record.kind == RECORD_LOST) {
            /* Counted by the kernel as well; the descriptors are read at the end. */
        } else if (!count_record(capture, &record)) {
            side_band_add(&capture->side_band, header, record.time);
        }
        ring_consume(ring, header);
    }
}

/* The time of a sample record stands at a fixed place: behind header, ip, pid and tid. */
static uint64_t sample_time(const struct perf_event_header *header)
{
    uint64_t time;

    if (header->size < sizeof(*header) + 24)
        return 0;
    memcpy(&time, (const uint8_t *)header + sizeof(*header) + 16, sizeof(time));
    return time;
}

/* The next sample of the ring; other records in it are counted on the way. */
static const struct perf_event_header *next_sample(struct capture *capture, struct ring *ring)
{
    const struct perf_event_header *header;

    while ((header = ring_peek(ring)) && header->type != PERF_RECORD_SAMPLE) {
        struct record record;

        if (record_decode(&capture->layout, header, header->size, &record))
            capture->undecoded++;
        else
            count_record(capture, &record);
        ring_consume(ring, header);
    }
    return header;
}

static struct cpu *earliest(struct capture *capture, const struct perf_event_header **sample)
{
    struct cpu *found = NULL;
    uint64_t time = UINT64_MAX;

    for (size_t i = 0; i < capture->cpus.count; i++) {
        struct cpu *cpu = &capture->cpus.list[i];
        const struct perf_event_header *header = next_sample(capture, &cpu->ring);

        if (header && sample_time(header) < time) {
            time = sample_time(header);
            found = cpu;
            *sample = header;
        }
    }
    return found;
}

static void wait_for_records(struct capture *capture, int timeout_ms)
{
    struct epoll_event events[16];
    int count = epoll_wait(capture->epoll, events, 16, timeout_ms);

    for (int i = 0; i < count; i++)
        if (events[i].data.fd == capture->wake) {
            uint64_t wakes;

            if (read(capture->wake, &wakes, sizeof(wakes)) < 0)
                continue;
        }
}

/* Where the filter knows whose samples count, and the children that come by itself.  Not in the
 * first moments: before Linux 6.16 it takes some 10 ms to find where a process has its number.
 */
static void rest(struct capture *capture)
{
    enum { FIRST_NS = 200 * 1000 * 1000 };
    const struct capture_facts *facts = &capture->facts;
    uint64_t now = clock_ns(CLOCK_MONOTONIC);

    if (!capture->rest_tried && facts->filtered && capture->options.event->is_clock &&
        (facts->follows_forks || !capture->options.children) &&
        now - capture->enabled_ns > FIRST_NS) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = -1};

        capture->rest_tried = true;
        capture->resting = resting_new(capture->filter.map, &capture->cpus, facts->period);
        if (capture->resting && !epoll_ctl(capture->epoll, EPOLL_CTL_ADD,
                                           resting_descriptor(capture->resting), &event))
            log_note("CPUs where the target does not run are not sampled until it comes there");
    }
    if (capture->resting)
        resting_look(capture->resting, now);
}

/*
 * The order matters: note how far the sample rings go, then read the side-band to its end.  A
 * record that explains a sample was written before it, so it is there.  Side-band records that
 * are newer than the noted heads wait: an older sample may still be on its way.
 */
size_t capture_drain(struct capture *capture, int timeout_ms, bool last, capture_fn *fn,
                     void *data)
{
    const struct perf_event_header *sample = NULL;
    size_t count = 0;
    uint64_t settled;
    struct cpu *cpu;

    if (timeout_ms)
        wait_for_records(capture, timeout_ms);
    if (!last)
        rest(capture);
    settled = clock_ns(CLOCK_MONOTONIC) - SETTLE_NS;
    for (size_t i = 0; i < capture->cpus.count; i++)
        ring_note_head(&capture->cpus.list[i].ring);
    if (capture->far)
        far_stack_note_heads(capture->far);
    for (size_t i = 0; i < capture->cpus.count; i++)
        take_side_band(capture, &capture->cpus.list[i].side);
    side_band_sort(&capture->side_band);
    while ((cpu = earliest(capture, &sample))) {
        struct record record;

        side_band_hand_out(&capture->side_band, sample_time(sample), &capture->side_layout, fn,
                           data);
        if (record_decode(&capture->layout, sample, sample->size, &record)) {
            capture->undecoded++;
        } else {
            if (capture->far)
                far_stack_add(capture->far, (size_t)(cpu - capture->cpus.list), &record);
            fn(&record, data);
        }
        ring_consume(&cpu->ring, sample);
        cpu->samples++;
        count++;
    }
    side_band_hand_out(&capture->side_band, last ? UINT64_MAX : settled, &capture->side_layout,
                       fn, data);
    if (!last)
        redraw(capture);
    return count + side_band_forget(&capture->side_band);
}

/* ---- a larger copy ---- */

static uint64_t read_lost(const struct capture *capture, const struct event_list *events)
{
    uint64_t lost = 0;

    for (size_t i = 0; i < events->count && attributes_count_lost(&capture->attributes); i++) {
        uint64_t values[2]; /* value, lost (PERF_FORMAT_LOST) */

        if (read(events->fds[i], values, sizeof(values)) == sizeof(values))
            lost += values[1];
    }
    return lost;
}

/* That of one CPU; -1 where it is offline. */
static int open_fresh(struct capture *capture, const struct perf_event_attr *attr,
                      struct event_list *fresh, const struct cpu *cpu, struct error *err)
{
    int failed = open_samplers(capture, *attr, fresh, cpu, -1);

    if (failed == -ENODEV) {
        keep(fresh, -1);
        return 0;
    }
    if (failed)
        return error_set(err, -failed, "cannot open an event with other attributes: %s",
                         strerror(-failed));
    if ((capture->facts.filtered || capture->far) &&
        bpf_filter_attach(&capture->filter, fresh->fds[fresh->count - 1]))
        return error_set(err, errno, "cannot attach the filter to an event: %s",
                         strerror(errno));
    return 0;
}

/* The kernel refuses to change an event's attributes; new ones write into the same ring. */
static int replace_samplers(struct capture *capture, struct perf_event_attr attr,
                            struct error *err)
{
    struct cpus *cpus = &capture->cpus;
    struct event_list fresh = {0};
    int failed = 0;

    attr.disabled = 1;
    for (size_t i = 0; i < cpus->count && !failed; i++)
        failed = open_fresh(capture, &attr, &fresh, &cpus->list[i], err);
    if (failed) {
        close_all(&fresh);
        return failed;
    }
    capture_disable(capture);
    for (size_t i = 0; i < cpus->count; i++) {
        ioctl(fresh.fds[i], PERF_EVENT_IOC_ENABLE, 0);
        cpus->list[i].sampler = fresh.fds[i];
    }
    if (capture->resting)
        resting_forget(capture->resting);
    capture->retired_lost += read_lost(capture, &capture->samplers);
    close_all(&capture->samplers);
    capture->samplers = fresh;
    capture->attributes.sampler = attr;
    return 0;
}

int capture_grow_stack(struct capture *capture, uint32_t stack_bytes, struct error *err)
{
    struct perf_event_attr attr = capture->attributes.sampler;
    int failed;

    attr.sample_stack_user = stack_bytes;
    failed = replace_samplers(capture, attr, err);
    if (!failed)
        capture->facts.stack_bytes = stack_bytes;
    return failed;
}

/* So many bytes of a sample as keep a second's at 256 MB. */
static uint64_t far_bytes_most(const struct capture *capture)
{
    enum { A_SECOND = 256 * 1000 * KIB, MOST = 1024 * KIB };
    double hertz = capture->facts.frequency_hz > 1 ? capture->facts.frequency_hz : 1000;
    uint64_t most = (uint64_t)(A_SECOND / hertz);

    return most < MOST ? most : MOST;
}

/* Rings that hold what comes in 100 ms, but no more memory than the samples' may take. */
static uint64_t far_ring_size(const struct capture *capture)
{
    enum { SIZE = 16 * 1024 * KIB };
    uint64_t size = SIZE;

    while (size > RINGS_MOST / capture->cpus.count && size > RING_LEAST)
        size /= 2;
    return size;
}

static void open_far_stack(struct capture *capture)
{
    struct far_stack_limits limits = {.most = far_bytes_most(capture),
                                      .ring = far_ring_size(capture)};
    struct error err;
    struct far_stack *far;

    capture->far_tried = true;
    if (!capture->facts.adaptive || !bpf_knows_our_numbers())
        return;
    far = far_stack_new(&capture->cpus, capture->facts.filtered ? capture->filter.map : -1,
                        &limits);
    if (!far)
        return;
    capture->far = far;
    bpf_filter_replace(&capture->filter, dup(far_stack_program(far)));
    if (replace_samplers(capture, capture->attributes.sampler, &err)) {
        log_note("%s", err.message);
        capture->far = NULL;
        far_stack_free(far);
        return;
    }
    for (size_t i = 0; i < capture->cpus.count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = -1};
        int fd = far_stack_descriptor(far, i);

        if (fd >= 0)
            epoll_ctl(capture->epoll, EPOLL_CTL_ADD, fd, &event);
    }
    log_note("stacks are deeper than the copy, or go on elsewhere: that is copied with the "
             "samples now");
}

void capture_want_stack(struct capture *capture, pid_t pid, pid_t tid, uint64_t sp,
                        uint64_t missing)
{
    if (!capture->far_tried)
        open_far_stack(capture);
    if (capture->far)
        far_stack_want(capture->far, pid, tid, sp, missing,
                       capture->facts.stack_bytes < CAPTURE_STACK_SURE
                           ? capture->facts.stack_bytes
                           : CAPTURE_STACK_SURE);
}

int capture_add_user_callchains(struct capture *capture, struct error *err)
{
    struct perf_event_attr attr = capture->attributes.sampler;

    attr.exclude_callchain_user = 0;
    return replace_samplers(capture, attr, err);
}

struct capture_facts capture_facts(const struct capture *capture)
{
    return capture->facts;
}

struct capture_counts capture_counts(struct capture *capture)
{
    struct capture_counts counts = {.throttled = capture->throttled,
                                    .undecoded = capture->undecoded};

    /* Where the kernel counts itself its figure is right, and LOST records are often missing.
     */
    counts.lost = attributes_count_lost(&capture->attributes)
                      ? capture->retired_lost + read_lost(capture, &capture->samplers)
                      : capture->lost_records;
    counts.lost_others = read_lost(capture, &capture->sides);
    return counts;
}
