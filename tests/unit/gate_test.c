#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate/gate.h"

static char store[64];

static void set_up(void)
{
    strcpy(store, "/tmp/fiq-gate-XXXXXX");
    cr_assert(ne(ptr, mkdtemp(store), NULL));
}

static void clear(void)
{
    char command[100];

    snprintf(command, sizeof(command), "rm -rf '%s'", store);
    cr_expect(eq(int, system(command), 0));
}

TestSuite(gate, .init = set_up, .fini = clear);

static const struct machine here = {
    .arch = "x86_64", .cpu = "A CPU", .kernel = "6.1", .cpus = 2};
static const struct machine other = {
    .arch = "x86_64", .cpu = "B CPU", .kernel = "6.1", .cpus = 2};

static struct profile *run(uint64_t samples)
{
    struct profile *profile = profile_new();
    struct frame frame = {.function = profile_intern_text(profile, "work")};
    frame_id id = profile_frame(profile, &frame);

    profile_value_type(profile, "samples", "count");
    profile_add(profile, &id, 1, 0, &samples);
    return profile;
}

static void record(const char *commit, const char *branch, const struct machine *machine,
                   uint64_t recorded, size_t runs, bool join)
{
    struct baseline_key key = {.name = "bench/1", .machine = *machine, .recorded = recorded};
    struct baseline *baseline;
    struct error err = {0};

    strcpy(key.commit, commit);
    strcpy(key.branch, branch);
    baseline = baseline_new(&key);
    for (size_t i = 0; i < runs; i++)
        baseline_add(baseline, run(recorded + i), 0.001 * (double)(i + 1));
    cr_assert(eq(int, baseline_write(baseline, store, join, &err), 0), "%s", err.message);
    baseline_free(baseline);
}

static struct baseline *find(const char *against, char *const *commits, size_t count)
{
    struct baseline *found = NULL;

    baseline_find(&found, store, "bench/1", against, commits, count, &here, NULL);
    return found;
}

Test(gate, a_baseline_comes_back_with_every_run)
{
    record("0123456789", "main", &here, 100, 3, false);

    struct baseline *found = find("main", NULL, 0);

    cr_assert(ne(ptr, found, NULL));
    cr_expect(eq(sz, found->count, 3));
    cr_expect(eq(str, found->key.commit, "0123456789"));
    cr_expect(eq(str, found->key.machine.cpu, "A CPU"));
    cr_expect(eq(u64, profile_total(found->runs[2], 0), 102));
    cr_expect(eq(dbl, found->paces[1], 0.002));
    baseline_free(found);
}

Test(gate, recording_again_replaces_or_joins)
{
    record("0123456789", "main", &here, 100, 5, false);
    record("0123456789", "main", &here, 200, 2, false);
    struct baseline *replaced = find("main", NULL, 0);
    record("0123456789", "main", &here, 300, 3, true);
    struct baseline *joined = find("main", NULL, 0);

    cr_expect(eq(sz, replaced->count, 2));
    cr_expect(eq(sz, joined->count, 5));
    cr_expect(eq(u64, profile_total(joined->runs[0], 0), 200));
    cr_expect(eq(u64, profile_total(joined->runs[4], 0), 302));
    baseline_free(replaced);
    baseline_free(joined);
}

Test(gate, the_nearest_commit_of_a_history_is_taken)
{
    char *history[] = {"cccccccccc", "bbbbbbbbbb", "aaaaaaaaaa"};

    record("aaaaaaaaaa", "main", &here, 300, 1, false);
    record("bbbbbbbbbb", "main", &here, 100, 1, false);

    struct baseline *found = find("main", history, 3);

    cr_assert(ne(ptr, found, NULL));
    cr_expect(eq(str, found->key.commit, "bbbbbbbbbb"));
    baseline_free(found);
}

Test(gate, an_abbreviated_hash_is_enough)
{
    record("0123456789abcdef", "topic", &here, 300, 1, false);

    struct baseline *found = find("01234567", NULL, 0);

    cr_assert(ne(ptr, found, NULL));
    baseline_free(found);
    cr_expect(eq(ptr, find("9999999", NULL, 0), NULL));
}

Test(gate, this_kind_of_machine_is_preferred_and_another_still_found)
{
    record("aaaaaaaaaa", "main", &other, 300, 1, false);

    struct baseline *only = find(NULL, NULL, 0);
    cr_assert(ne(ptr, only, NULL));
    cr_expect(not(machine_same_kind(&only->key.machine, &here)));
    baseline_free(only);

    record("aaaaaaaaaa", "main", &here, 200, 1, false);
    struct baseline *better = find(NULL, NULL, 0);
    cr_expect(machine_same_kind(&better->key.machine, &here));
    baseline_free(better);
}

