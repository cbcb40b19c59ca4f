#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "gate/gate.h"

static void read_cpu_name(char *name, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[512];

    snprintf(name, size, "unknown processor");
    while (file && fgets(line, sizeof(line), file)) {
        char *value = strchr(line, ':');

        /* x86 says "model name", some others "cpu model" or "Hardware". */
        if (!value || (strncmp(line, "model name", 10) && strncmp(line, "cpu model", 9) &&
                       strncmp(line, "Hardware", 8)))
            continue;
        value += 1 + strspn(value + 1, " \t");
        value[strcspn(value, "\n")] = '\0';
        snprintf(name, size, "%s", value);
        break;
    }
    if (file)
        fclose(file);
}

void machine_read(struct machine *machine)
{
    struct utsname uts;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    *machine = (struct machine){.cpus = cpus > 0 ? (unsigned)cpus : 1};
    if (!uname(&uts)) {
        snprintf(machine->arch, sizeof(machine->arch), "%.60s", uts.machine);
        snprintf(machine->kernel, sizeof(machine->kernel), "%.60s", uts.release);
        /* The first two numbers: the rest is the distribution's. */
        machine->kernel[strcspn(machine->kernel, "-+")] = '\0';
    }
    read_cpu_name(machine->cpu, sizeof(machine->cpu));
}

bool machine_same_kind(const struct machine *a, const struct machine *b)
{
    return !strcmp(a->arch, b->arch) && !strcmp(a->cpu, b->cpu) && a->cpus == b->cpus;
}

void machine_text(const struct machine *machine, char *text, size_t size)
{
    snprintf(text, size, "%s, %u CPU%s, %s, Linux %s", machine->cpu, machine->cpus,
             machine->cpus == 1 ? "" : "s", machine->arch, machine->kernel);
}

enum { PACE_STEPS = 7500000 };

double machine_pace(void)
{
    volatile uint64_t sink;
    uint64_t started = clock_ns(CLOCK_THREAD_CPUTIME_ID), value = 1;

    for (unsigned i = 0; i < PACE_STEPS; i++)
        value = hash_u64(value + i);
    sink = value;
    (void)sink;
    return (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - started) * 1e-9;
}
