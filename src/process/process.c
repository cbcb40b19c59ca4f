#include "process/process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/pids.h"
#include "base/strings.h"
#include "base/xalloc.h"
#include "process/dso_table.h"

enum { ENDED_KEPT = 4096, MAPPINGS_MAX = 1 << 20 };

/* Shared by a process and its forks until one of them maps something. */
struct maps {
    uint32_t users, generation;
    uint32_t count;
    size_t room;
    struct mapping *mappings; /* sorted by start, without overlap */
    const struct dso *jit;    /* what anonymous memory is since a jitdump was mapped, or NULL */
};

struct process {
    pid_t pid;
    struct maps *maps;
    str_id comm;
    const struct processes *table; /* for names of threads */
    bool ended;
};

struct processes {
    struct dso_table *dsos;
    struct strings *names;
    struct process **processes;
    size_t count, room;
    uint32_t *free_slots;
    size_t free_count, free_room;
    struct map by_pid;       /* pid -> slot */
    struct map thread_names; /* tid -> name, where it differs from the process' */
    /* Processes that have ended stay for a while: samples may come after the exit. */
    pid_t ended[ENDED_KEPT];
    size_t ended_next;
    uint32_t last_generation;
    bool track_all, ignore_children;
};

static struct maps *maps_new(struct processes *table)
{
    struct maps *maps = xcalloc(1, sizeof(*maps));

    maps->users = 1;
    maps->generation = ++table->last_generation;
    return maps;
}

static void maps_release(struct maps *maps)
{
    if (!maps || --maps->users)
        return;
    free(maps->mappings);
    free(maps);
}

struct processes *processes_new(void)
{
    struct processes *table = xcalloc(1, sizeof(*table));

    table->dsos = dso_table_new();
    table->names = strings_new();
    return table;
}

void processes_free(struct processes *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++) {
        if (table->processes[i])
            maps_release(table->processes[i]->maps);
        free(table->processes[i]);
    }
    free(table->processes);
    free(table->free_slots);
    map_free(&table->by_pid);
    map_free(&table->thread_names);
    strings_free(table->names);
    dso_table_free(table->dsos);
    free(table);
}

const struct dso *processes_kernel(const struct processes *table)
{
    return dso_table_kernel(table->dsos);
}

uint32_t processes_dso_count(const struct processes *table)
{
    return dso_table_count(table->dsos);
}

void processes_files(const struct processes *table, uint32_t *open, uint32_t *refused)
{
    dso_table_files(table->dsos, open, refused);
}

struct process *processes_find(struct processes *table, pid_t pid)
{
    uint32_t slot = map_get(&table->by_pid, (uint64_t)pid);

    return slot == UINT32_MAX ? NULL : table->processes[slot];
}

bool processes_is_tracked(const struct processes *table, pid_t pid)
{
    return map_get(&table->by_pid, (uint64_t)pid) != UINT32_MAX;
}

static void remove_process(struct processes *table, pid_t pid)
{
    uint32_t slot = map_get(&table->by_pid, (uint64_t)pid);

    if (slot == UINT32_MAX)
        return;
    maps_release(table->processes[slot]->maps);
    free(table->processes[slot]);
    table->processes[slot] = NULL;
    map_remove(&table->by_pid, (uint64_t)pid);
    table->free_slots = xgrow(table->free_slots, &table->free_room, table->free_count + 1,
                              sizeof(*table->free_slots));
    table->free_slots[table->free_count++] = slot;
}

/* A new process in the place of an old one of that number.  `maps` becomes its own. */
static struct process *add_process(struct processes *table, pid_t pid, struct maps *maps)
{
    struct process *process = xcalloc(1, sizeof(*process));
    uint32_t slot;

    remove_process(table, pid);
    map_remove(&table->thread_names, (uint64_t)pid);
    if (table->free_count) {
        slot = table->free_slots[--table->free_count];
    } else {
        slot = (uint32_t)table->count++;
        table->processes =
            xgrow(table->processes, &table->room, table->count, sizeof(*table->processes));
    }
    process->pid = pid;
    process->table = table;
    process->maps = maps ? maps : maps_new(table);
    table->processes[slot] = process;
    map_set(&table->by_pid, (uint64_t)pid, slot);
    return process;
}

