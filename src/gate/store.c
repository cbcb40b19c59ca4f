/*
 * Baselines on disk.
 *
 * STORE/NAME/COMMIT-MACHINE/ holds "baseline", lines of "key value", and run-1.pb.gz and so on,
 * each a profile like any other.  MACHINE is a hash of the kind of machine, so that a store may
 * hold the same commit of several.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/output.h"
#include "base/xalloc.h"
#include "format/format.h"
#include "gate/gate.h"

enum { MOST_RUNS = 1000, VERSION = 1 };

struct baseline *baseline_new(const struct baseline_key *key)
{
    struct baseline *baseline = xcalloc(1, sizeof(*baseline));

    baseline->key = *key;
    return baseline;
}

void baseline_free(struct baseline *baseline)
{
    if (!baseline)
        return;
    for (size_t i = 0; i < baseline->count; i++)
        profile_free(baseline->runs[i]);
    free(baseline->runs);
    free(baseline->paces);
    free(baseline->path);
    free(baseline);
}

void baseline_add(struct baseline *baseline, struct profile *run, double pace)
{
    size_t room = baseline->room;

    baseline->runs =
        xgrow(baseline->runs, &room, baseline->count + 1, sizeof(struct profile *));
    baseline->paces =
        xgrow(baseline->paces, &baseline->room, baseline->count + 1, sizeof(*baseline->paces));
    baseline->runs[baseline->count] = run;
    baseline->paces[baseline->count++] = pace;
}

/* ---- paths ---- */

char *store_default(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state && *state == '/')
        return xasprintf("%s/fiq/baselines", state);
    if (home && *home)
        return xasprintf("%s/.local/state/fiq/baselines", home);
    return NULL;
}

/* A name as part of a path: nothing that leads elsewhere, nothing hidden. */
static void safe_name(const char *name, char *safe, size_t size)
{
    size_t end = 0;

    for (; *name && end + 1 < size; name++) {
        bool plain = isalnum((unsigned char)*name) || (strchr("._+=@", *name) && end);

        safe[end++] = plain ? *name : '-';
    }
    safe[end] = '\0';
}

static uint32_t machine_hash(const struct machine *machine)
{
    char text[512];

    snprintf(text, sizeof(text), "%s|%s|%u", machine->arch, machine->cpu, machine->cpus);
    return (uint32_t)hash_bytes(text, strlen(text));
}

/* A name that is not safe as it is gets a hash behind it: bench/1 is not bench-1. */
static char *name_path(const char *store, const char *name)
{
    char safe[128];

    safe_name(name, safe, sizeof(safe));
    if (!strcmp(safe, name) && *name)
        return xasprintf("%s/%s", store, safe);
    return xasprintf("%s/%s-%08x", store, safe, (uint32_t)hash_bytes(name, strlen(name)));
}

static char *baseline_path(const char *store, const struct baseline_key *key)
{
    char *below = name_path(store, key->name), *path;
    char commit[64];

    safe_name(git_short(key->commit, commit), commit, sizeof(commit));
    path = xasprintf("%s/%.40s-%08x", below, commit, machine_hash(&key->machine));
    free(below);
    return path;
}

static int make_directories(const char *path, struct error *err)
{
    char *copy = xstrdup(path);
    int failed = 0;

    for (char *at = copy + 1; !failed; at++) {
        char end = *at;

        if (end && end != '/')
            continue;
        *at = '\0';
        if (mkdir(copy, 0777) && errno != EEXIST)
            failed = error_set(err, errno, "cannot make the directory %s: %s", copy,
                               strerror(errno));
        *at = end;
        if (!end)
            break;
    }
    free(copy);
    return failed;
}

/* One directory is read by several at once, or written by one.  The lock is gone when the
 * descriptor is closed; a file system that knows no locks goes without. */
static int lock_directory(const char *path, int how)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (directory >= 0)
        (void)flock(directory, how);
    return directory;
}

