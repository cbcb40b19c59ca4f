#ifndef FIQ_CAPTURE_CAPTURE_H
#define FIQ_CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "perf/event.h"
#include "perf/record.h"

/*
 * The kernel's perf events and their rings.
 *
 * Where it is allowed events are per CPU, whatever the threads, and the caller keeps the
 * samples that are his; else per thread and CPU, and children inherit them.  Mappings,
 * names, forks and exits come through rings of their own, so that a flood of samples cannot
 * push them out.  The target is never touched.
 */
struct capture;

/* The most user stack that a sample can hold: its size has 16 bits and is a multiple of 8. */
enum { CAPTURE_STACK_MAX = 65528 };
/* ... and what it holds then for sure: records end at 64 KiB, whatever else is in them. */
enum { CAPTURE_STACK_SURE = 0xf000 };

struct capture_target {
    enum { CAPTURE_COMMAND, CAPTURE_PROCESSES, CAPTURE_MACHINE } kind;
    const pid_t *pids; /* of a command: the child that will exec */
    size_t count;
};

struct capture_options {
    const struct event_kind *event;
    double frequency_hz;  /* samples per second and CPU in use, unless there is a period */
    double spread;        /* of a clock that has to be alone: 0.05 is a rate within 5 % of it */
    uint64_t period;      /* of the event; 0: by frequency */
    uint32_t stack_bytes; /* user stack copied per sample; 0: chosen */
    uint32_t ring_pages;  /* of each CPU's ring; 0: chosen */
    bool kernel;          /* wanted; see facts for what was allowed */
    bool children;        /* follow forks */
    bool per_thread;      /* even where per-CPU events are allowed */
};

struct capture_facts {
    bool per_cpu;        /* false: per thread, and what lives shorter than a period is missed */
    bool kernel;         /* kernel frames are there */
    bool filtered;       /* foreign samples are dropped in the kernel */
    bool follows_forks;  /* ... which knows of new children by itself */
    uint64_t period;     /* that a sample stands for, 0 with a frequency the kernel steers */
    double frequency_hz; /* after clamping, without the spread */
    uint32_t stack_bytes; /* copied now */
    uint64_t ring_bytes;  /* of one CPU's ring */
    uint64_t ring_wanted; /* before it was made smaller to fit the locked-memory limit */
    uint32_t cpus, events;
    bool adaptive; /* capture_grow_stack() may work */
};

struct capture_counts {
    uint64_t lost;        /* samples that found no room in the ring */
    uint64_t lost_others; /* mapping, comm, fork records: names and stacks may be wrong */
    uint64_t throttled;
    uint64_t undecoded;
};

/* Opens all events, disabled.  What is refused is explained: which door is shut and the
 * smallest command that opens it. */
int capture_open(struct capture **capture, const struct capture_target *target,
                 const struct capture_options *options, struct error *err);
void capture_close(struct capture *capture);

/* Starts.  A command per thread starts by itself at its exec. */
int capture_enable(struct capture *capture, struct error *err);
void capture_disable(struct capture *capture);

/* Waits up to timeout_ms, then hands out what the rings held, in the order of time: every
 * mapping, name or fork before the samples that it explains.  With `last`, also what might
 * still be followed by older samples.  Returns the number of records.  Only the thread that
 * calls this may touch the rings. */
typedef void capture_fn(const struct record *record, void *data);
size_t capture_drain(struct capture *capture, int timeout_ms, bool last, capture_fn *fn,
                     void *data);

/* Makes a capture_drain() in another thread return at once.  The only call here that is
 * allowed from any thread and from a signal handler. */
void capture_wake(struct capture *capture);

/* Lets samples of one more process, and of its children, through the kernel-side filter. */
void capture_pass(struct capture *capture, pid_t pid);

/* Lets samples of all processes through the kernel-side filter: the target has forked, and the
 * filter does not follow forks itself. */
void capture_pass_all(struct capture *capture);

/* Copies more stack from now on: new events into the same rings.  Not where the locked memory
 * is small or children inherit their events. */
int capture_grow_stack(struct capture *capture, uint32_t stack_bytes, struct error *err);

/* A thread's stack was cut: with its stack pointer at `sp`, the word at `missing` was not
 * there. From now on the memory around it is copied with the thread's samples.  Only where an
 * event per CPU and bpf(2) are allowed and the size of the copy was not chosen by the caller;
 * what is out of reach elsewhere stays so. */
void capture_want_stack(struct capture *capture, pid_t pid, pid_t tid, uint64_t sp,
                        uint64_t missing);

/* The kernel records user callchains by frame pointers, too, from now on: some 80 ns a frame.
 * Where it may, as for capture_grow_stack(). */
int capture_add_user_callchains(struct capture *capture, struct error *err);

struct capture_facts capture_facts(const struct capture *capture);
/* Up to now; the kernel's own counts where it has them. */
struct capture_counts capture_counts(struct capture *capture);

#endif
