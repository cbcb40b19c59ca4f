#ifndef FIQ_CLI_MEASURE_H
#define FIQ_CLI_MEASURE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/outputs.h"
#include "profile/filter.h"
#include "session/session.h"

/* What run, attach and system share: how to sample, for how long, and what to do at the end. */
struct measure_settings {
    struct session_options session;
    uint64_t duration_ns; /* 0: until the target or the user ends it */
    bool rate_given, duration_given;
};

extern const struct option_spec measure_options[]; /* settings: struct measure_settings */

/* Sets what no option sets; before options_parse(). */
void measure_defaults(struct measure_settings *settings);
/* What was set up to now gives way to a preset. */
void measure_configured(struct measure_settings *settings);

/*
 * Waiting, with the signals that concern it.
 *
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGCHLD are blocked in all threads from signals_take()
 * on and read from a descriptor; a signal that we were told to ignore stays ignored, for us and
 * for a child, but SIGINT where `interruptible`.
 */
struct signals {
    sigset_t before; /* the mask that we were given, for the child */
    void (*pipe_before)(int);
    int fd;
};
int signals_take(struct signals *signals, bool interruptible, struct error *err);

/* One line on a terminal that is written over and over; nothing elsewhere. */
struct progress {
    bool shown;
    pid_t guest; /* what we started and has the terminal, too, or 0 */
    uint64_t started_ns;
};
/* With a guest it is shown beside the cursor, and only until it writes something. */
void progress_begin(struct progress *progress, bool quiet, pid_t guest);
void progress_show(struct progress *progress, const struct session *session,
                   uint64_t duration_ns);
void progress_end(struct progress *progress);

/* "fiq-COMM-PID-20261121-101500.svg": a file name of our own when there is no -o. */
int measure_name_outputs(struct outputs *outputs, const char *comm, pid_t pid,
                         struct error *err);

/* Says before the measurement whether the outputs can be written. */
int measure_check_outputs(const struct outputs *outputs, struct error *err);

/* Ends the session, names what was gathered, takes the part that is wanted, writes the outputs,
 * prints the summary and notes. 0 or a negative errno whose message has not been printed. */
int measure_finish(struct session *session, const struct outputs *outputs,
                   const struct filter *filter, const struct talk_settings *talk,
                   struct error *err);

/* Our own limit of open files goes as high as it may: events and mapped files need many. */
void measure_raise_files(void);
/* The same, and our priority too, until measure_finish(): among two hundred busy threads the
 * first sample would otherwise wait for seconds.  A child has to be forked before. */
void measure_prepare(void);

/* How many milliseconds until `deadline_ns` (CLOCK_MONOTONIC; 0: never), for poll(2), at most
 * `most`. */
int measure_wait_ms(uint64_t deadline_ns, int most);

/* A note about the time to the first sample, for -v. */
void measure_say_first_sample(const struct session *session);

extern uint64_t process_started_ns; /* CLOCK_MONOTONIC at the start of main() */

#endif
