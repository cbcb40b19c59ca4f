#include "capture/cpus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "perf/event.h"

enum { CPUS_MAX = 1 << 16 /* so that no odd file makes us open more */ };

static void add(struct cpus *cpus, size_t *room, int number)
{
    cpus->list = xgrow(cpus->list, room, cpus->count + 1, sizeof(*cpus->list));
    cpus->list[cpus->count++] =
        (struct cpu){.number = number, .sampler = -1, .owner = -1, .side_owner = -1};
}

/* /sys/devices/system/cpu/online: "0-3,8".  Where there is no /sys, as in a bare chroot, all
 * that the C library knows of; opening events skips those that are offline. */
void cpus_list(struct cpus *cpus)
{
    FILE *file = fopen("/sys/devices/system/cpu/online", "re");
    size_t room = 0;
    int first, last;

    while (file && fscanf(file, "%d", &first) == 1) {
        int next = fgetc(file);

        last = first;
        if (next == '-') {
            if (fscanf(file, "%d", &last) != 1)
                break;
            next = fgetc(file);
        }
        for (int i = first; i <= last && i < CPUS_MAX; i++)
            add(cpus, &room, i);
        if (next != ',')
            break;
    }
    if (file)
        fclose(file);
    if (!cpus->count) {
        long configured = sysconf(_SC_NPROCESSORS_CONF);

        for (int i = 0; i == 0 || (i < configured && i < CPUS_MAX); i++)
            add(cpus, &room, i);
    }
}

uint32_t cpus_numbers(const struct cpus *cpus)
{
    int most = 0;

    for (size_t i = 0; i < cpus->count; i++)
        if (cpus->list[i].number > most)
            most = cpus->list[i].number;
    return (uint32_t)most + 1;
}

static void close_rings(struct cpus *cpus)
{
    for (size_t i = 0; i < cpus->count; i++) {
        struct cpu *cpu = &cpus->list[i];

        ring_unmap(&cpu->ring);
        ring_unmap(&cpu->side);
        if (cpu->owner >= 0)
            close(cpu->owner);
        if (cpu->side_owner >= 0)
            close(cpu->side_owner);
        cpu->owner = cpu->side_owner = -1;
    }
}

void cpus_free(struct cpus *cpus)
{
    close_rings(cpus);
    free(cpus->list);
    *cpus = (struct cpus){0};
}

static int open_owner(const struct perf_event_attr *side, int cpu, uint64_t watermark)
{
    struct perf_event_attr attr = *side;

    attr.mmap = attr.mmap2 = attr.comm = attr.comm_exec = attr.task = 0;
    attr.watermark = 1;
    attr.wakeup_watermark = (uint32_t)watermark;
    return event_open(&attr, 0, cpu, -1);
}

int cpus_open_owners(struct cpus *cpus, const struct perf_event_attr *side,
                     const struct ring_sizes *sizes)
{
    for (size_t i = 0; i < cpus->count; i++) {
        struct cpu *cpu = &cpus->list[i];

        cpu->owner = open_owner(side, cpu->number, sizes->samples / 4);
        if (cpu->owner >= 0)
            cpu->side_owner = open_owner(side, cpu->number, sizes->side / 2);
        if (cpu->owner < 0 || cpu->side_owner < 0)
            return -errno;
    }
    return 0;
}

int cpus_map_rings(struct cpus *cpus, const struct ring_sizes *sizes)
{
    for (size_t i = 0; i < cpus->count; i++) {
        struct cpu *cpu = &cpus->list[i];

        if (ring_map(&cpu->ring, cpu->owner, sizes->samples) ||
            ring_map(&cpu->side, cpu->side_owner, sizes->side)) {
            int failed = errno;

            close_rings(cpus);
            return -failed;
        }
    }
    return 0;
}
