/* The file "baseline" of a store, beside one run; what is found, written and found again must
 * be the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "base/xalloc.h"
#include "gate/gate.h"

static char store[] = "/tmp/fiq-baseline-XXXXXX";
static char *facts_path;

static void clear(void)
{
    char *command = xasprintf("rm -rf '%s'", store);

    if (system(command))
        fprintf(stderr, "cannot remove %s\n", store);
    free(command);
}

static struct profile *small_profile(void)
{
    struct profile *profile = profile_new();
    struct frame frame = {.function = profile_intern_text(profile, "work")};
    frame_id id = profile_frame(profile, &frame);
    uint64_t samples = 1;

    profile_value_type(profile, "samples", "count");
    profile_add(profile, &id, 1, 0, &samples);
    return profile;
}

/* Writes a baseline, whose "baseline" each input replaces. */
static void set_up(void)
{
    struct baseline_key key = {.name = "b", .commit = "c"};
    struct baseline *baseline = baseline_new(&key);

    if (!mkdtemp(store))
        abort();
    atexit(clear);
    baseline_add(baseline, small_profile(), 0.1);
    if (baseline_write(baseline, store, false, NULL))
        abort();
    facts_path = xasprintf("%s/baseline", baseline->path);
    baseline_free(baseline);
}

static void put_facts(const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(facts_path, "we");

    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file))
        abort();
}

static struct baseline *find(const char *where)
{
    struct machine machine = {.arch = "x86_64"};
    struct baseline *found = NULL;

    (void)baseline_find(&found, where, "b", NULL, NULL, 0, &machine, NULL);
    return found;
}

static void expect_same(const struct baseline *a, const struct baseline *b)
{
    if (a->count != b->count || strcmp(a->key.branch, b->key.branch) ||
        strcmp(a->key.build_id, b->key.build_id) || strcmp(a->key.command, b->key.command) ||
        a->key.recorded != b->key.recorded)
        abort();
}

/* By a fixed commit, so that there is one baseline in the other store and not one more a time.
 */
static void write_and_find_again(struct baseline *found)
{
    char *other = xasprintf("%s/again", store);
    struct baseline *again;

    strcpy(found->key.name, "b");
    strcpy(found->key.commit, "c");
    found->key.machine = (struct machine){.arch = "x86_64"};
    if (baseline_write(found, other, false, NULL))
        abort();
    again = find(other);
    if (!again)
        abort();
    expect_same(found, again);
    baseline_free(again);
    free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct baseline *found;

    if (!facts_path)
        set_up();
    put_facts(bytes, size);
    found = find(store);
    if (!found)
        return 0;
    for (size_t i = 0; i < found->count; i++)
        if (!(found->paces[i] >= 0 && found->paces[i] < 1e300))
            abort();
    write_and_find_again(found);
    baseline_free(found);
    return 0;
}
