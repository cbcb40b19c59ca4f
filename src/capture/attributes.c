#include "capture/attributes.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "perf/registers.h"

enum { FORMAT_LOST = 1 << 4 /* PERF_FORMAT_LOST, 6.0 */ };

static struct perf_event_attr sampler(const struct capture_options *options,
                                      const struct capture_facts *facts)
{
    struct perf_event_attr attr = {
        .size = sizeof(attr),
        .type = options->event->type,
        .config = options->event->config,
        .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                       PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
        .read_format = FORMAT_LOST,
        .disabled = 1,
        .exclude_hv = 1,
        .exclude_idle = 1,
        .exclude_kernel = !options->kernel,
        .exclude_callchain_kernel = !options->kernel,
        .exclude_callchain_user = 1,
        .sample_id_all = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
        .sample_regs_user = REGS_WANTED,
        .sample_stack_user = facts->stack_bytes,
    };

    if (facts->period) {
        attr.sample_period = facts->period;
    } else {
        attr.freq = 1;
        attr.sample_freq = (uint64_t)(facts->frequency_hz + 0.5);
        attr.sample_type |= PERF_SAMPLE_PERIOD;
    }
    return attr;
}

/* Build IDs are not asked for: while one event of the machine wants them, kernels (6.18 among
 * them) mark the mappings in everybody else's recordings as if they held one, over device and
 * inode, and perf aborts.  Files are opened at their mapping and tell theirs. */
static struct perf_event_attr side(void)
{
    return (struct perf_event_attr){
        .size = sizeof(struct perf_event_attr),
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_DUMMY,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
        .read_format = FORMAT_LOST,
        .disabled = 1,
        .exclude_kernel = 1,
        .exclude_hv = 1,
        .sample_id_all = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
        .mmap = 1,
        .mmap2 = 1,
        .comm = 1,
        .comm_exec = 1,
        .task = 1,
        .ksymbol = 1,
    };
}

/* PERF_FORMAT_LOST is of 6.0. */
static void leave_out_unknown(struct attributes *attributes)
{
    int fd = event_open(&attributes->side, 0, -1, -1);

    if (fd >= 0)
        close(fd);
    else if (errno == EINVAL)
        attributes->side.read_format = attributes->sampler.read_format = 0;
}

void attributes_choose(struct attributes *attributes, const struct capture_options *options,
                       const struct capture_facts *facts)
{
    *attributes = (struct attributes){.sampler = sampler(options, facts), .side = side()};
    leave_out_unknown(attributes);
}

bool attributes_count_lost(const struct attributes *attributes)
{
    return attributes->sampler.read_format & FORMAT_LOST;
}

struct record_layout attributes_layout(const struct perf_event_attr *attr)
{
    return (struct record_layout){.sample_type = attr->sample_type,
                                  .read_format = attr->read_format,
                                  .regs_user = attr->sample_regs_user,
                                  .sample_id_all = attr->sample_id_all};
}