Test(gate, what_is_missing_is_said)
{
    struct baseline *found = NULL;
    struct error err = {0};

    record("aaaaaaaaaa", "main", &here, 300, 1, false);

    cr_expect(
        eq(int, baseline_find(&found, store, "bench/1", "v2", NULL, 0, &here, &err), -ENOENT));
    cr_expect(strstr(err.hint, "aaaaaaaaaa of main") != NULL, "%s", err.hint);
}

/* Records a baseline and opens its facts, to be spoilt. */
static FILE *open_facts(const char *how)
{
    char path[256];

    record("aaaaaaaaaa", "main", &here, 300, 1, false);
    struct baseline *found = find(NULL, NULL, 0);
    snprintf(path, sizeof(path), "%s/baseline", found->path);
    baseline_free(found);
    return fopen(path, how);
}

Test(gate, a_spoilt_baseline_is_passed_over)
{
    FILE *file = open_facts("w");

    fputs("version 99\nrun x\n\n\377 \n", file);
    fclose(file);

    cr_expect(eq(ptr, find(NULL, NULL, 0), NULL));
}

Test(gate, that_nothing_but_a_spoilt_baseline_is_there_is_said)
{
    FILE *file = open_facts("w");
    struct baseline *found = NULL;
    struct error err = {0};

    fclose(file);
    cr_assert(
        eq(int, baseline_find(&found, store, "bench/1", NULL, NULL, 0, &here, &err), -ENOENT));
    cr_expect(strstr(err.hint, "is no baseline of this version") != NULL, "%s", err.hint);
}

Test(gate, a_baseline_cannot_write_on_the_terminal)
{
    FILE *file = open_facts("a");

    fputs("commit \033[2Jred\n", file);
    fclose(file);

    struct baseline *found = find(NULL, NULL, 0);

    cr_assert(ne(ptr, found, NULL));
    cr_expect(eq(str, found->key.commit, "?[2Jred"));
    baseline_free(found);
}

Test(gate, hashes_are_cut_and_labels_are_not)
{
    char text[64];

    cr_expect(eq(str, (char *)git_short("0123456789abcdef0123456789abcdef01234567", text),
                 "0123456789ab"));
    cr_expect(eq(str, (char *)git_short("release-2026-11 candidate", text),
                 "release-2026-11 candidate"));
    cr_expect(eq(str, (char *)git_short("", text), "an unknown commit"));
}

Test(gate, names_lead_nowhere_else)
{
    struct baseline_key key = {.name = "../../x", .machine = here};
    struct baseline *baseline = baseline_new(&key);

    baseline_add(baseline, run(1), 1);
    cr_assert(eq(int, baseline_write(baseline, store, false, NULL), 0));

    cr_expect(strstr(baseline->path, "/..") == NULL &&
              !strncmp(baseline->path, store, strlen(store)));
    baseline_free(baseline);
}

Test(gate, names_that_look_alike_have_stores_of_their_own)
{
    record("aaaaaaaaaa", "main", &here, 100, 1, false); /* bench/1 */
    struct baseline *found = NULL;

    cr_expect(
        eq(int, baseline_find(&found, store, "bench-1", NULL, NULL, 0, &here, NULL), -ENOENT));
}

/* Each run holds a number that tells which recording it is of. */
static void expect_one_recording(const struct baseline *found)
{
    for (size_t i = 0; i < found->count; i++)
        cr_expect(eq(u64, profile_total(found->runs[i], 0), found->key.recorded + i));
}

Test(gate, what_is_read_is_one_recording_while_others_write)
{
    enum { WRITERS = 3, ROUNDS = 15 };

    record("aaaaaaaaaa", "main", &here, 100, 1, false);
    for (int i = 0; i < WRITERS; i++)
        if (!fork()) {
            for (int j = 0; j < ROUNDS; j++)
                record("aaaaaaaaaa", "main", &here, (uint64_t)(1000 * (i + 1) + 10 * j),
                       (size_t)(1 + (i + j) % 5), false);
            _exit(0);
        }
    for (int i = 0; i < 3 * ROUNDS; i++) {
        struct baseline *found = find(NULL, NULL, 0);

        cr_assert(ne(ptr, found, NULL));
        expect_one_recording(found);
        baseline_free(found);
    }
    while (wait(NULL) > 0)
        continue;
}

Test(gate, each_round_has_each_arm_once)
{
    unsigned *order = interleave(3, 50, 7);
    unsigned first[3] = {0};

    for (unsigned round = 0; round < 50; round++) {
        unsigned seen = 0;

        for (unsigned i = 0; i < 3; i++)
            seen |= 1u << order[3 * round + i];
        cr_expect(eq(u32, seen, 7));
        first[order[3 * round]]++;
    }
    for (unsigned i = 0; i < 3; i++)
        cr_expect(gt(u32, first[i], 5), "arm %u came first %u times", i, first[i]);
    free(order);
}