static void unlock_directory(int directory)
{
    if (directory >= 0)
        close(directory);
}

/* ---- the facts ---- */

/* A field of a key: text of a fixed size within struct baseline_key. */
static const struct text_field {
    const char *name;
    size_t offset, size;
} text_fields[] = {
#define FIELD(name, member)                                                                    \
    {                                                                                          \
        name, offsetof(struct baseline_key, member),                                           \
            sizeof(((struct baseline_key *)0)->member)                                         \
    }
    FIELD("name", name),         FIELD("commit", commit),         FIELD("branch", branch),
    FIELD("build_id", build_id), FIELD("command", command),       FIELD("arch", machine.arch),
    FIELD("cpu", machine.cpu),   FIELD("kernel", machine.kernel),
#undef FIELD
};

static char *field_of(const struct baseline_key *key, const struct text_field *field)
{
    return (char *)(uintptr_t)key + field->offset;
}

static int write_facts(const struct baseline *baseline, struct error *err)
{
    const struct baseline_key *key = &baseline->key;
    char *path = xasprintf("%s/baseline", baseline->path);
    struct output output;
    int failed = output_open(&output, path, err);

    free(path);
    if (failed)
        return failed;
    fprintf(output.stream, "version %d\n", VERSION);
    for (size_t i = 0; i < ARRAY_LENGTH(text_fields); i++) {
        fprintf(output.stream, "%s ", text_fields[i].name);
        for (const char *at = field_of(key, &text_fields[i]); *at; at++)
            fputc((unsigned char)*at < ' ' ? ' ' : *at, output.stream);
        fputc('\n', output.stream);
    }
    fprintf(output.stream, "cpus %u\nrecorded %" PRIu64 "\nfrequency %.9g\n", key->machine.cpus,
            key->recorded, key->frequency_hz);
    for (size_t i = 0; i < baseline->count; i++)
        fprintf(output.stream, "run %.9g\n", baseline->paces[i]);
    return output_commit(&output, err);
}

/* The file may come from anywhere, and what it says is shown on terminals. */
static void take_text(char *into, size_t size, const char *value)
{
    snprintf(into, size, "%s", value);
    for (; *into; into++)
        if (iscntrl((unsigned char)*into))
            *into = '?';
}

/* 0 when it is no number to reckon with. */
static double positive(const char *value)
{
    double number = strtod(value, NULL);

    return number > 0 && number < 1e9 ? number : 0;
}

static void read_line(struct baseline *baseline, const char *name, const char *value,
                      size_t *runs, int *version)
{
    struct baseline_key *key = &baseline->key;

    for (size_t i = 0; i < ARRAY_LENGTH(text_fields); i++)
        if (!strcmp(name, text_fields[i].name))
            take_text(field_of(key, &text_fields[i]), text_fields[i].size, value);
    if (!strcmp(name, "version"))
        *version = atoi(value);
    else if (!strcmp(name, "cpus"))
        key->machine.cpus = (unsigned)strtoul(value, NULL, 10);
    else if (!strcmp(name, "recorded"))
        key->recorded = strtoull(value, NULL, 10);
    else if (!strcmp(name, "frequency"))
        key->frequency_hz = positive(value);
    else if (!strcmp(name, "run") && *runs < MOST_RUNS) {
        double *paces = xrealloc(baseline->paces, (*runs + 1) * sizeof(*paces));

        paces[(*runs)++] = positive(value);
        baseline->paces = paces;
    }
}

