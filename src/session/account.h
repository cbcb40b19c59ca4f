#ifndef FIQ_SESSION_ACCOUNT_H
#define FIQ_SESSION_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * CPU time that the target has used by the scheduler's own count (clock_getcpuclockid(3),
 * wait4(2)): what sampling ought to have found.  It is a lower bound: of processes that were
 * not there at the start, or are gone at the end, nothing is known.
 */
struct account {
    struct account_row {
        pid_t pid;
        uint64_t begun_ns;
    } * rows;
    size_t count;
    uint64_t user_ns, system_ns; /* of what was waited for */
    uint64_t used_ns;            /* of the rows, between begin and end */
};

void account_begin(struct account *account, const pid_t *pids, size_t count);
void account_end(struct account *account);
void account_free(struct account *account);

#endif
