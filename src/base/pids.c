#include "base/pids.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

struct pid_walk pid_walk_processes(void)
{
    return (struct pid_walk){.entries = opendir("/proc")};
}

struct pid_walk pid_walk_threads(pid_t pid)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    return (struct pid_walk){.entries = opendir(path)};
}

pid_t pid_walk_next(struct pid_walk *walk)
{
    const struct dirent *entry;

    while (walk->entries && (entry = readdir(walk->entries)))
        if (isdigit((unsigned char)entry->d_name[0]))
            return atoi(entry->d_name);
    return 0;
}

void pid_walk_end(struct pid_walk *walk)
{
    if (walk->entries)
        closedir(walk->entries);
    walk->entries = NULL;
}