void processes_track(struct processes *table, pid_t pid)
{
    if (!processes_is_tracked(table, pid))
        add_process(table, pid, NULL);
}

void processes_ignore_children(struct processes *table)
{
    table->ignore_children = true;
}

void processes_track_all(struct processes *table)
{
    table->track_all = true;
}

void processes_set_recorded(struct processes *table)
{
    dso_table_set_recorded(table->dsos);
}

static struct process *known(struct processes *table, pid_t pid)
{
    struct process *process = processes_find(table, pid);

    return process || !table->track_all ? process : add_process(table, pid, NULL);
}

/* ---- mappings ---- */

/* Before a change: a copy of our own, with a generation of its own. */
static struct maps *own_maps(struct processes *table, struct process *process)
{
    struct maps *shared = process->maps;
    struct maps *own;

    if (shared->users == 1) {
        shared->generation = ++table->last_generation;
        return shared;
    }
    own = maps_new(table);
    own->count = shared->count;
    own->jit = shared->jit;
    own->mappings = xgrow(NULL, &own->room, shared->count + 1u, sizeof(*own->mappings));
    if (shared->count)
        memcpy(own->mappings, shared->mappings, shared->count * sizeof(*own->mappings));
    maps_release(shared);
    process->maps = own;
    return own;
}

