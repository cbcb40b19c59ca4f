#ifndef FIQ_SESSION_SESSION_H
#define FIQ_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/error.h"
#include "capture/capture.h"
#include "profile/profile.h"
#include "symbolize/symbolize.h"

/*
 * One measurement: events, a reader thread that drains, unwinds and gathers, and the hand-over
 * of what was gathered to the caller, who names it while sampling goes on.
 *
 * Several sessions may exist.  All calls come from the thread that made it.
 */
struct session;

struct session_options {
    struct capture_options capture;
    struct symbolizer_options symbols;
    uint32_t max_nodes;  /* of the tree of stacks; 0: a million */
    bool timestamps;     /* keep the moment of each sample */
    bool hurried;        /* the caller is in a hurry (base/priority.h) until sampling begins */
    const char *command; /* for the profile's facts: what is measured, in the user's words */
};

struct session_progress {
    uint64_t samples, lost, first_sample_ns; /* CLOCK_MONOTONIC; 0: none yet */
};

/* Opens the events, reads /proc and starts the reader.  Sampling begins at once, but that of a
 * command begins with its exec.  Of processes the children that exist already are taken too,
 * unless options->capture.children forbids it. */
int session_start(struct session **session, const struct capture_target *target,
                  const struct session_options *options, struct error *err);

/* What the command and the children that it waited for have used, and how often they were put
 * on a CPU, as wait4() tells; before the last session_take(), which then knows how many samples
 * are owed. */
struct session_used {
    uint64_t user_ns, system_ns, turns;
};
void session_set_used(struct session *session, const struct session_used *used);
struct session_used session_used_of(const struct rusage *usage);

/* Ends sampling and drains what is left.  session_take() then gives the rest. */
void session_stop(struct session *session);

/* Takes over the stacks gathered since the last take, leaves the reader an empty set, and
 * names them in the calling thread.  A profile without stacks is no error. */
int session_take(struct session *session, struct profile **profile, struct error *err);

void session_free(struct session *session);

struct session_progress session_progress(const struct session *session);

#endif
