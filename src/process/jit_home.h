#ifndef FIQ_PROCESS_JIT_HOME_H
#define FIQ_PROCESS_JIT_HOME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Where the run-time of a process leaves the names of the code that it makes: perf-PID.map in
 * the /tmp of its own mount namespace, under the PID that it has in its own PID namespace.
 *
 * The directory is opened while the process lives, so that the file can be read when sampling
 * is over, whatever has become of the process and its namespaces by then.
 */
struct jit_home {
    int tmp;          /* directory, or -1 */
    pid_t inner_pid;  /* as the process knows itself */
    uid_t owner;      /* whose file is to be believed; of an own process when it had gone */
    bool seen;        /* the process was there to be asked */
    int64_t started;  /* seconds since the epoch, older files are another's; 0: unknown */
    char program[64]; /* name of its executable, "" when unknown */
};

/* `pid` is asked, 0 when there is nobody to ask (a recording); `name` is its PID as we see it,
 * which the file is named after unless the process knows itself by another. */
struct jit_home *jit_home_open(pid_t pid, pid_t name);
void jit_home_close(struct jit_home *home);

/* Opens perf-PID.map for reading; -1 with errno: ENOENT when there is none, EPERM when it is
 * not to be trusted (a link, a FIFO, of somebody else), ESTALE when it is older than the
 * process. */
int jit_home_open_map(const struct jit_home *home);

#endif