/* Reads what "baseline" says; the runs are only counted. */
static int read_facts(struct baseline *baseline, size_t *runs, struct error *err)
{
    char *path = xasprintf("%s/baseline", baseline->path);
    FILE *file = fopen(path, "re");
    char line[1024];
    int version = 0;

    *runs = 0;
    free(path);
    if (!file)
        return error_set(err, errno, "cannot read the baseline %s: %s", baseline->path,
                         strerror(errno));
    while (fgets(line, sizeof(line), file)) {
        char *value = strchr(line, ' ');

        line[strcspn(line, "\n")] = '\0';
        if (!value)
            continue;
        *value++ = '\0';
        read_line(baseline, line, value, runs, &version);
    }
    fclose(file);
    if (version != VERSION || !*runs)
        return error_set(err, EBADMSG, "%s is no baseline of this version of fiq",
                         baseline->path);
    return 0;
}

/* ---- runs ---- */

static char *run_path(const struct baseline *baseline, size_t run)
{
    return xasprintf("%s/run-%zu.pb.gz", baseline->path, run + 1);
}

static int write_run(const struct baseline *baseline, size_t run, struct error *err)
{
    const struct format *format = format_named("pprof");
    struct write_options options = {.view.value = profile_default_value(baseline->runs[run])};
    char *path = run_path(baseline, run);
    struct output output;
    int failed = output_open(&output, path, err);

    free(path);
    if (failed)
        return failed;
    failed = format->write(baseline->runs[run], &options, output.stream, err);
    if (failed) {
        output_discard(&output);
        return failed;
    }
    return output_commit(&output, err);
}

static int read_runs(struct baseline *baseline, size_t runs, struct error *err)
{
    int failed = 0;

    baseline->runs = xcalloc(runs, sizeof(struct profile *));
    for (size_t i = 0; i < runs && !failed; i++) {
        char *path = run_path(baseline, i);

        baseline->runs[i] = profile_new();
        baseline->count = i + 1;
        failed = format_read_file(path, baseline->runs[i], err);
        free(path);
    }
    baseline->room = baseline->count;
    return failed;
}

/* Puts the runs of the baseline that is there in front of the new ones. */
static int join_older(struct baseline *baseline, struct error *err)
{
    struct baseline *older = baseline_new(&baseline->key);
    size_t runs, fresh = baseline->count;
    int failed;

    older->path = xstrdup(baseline->path);
    failed = read_facts(older, &runs, NULL);
    if (failed) { /* there is none */
        baseline_free(older);
        return 0;
    }
    failed = read_runs(older, runs, err);
    for (size_t i = 0; i < fresh && !failed; i++)
        baseline_add(older, baseline->runs[i], baseline->paces[i]);
    if (!failed) {
        free(baseline->runs);
        free(baseline->paces);
        baseline->runs = older->runs;
        baseline->paces = older->paces;
        baseline->count = older->count;
        baseline->room = older->room;
        older->runs = NULL;
        older->paces = NULL;
        older->count = 0;
    }
    baseline_free(older);
    return failed;
}

/* Runs of an earlier, longer baseline are not left behind. */
static void remove_further(const struct baseline *baseline)
{
    for (size_t i = baseline->count; i < MOST_RUNS; i++) {
        char *path = run_path(baseline, i);
        int gone = unlink(path);

        free(path);
        if (gone)
            return;
    }
}

static int write_all(struct baseline *baseline, bool join, struct error *err)
{
    int failed = join ? join_older(baseline, err) : 0;

    for (size_t i = 0; i < baseline->count && !failed; i++)
        failed = write_run(baseline, i, err);
    if (!failed)
        remove_further(baseline);
    return failed ? failed : write_facts(baseline, err);
}

int baseline_write(struct baseline *baseline, const char *store, bool join, struct error *err)
{
    int failed, lock;

    free(baseline->path);
    baseline->path = baseline_path(store, &baseline->key);
    failed = make_directories(baseline->path, err);
    if (failed)
        return failed;
    lock = lock_directory(baseline->path, LOCK_EX);
    failed = write_all(baseline, join, err);
    unlock_directory(lock);
    return failed;
}

/* ---- finding ---- */

