#ifndef FIQ_BASE_PIDS_H
#define FIQ_BASE_PIDS_H

#include <dirent.h>
#include <sys/types.h>

/*
 * The processes of the machine or the threads of one, as /proc lists them.  Some may end, and
 * others come, while one walks: who needs them all walks again until nothing is new.
 */
struct pid_walk {
    DIR *entries; /* NULL: there is no such process, or no /proc */
};

struct pid_walk pid_walk_processes(void);
struct pid_walk pid_walk_threads(pid_t pid); /* its first thread, whose number is `pid`, too */
/* The next one's number; 0 behind the last. */
pid_t pid_walk_next(struct pid_walk *walk);
void pid_walk_end(struct pid_walk *walk);

#endif
