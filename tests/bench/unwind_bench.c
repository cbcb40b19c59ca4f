/*
 * unwind_bench SAMPLES.gz PROGRAM [ROUNDS]: what a frame costs.
 *
 * Replays stored samples of a program that is mapped at 0x400000 (tests/unwind): first with
 * nothing known, then as samples of one thread, then as if each came from a thread of its own,
 * so that no previous stack helps.
 */
#include <stdio.h>

#include "../unwind/stored.h"
#include "base/clock.h"
#include "unwind/unwind.h"

enum { PID = 100 };

static struct expected *samples;
static size_t count;

static struct processes *map_program(const char *path)
{
    struct processes *processes = processes_new();
    struct record record = {
        .kind = RECORD_MAPPING,
        .pid = PID,
        .tid = PID,
        .mapping = {.start = 0x400000, .size = 0x1000, .path = path, .executable = true}};

    processes_track(processes, PID);
    processes_apply(processes, &record);
    return processes;
}

static void measure(const char *what, struct unwinder *unwinder, const struct process *process,
                    uint64_t rounds, bool own_threads)
{
    static uint64_t chain[UNWIND_DEPTH];
    uint64_t frames = 0, recognized = 0, start = clock_ns(CLOCK_PROCESS_CPUTIME_ID), ns;

    for (uint64_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < count; i++) {
            enum unwind_end end;
            size_t same;

            frames += unwind(unwinder, process, own_threads ? (pid_t)i : 0, &samples[i].sample,
                             32768, chain, UNWIND_DEPTH, &same, &end);
            recognized += same;
            if (own_threads)
                unwinder_forget_thread(unwinder, (pid_t)i);
        }
    ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
    printf("%-16s %8.1f ns a frame %8.0f ns a sample %6.1f frames %6.1f recognized\n", what,
           (double)ns / (double)frames, (double)ns / (double)(rounds * count),
           (double)frames / (double)(rounds * count),
           (double)recognized / (double)(rounds * count));
}

int main(int argc, char **argv)
{
    uint64_t rounds = argc > 3 ? strtoull(argv[3], NULL, 10) : 1000;
    struct unwinder *unwinder = unwinder_new();
    struct processes *processes;
    const struct process *process;

    if (argc < 3 || !(samples = stored_read(argv[1], &count)) || !count) {
        fprintf(stderr, "usage: unwind_bench SAMPLES.gz PROGRAM [ROUNDS]\n");
        return 2;
    }
    processes = map_program(argv[2]);
    process = processes_find(processes, PID);
    measure("first", unwinder, process, 1, true);
    measure("one thread", unwinder, process, rounds, false);
    measure("own threads", unwinder, process, rounds, true);
    unwinder_free(unwinder);
    processes_free(processes);
    stored_free(samples, count);
    return 0;
}