struct search {
    const char *store, *name, *against;
    char *const *commits;
    size_t commit_count;
    const struct machine *machine;
    struct baseline *best;
    size_t best_runs, best_rank;
    char seen[240];      /* what there is, for the message */
    struct error spoilt; /* why something that lies there is none */
};

static const size_t NO_MATCH = SIZE_MAX;

static bool begins_with(const char *text, const char *start)
{
    return strlen(start) >= 7 && !strncmp(text, start, strlen(start));
}

/* Less is better: the kind of machine first, then the nearest commit. */
static size_t rank_of(const struct search *search, const struct baseline_key *key)
{
    size_t other = machine_same_kind(&key->machine, search->machine) ? 0 : 1u << 20;

    if (!search->against)
        return other;
    for (size_t i = 0; i < search->commit_count; i++)
        if (!strcmp(key->commit, search->commits[i]))
            return other + i;
    if (!strcmp(key->commit, search->against) || begins_with(key->commit, search->against))
        return other;
    if (!strcmp(key->branch, search->against))
        return other + search->commit_count;
    return NO_MATCH;
}

static void note_seen(struct search *search, const struct baseline_key *key)
{
    size_t end = strlen(search->seen);
    char commit[64];

    snprintf(search->seen + end, sizeof(search->seen) - end, "%s%.40s%s%.40s", end ? ", " : "",
             git_short(key->commit, commit), *key->branch ? " of " : "", key->branch);
}

static void consider(struct search *search, const char *path)
{
    struct baseline *found = baseline_new(&(struct baseline_key){0});
    size_t runs, rank;

    found->path = xstrdup(path);
    if (read_facts(found, &runs, &search->spoilt)) {
        baseline_free(found);
        return;
    }
    note_seen(search, &found->key);
    rank = rank_of(search, &found->key);
    if (rank == NO_MATCH ||
        (search->best &&
         (rank > search->best_rank ||
          (rank == search->best_rank && found->key.recorded <= search->best->key.recorded)))) {
        baseline_free(found);
        return;
    }
    baseline_free(search->best);
    search->best = found;
    search->best_rank = rank;
    search->best_runs = runs;
}

static void look_through(struct search *search)
{
    char *below = name_path(search->store, search->name);
    DIR *directory = opendir(below);
    const struct dirent *entry;

    while (directory && (entry = readdir(directory))) {
        char *path;

        if (entry->d_name[0] == '.')
            continue;
        path = xasprintf("%s/%s", below, entry->d_name);
        consider(search, path);
        free(path);
    }
    if (directory)
        closedir(directory);
    free(below);
}

/* The facts once more, as somebody may have recorded it anew since they were looked at. */
static int read_best(struct search *search, struct error *err)
{
    int lock = lock_directory(search->best->path, LOCK_SH);
    int failed = read_facts(search->best, &search->best_runs, err);

    if (!failed)
        failed = read_runs(search->best, search->best_runs, err);
    unlock_directory(lock);
    return failed;
}

int baseline_find(struct baseline **baseline, const char *store, const char *name,
                  const char *against, char *const *commits, size_t commit_count,
                  const struct machine *machine, struct error *err)
{
    struct search search = {.store = store,
                            .name = name,
                            .against = against,
                            .commits = commits,
                            .commit_count = commit_count,
                            .machine = machine};
    int failed;

    look_through(&search);
    if (!search.best) {
        error_set(err, ENOENT, "there is no baseline of %s%s%s in %s", name,
                  against ? " at " : "", against ? against : "", store);
        if (search.seen[0])
            error_hint(err, "there are: %s", search.seen);
        else if (search.spoilt.code)
            error_hint(err, "%s", search.spoilt.message);
        else
            error_hint(err, "fiq ci record --name %s -- COMMAND makes one", name);
        return -ENOENT;
    }
    failed = read_best(&search, err);
    if (failed) {
        baseline_free(search.best);
        return failed;
    }
    *baseline = search.best;
    return 0;
}
