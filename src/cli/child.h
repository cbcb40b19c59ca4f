#ifndef FIQ_CLI_CHILD_H
#define FIQ_CLI_CHILD_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * The program that `fiq run` starts.  It gets what it would have without us: the mask, the
 * ignored signals, the limits, the process group, the terminal and the descriptors that fiq
 * was given.  It waits before its exec until events are open, so that its first instruction
 * is sampled.
 */
struct child {
    pid_t pid;
    int go;     /* written to when it may exec */
    int report; /* read from: the errno of a failed exec */
};

/* What fiq was given; to be saved before anything is changed. */
struct given {
    sigset_t mask;
    void (*pipe_handler)(int);
    struct rlimit files;
};

/* How long a program that was told to end may take over it. */
#define CHILD_GRACE_NS 5000000000u

/* Forks; the child stops short of its exec. */
int child_start(struct child *child, char **command, const struct given *given,
                struct error *err);

/* Lets it exec.  0, or the negative errno of the exec: the child has ended then. */
int child_release(struct child *child, const char *name, struct error *err);

/* For a child that must not run after all. */
void child_abandon(struct child *child);

#endif
