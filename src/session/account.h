#ifndef FIQ_SESSION_ACCOUNT_H
#define FIQ_SESSION_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * CPU time that the target has used by the scheduler's own count (clock_getcpuclockid(3),
 * wait4(2)): what sampling ought to have found.  It is a lower bound: of processes that were
 * not there at the start, or are gone at the end, nothing is known.
 *
 * It is also an upper bound for what a sampling clock can see, as it begins when a sleeper is
 * woken: an idle CPU needs a while to come back, some 10 us in a virtual machine, and so long
 * nothing of the sleeper runs.  How often the target was put on a CPU tells what that may be.
 */
struct account {
    struct account_row {
        pid_t pid;
        uint64_t begun_ns, begun_turns;
    } * rows;
    size_t count;
    uint64_t user_ns, system_ns, waited_turns; /* of what was waited for */
    uint64_t used_ns, turns; /* of the rows, between begin and end; 0 turns: not known */
};

void account_begin(struct account *account, const pid_t *pids, size_t count);
/* Takes some 5 us a thread, and so can come a little after account_begin(). */
void account_begin_turns(struct account *account);
void account_end(struct account *account);
void account_free(struct account *account);

#endif
