#include "cli/silence.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "base/pids.h"

enum { PROCESSES_MAX = 64, PATH_SIZE = 64 };

/* Those that are still to be asked. */
struct family {
    pid_t pids[PROCESSES_MAX];
    size_t count;
    bool whole;
};

static bool wrote_nothing(pid_t pid)
{
    char path[PATH_SIZE], line[128];
    uint64_t written = UINT64_MAX;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    while (fgets(line, sizeof(line), file) && sscanf(line, "wchar: %" SCNu64, &written) != 1)
        ;
    fclose(file);
    return written == 0;
}

static void add_children_of_thread(struct family *family, pid_t pid, pid_t tid)
{
    char path[PATH_SIZE];
    FILE *file;
    int child;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)tid);
    file = fopen(path, "re");
    if (!file) {
        family->whole = false;
        return;
    }
    while (fscanf(file, "%d", &child) == 1) {
        if (family->count == PROCESSES_MAX) {
            family->whole = false;
            break;
        }
        family->pids[family->count++] = child;
    }
    fclose(file);
}

static void add_children(struct family *family, pid_t pid)
{
    struct pid_walk threads = pid_walk_threads(pid);
    pid_t tid;

    family->whole = threads.entries != NULL;
    while (family->whole && (tid = pid_walk_next(&threads)))
        add_children_of_thread(family, pid, tid);
    pid_walk_end(&threads);
}

bool silence_of(pid_t pid)
{
    struct family family = {.pids = {pid}, .count = 1, .whole = true};

    for (size_t i = 0; i < family.count && family.whole; i++) {
        if (!wrote_nothing(family.pids[i]))
            return false;
        add_children(&family, family.pids[i]);
    }
    return family.whole;
}