/* Index of the first mapping that ends behind the address. */
static uint32_t first_behind(const struct maps *maps, uint64_t address)
{
    uint32_t low = 0, high = maps->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (maps->mappings[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert_at(struct maps *maps, uint32_t at, const struct mapping *mapping)
{
    maps->mappings =
        xgrow(maps->mappings, &maps->room, maps->count + 1u, sizeof(*maps->mappings));
    memmove(maps->mappings + at + 1, maps->mappings + at,
            (maps->count - at) * sizeof(*maps->mappings));
    maps->mappings[at] = *mapping;
    maps->count++;
}

/* Cuts a hole for [start, end) and returns where in the array it lies. */
static uint32_t make_room(struct maps *maps, uint64_t start, uint64_t end)
{
    uint32_t at = first_behind(maps, start);
    uint32_t last;

    if (at < maps->count && maps->mappings[at].start < start) {
        struct mapping *old = &maps->mappings[at];

        if (old->end > end) { /* the hole lies inside: the part behind becomes its own */
            struct mapping rest = *old;

            rest.file_offset += end - rest.start;
            rest.start = end;
            old->end = start;
            insert_at(maps, at + 1, &rest);
            return at + 1;
        }
        old->end = start;
        at++;
    }
    for (last = at; last < maps->count && maps->mappings[last].end <= end; last++)
        ;
    if (last > at)
        memmove(maps->mappings + at, maps->mappings + last,
                (maps->count - last) * sizeof(*maps->mappings));
    maps->count -= last - at;
    if (at < maps->count && maps->mappings[at].start < end) {
        maps->mappings[at].file_offset += end - maps->mappings[at].start;
        maps->mappings[at].start = end;
    }
    return at;
}

static bool may_hold_jit(const struct dso *dso)
{
    return dso->kind == DSO_ANONYMOUS && strncmp(dso->path, "[stack", 6) &&
           strcmp(dso->path, "[heap]");
}

/* The anonymous memory of the process is from now on what its jitdump describes. */
static void take_jitdump(struct processes *table, struct process *process,
                         const struct dso *dump)
{
    struct maps *maps;

    if (process->maps->jit == dump)
        return;
    maps = own_maps(table, process);
    maps->jit = dump;
    for (uint32_t i = 0; i < maps->count; i++)
        if (may_hold_jit(maps->mappings[i].dso))
            maps->mappings[i].dso = dump;
}

static void map_file(struct processes *table, struct process *process,
                     const struct mapping_record *record)
{
    struct mapping mapping = {.start = record->start, .file_offset = record->file_offset};
    const struct mapping *old;
    struct maps *maps;

    if (!record->size || __builtin_add_overflow(record->start, record->size, &mapping.end))
        return;
    mapping.dso = dso_table_find(table->dsos, process->pid, record);
    if (mapping.dso->kind == DSO_JIT)
        take_jitdump(table, process, mapping.dso);
    if (process->maps->jit && may_hold_jit(mapping.dso))
        mapping.dso = process->maps->jit;
    if (mapping.dso->kind == DSO_ANONYMOUS || mapping.dso->kind == DSO_JIT)
        mapping.file_offset = mapping.start; /* there is no file: offsets are addresses */
    old = process_mapping(process, mapping.start);
    if (old && old->start <= mapping.start && old->end >= mapping.end &&
        old->dso == mapping.dso &&
        old->file_offset + (mapping.start - old->start) == mapping.file_offset)
        return; /* known already, from /proc or as the run-time changes protections */
    maps = own_maps(table, process);
    if (maps->count < MAPPINGS_MAX)
        insert_at(maps, make_room(maps, mapping.start, mapping.end), &mapping);
}

const struct mapping *process_mapping(const struct process *process, uint64_t address)
{
    const struct maps *maps = process->maps;
    uint32_t at = first_behind(maps, address);

    return at < maps->count && maps->mappings[at].start <= address ? &maps->mappings[at] : NULL;
}

const struct mapping *process_mappings(const struct process *process, uint32_t *count)
{
    *count = process->maps->count;
    return process->maps->mappings;
}

uint32_t process_generation(const struct process *process)
{
    return process->maps->generation;
}

pid_t process_pid(const struct process *process)
{
    return process->pid;
}

/* ---- names ---- */

const char *process_comm(const struct process *process)
{
    return strings_get(process->table->names, process->comm);
}

const char *process_thread_name(const struct process *process, pid_t tid)
{
    uint32_t name = map_get(&process->table->thread_names, (uint64_t)tid);

    return name == UINT32_MAX ? process_comm(process)
                              : strings_get(process->table->names, name);
}

static void name_thread(struct processes *table, struct process *process, pid_t tid,
                        const char *name)
{
    str_id id = strings_add(table->names, name, strlen(name));

    if (tid == process->pid)
        process->comm = id;
    else if (id != process->comm)
        map_set(&table->thread_names, (uint64_t)tid, id);
    else
        map_remove(&table->thread_names, (uint64_t)tid);
}

/* ---- records ---- */

static void apply_fork(struct processes *table, const struct record *record)
{
    struct process *parent = known(table, record->fork.parent);
    struct process *child;
    uint32_t name;

    if (!parent)
        return;
    name = map_get(&table->thread_names, (uint64_t)record->fork.parent_tid);
    if (record->pid == record->fork.parent) {
        if (name != UINT32_MAX)
            map_set(&table->thread_names, (uint64_t)record->tid, name);
        return;
    }
    if (table->ignore_children)
        return;
    parent->maps->users++;
    child = add_process(table, record->pid, parent->maps);
    child->comm = name != UINT32_MAX ? name : parent->comm;
}

static void apply_exit(struct processes *table, const struct record *record)
{
    struct process *process = processes_find(table, record->pid);
    struct process *oldest;
    pid_t *slot;

    if (record->tid != record->pid) {
        map_remove(&table->thread_names, (uint64_t)record->tid);
        return;
    }
    if (!process || process->ended)
        return;
    process->ended = true;
    slot = &table->ended[table->ended_next++ % ENDED_KEPT];
    oldest = *slot ? processes_find(table, *slot) : NULL;
    if (oldest && oldest->ended)
        remove_process(table, *slot);
    *slot = record->pid;
}

static void apply_comm(struct processes *table, const struct record *record)
{
    struct process *process = known(table, record->pid);

    if (!process)
        return;
    if (record->exec) {
        maps_release(process->maps);
        process->maps = maps_new(table);
        process->ended = false;
    }
    name_thread(table, process, record->tid, record->comm);
}

void processes_apply(struct processes *table, const struct record *record)
{
    struct process *process;

    switch (record->kind) {
    case RECORD_FORK:
        apply_fork(table, record);
        break;
    case RECORD_EXIT:
        apply_exit(table, record);
        break;
    case RECORD_COMM:
        apply_comm(table, record);
        break;
    case RECORD_MAPPING:
        /* The kernel's own (modules) come with pid -1. */
        process =
            record->pid > 0 && record->mapping.executable ? known(table, record->pid) : NULL;
        if (process)
            map_file(table, process, &record->mapping);
        break;
    case RECORD_KSYMBOL:
        kernel_code_add(processes_kernel(table)->kernel_code, &record->ksymbol);
        break;
    case RECORD_SAMPLE:
    case RECORD_LOST:
    case RECORD_THROTTLE:
    case RECORD_UNTHROTTLE:
    case RECORD_SWITCH:
    case RECORD_OTHER:
    default:
        break;
    }
}

/* ---- /proc ---- */

/* One line of /proc/PID/maps (proc(5)); false when it is no executable mapping. */
static bool parse_maps_line(char *line, struct mapping_record *mapping)
{
    static const char deleted[] = " (deleted)";
    char rights[8];
    int at = 0;
    uint64_t end;
    size_t length;

    *mapping = (struct mapping_record){0};
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %x:%x %" SCNu64 " %n",
               &mapping->start, &end, rights, &mapping->file_offset, &mapping->device_major,
               &mapping->device_minor, &mapping->inode, &at) < 7 ||
        !at || end <= mapping->start || rights[2] != 'x')
        return false;
    mapping->size = end - mapping->start;
    mapping->executable = true;
    line[strcspn(line, "\n")] = '\0';
    length = strlen(line);
    if (length > sizeof(deleted) - 1 && !strcmp(line + length - sizeof(deleted) + 1, deleted))
        line[length - sizeof(deleted) + 1] = '\0';
    mapping->path = line[at] ? line + at : "//anon";
    return true;
}

static FILE *open_proc(pid_t pid, pid_t tid, const char *name)
{
    char path[96];

    if (tid)
        snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
    else
        snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return fopen(path, "re");
}

static void read_maps(struct processes *table, struct process *process, FILE *file)
{
    struct mapping_record mapping;
    char *line = NULL;
    size_t room = 0;

    while (getline(&line, &room, file) > 0)
        if (parse_maps_line(line, &mapping))
            map_file(table, process, &mapping);
    free(line);
}

void processes_read_maps(struct processes *table, pid_t pid, FILE *maps)
{
    struct process *process = processes_find(table, pid);

    read_maps(table, process ? process : add_process(table, pid, NULL), maps);
}

/* The state stands behind the name, which may hold anything. */
static char state_of(pid_t pid)
{
    FILE *file = open_proc(pid, 0, "stat");
    char line[512] = "";
    const char *name_end;

    if (!file)
        return '\0';
    if (!fgets(line, sizeof(line), file))
        line[0] = '\0';
    fclose(file);
    name_end = strrchr(line, ')');
    return name_end && name_end[1] == ' ' ? name_end[2] : '\0';
}

static int load_maps(struct processes *table, struct process *process, struct error *err)
{
    FILE *file = open_proc(process->pid, 0, "maps");

    if (!file && errno == ENOENT)
        return error_set(err, ESRCH, "there is no process %d", process->pid);
    if (!file) {
        int failed = error_set(err, errno, "cannot read /proc/%d/maps: %s", process->pid,
                               strerror(errno));

        if (failed == -EACCES || failed == -EPERM)
            error_hint(err,
                       "without CAP_SYS_PTRACE only processes of the same user may be "
                       "looked at, and none that is protected (setuid programs, prctl "
                       "PR_SET_DUMPABLE): run fiq with sudo, or in the process' container");
        return failed;
    }
    if (state_of(process->pid) == 'Z') {
        fclose(file);
        return error_set(err, ESRCH,
                         "process %d has ended: it is a zombie, of which its parent has not "
                         "taken notice",
                         process->pid);
    }
    read_maps(table, process, file);
    fclose(file);
    return 0;
}

static void load_name(struct processes *table, struct process *process, pid_t tid)
{
    FILE *file = open_proc(process->pid, tid, "comm");
    char name[64];

    if (!file)
        return;
    if (fgets(name, sizeof(name), file)) {
        name[strcspn(name, "\n")] = '\0';
        name_thread(table, process, tid, name);
    }
    fclose(file);
}

static void load_threads(struct processes *table, struct process *process)
{
    struct pid_walk walk = pid_walk_threads(process->pid);
    pid_t tid;

    load_name(table, process, process->pid);
    while ((tid = pid_walk_next(&walk)))
        if (tid != process->pid)
            load_name(table, process, tid);
    pid_walk_end(&walk);
}

int processes_load(struct processes *table, pid_t pid, struct error *err)
{
    struct process *process = processes_find(table, pid);
    bool added = !process;
    int failed;

    if (added)
        process = add_process(table, pid, NULL);
    failed = load_maps(table, process, err);
    if (failed && added) {
        remove_process(table, pid);
        return failed;
    }
    load_threads(table, process);
    if (!failed && state_of(pid) == 'T')
        log_warning("process %d is stopped, as by Ctrl-Z: kill -CONT %d lets it go on", pid,
                    pid);
    return failed;
}

/* Field 4 of /proc/PID/stat; the comm in field 2 may hold spaces and parentheses. */
static pid_t parent_of(pid_t pid)
{
    FILE *file = open_proc(pid, 0, "stat");
    char line[512];
    const char *behind;
    int parent = 0;

    if (!file)
        return 0;
    if (fgets(line, sizeof(line), file) && (behind = strrchr(line, ')')) &&
        sscanf(behind + 1, " %*c %d", &parent) != 1)
        parent = 0;
    fclose(file);
    return parent;
}

struct kinship {
    pid_t pid, parent;
};

/* All processes there are. */
static struct kinship *read_kinships(size_t *count)
{
    struct kinship *all = NULL;
    size_t room = 0;
    struct pid_walk walk = pid_walk_processes();
    pid_t found;

    *count = 0;
    while ((found = pid_walk_next(&walk))) {
        all = xgrow(all, &room, *count + 1, sizeof(*all));
        all[(*count)++] = (struct kinship){.pid = found, .parent = parent_of(found)};
    }
    pid_walk_end(&walk);
    return all;
}

static void add_once(struct map *seen, pid_t pid, pid_t **pids, size_t *count, size_t *room)
{
    uint32_t *known = map_at(seen, (uint64_t)pid);

    if (*known != UINT32_MAX)
        return;
    *known = 1;
    *pids = xgrow(*pids, room, *count + 1, sizeof(**pids));
    (*pids)[(*count)++] = pid;
}

size_t processes_families(const pid_t *roots, size_t root_count, pid_t **pids)
{
    size_t kinship_count, count = 0, room = 0;
    struct kinship *kinships = read_kinships(&kinship_count);
    struct map seen = {0};

    *pids = NULL;
    for (size_t i = 0; i < root_count; i++)
        add_once(&seen, roots[i], pids, &count, &room);
    /* What is found is looked through in turn. */
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < kinship_count; k++)
            if (kinships[k].parent == (*pids)[i])
                add_once(&seen, kinships[k].pid, pids, &count, &room);
    map_free(&seen);
    free(kinships);
    return count;
}

void processes_load_all(struct processes *table)
{
    struct pid_walk walk = pid_walk_processes();
    pid_t pid;

    while ((pid = pid_walk_next(&walk)))
        processes_load(table, pid, NULL);
    pid_walk_end(&walk);
}
