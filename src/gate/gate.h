#ifndef FIQ_GATE_GATE_H
#define FIQ_GATE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "profile/profile.h"

/*
 * Repeated runs of a benchmark, and the baselines that later runs are held against.
 *
 * How a program is run and measured is not known here: profiles come in, profiles go out.
 */

/* ---- the machine ---- */

/* What decides how fast a program runs, apart from the program. */
struct machine {
    char arch[64], cpu[128], kernel[64]; /* "x86_64", "AMD EPYC …", "6.1" */
    unsigned cpus;
};

void machine_read(struct machine *machine);
/* Same processor, as many of them: CPU seconds may be compared.  The kernel may differ. */
bool machine_same_kind(const struct machine *a, const struct machine *b);
/* "AMD EPYC …, 2 CPUs, x86_64, Linux 6.1" */
void machine_text(const struct machine *machine, char *text, size_t size);

/* CPU seconds of a fixed piece of work: how slow the machine is at this moment, with all who
 * are on it.  Takes some 30 ms.  The mean of what it is before and after a run tells of the
 * run. */
double machine_pace(void);

/* ---- order ---- */

/* Which arm each of rounds * arms runs belongs to: every round has each arm once, in random
 * order, so that what changes on the machine with time hits all alike.  To be freed. */
unsigned *interleave(unsigned arms, unsigned rounds, uint64_t seed);

/* ---- baselines ---- */

struct baseline_key {
    char name[128];    /* of the benchmark */
    char commit[64];   /* hash, or a label of the user's; "" when unknown */
    char branch[128];  /* "" when unknown */
    char build_id[64]; /* of the program, hex; "" when unknown */
    char command[512];
    struct machine machine;
    uint64_t recorded; /* seconds since the epoch */
    double frequency_hz;
};

struct baseline {
    struct baseline_key key;
    char *path; /* directory */
    struct profile **runs;
    double *paces; /* machine_pace() at each run */
    size_t count, room;
};

/* An empty one, to be filled with baseline_add(). */
struct baseline *baseline_new(const struct baseline_key *key);
void baseline_free(struct baseline *baseline);
void baseline_add(struct baseline *baseline, struct profile *run, double pace); /* takes it */

/* $XDG_STATE_HOME/fiq/baselines or that below ~/.local/state; NULL when there is no home.  To
 * be freed. */
char *store_default(void);

/* Writes all runs below `store`; a baseline of the same benchmark, commit and kind of machine
 * is replaced, or joined when `join`.  The directory is in baseline->path then. */
int baseline_write(struct baseline *baseline, const char *store, bool join, struct error *err);

/* The newest baseline of a benchmark whose commit is among `commits` (in order of preference),
 * or whose commit or branch is named `against`; with NULL the newest of all.  Those of this
 * kind of machine are preferred; others are found too, for the caller to refuse.  -ENOENT with
 * what there is, when there is none. */
int baseline_find(struct baseline **baseline, const char *store, const char *name,
                  const char *against, char *const *commits, size_t commit_count,
                  const struct machine *machine, struct error *err);

/* ---- git ---- */

/* The commit and branch that the current directory has checked out, from git or from what CI
 * systems put into the environment; "" where nothing is known. */
void git_here(char commit[64], char branch[128]);

/* For the reader: of a hash its first twelve digits, a label of the user's as it is. */
const char *git_short(const char *commit, char text[64]);

/* Hashes of a revision and of what came before it, newest first; *commits is to be freed with
 * git_free().  0 when git does not know it. */
size_t git_history(const char *revision, char ***commits);
void git_free(char **commits, size_t count);

#endif
