#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "profile/filter.h"

static struct profile *from, *to;
static struct error err;

static frame_id frame(const char *name)
{
    return profile_frame(from, &(struct frame){.function = profile_intern_text(from, name)});
}

static label_id labels(const char *process, int pid, const char *thread, int tid)
{
    return profile_labels(
        from, &(struct label_set){.process = profile_intern_text(from, process),
                                  .thread = profile_intern_text(from, thread),
                                  .command = profile_intern_text(from, "/opt/x --flag"),
                                  .pid = pid,
                                  .tid = tid});
}

/* main;f;f;g 4 in thread worker, main;h 6 in thread main. */
static void set_up(void)
{
    frame_id deep[4], flat[2];

    from = profile_new();
    deep[0] = flat[0] = frame("main");
    deep[1] = deep[2] = frame("f");
    deep[3] = frame("g");
    flat[1] = frame("h");
    profile_value_type(from, "samples", "count");
    profile_add(from, deep, 4, labels("app", 1, "worker", 2), (uint64_t[]){4});
    profile_add(from, flat, 2, labels("app", 1, "main", 1), (uint64_t[]){6});
}

static void tear_down(void)
{
    profile_free(from);
    profile_free(to);
}

static uint64_t left_by(struct filter filter)
{
    profile_free(to);
    to = NULL;
    cr_assert(zero(i32, profile_filter(from, &filter, &to, &err)), "%s", err.message);
    return profile_total(to, 0);
}

static char *only_stack(void)
{
    static char text[200];
    frame_id *path = NULL;
    size_t room = 0, count, depth;
    const struct stack *stacks = profile_stacks(to, &count);

    text[0] = '\0';
    cr_assert(eq(sz, count, 1));
    depth = profile_path(to, stacks[0].node, &path, &room);
    for (size_t i = 0; i < depth; i++)
        strcat(strcat(text, i ? ";" : ""),
               profile_string(to, profile_frame_at(to, path[i])->function));
    free(path);
    return text;
}

static bool says(const char *text)
{
    size_t count;
    const str_id *notes = profile_notes(to, &count);

    for (size_t i = 0; i < count; i++)
        if (strstr(profile_string(to, notes[i]), text))
            return true;
    return false;
}

TestSuite(filter, .init = set_up, .fini = tear_down);

Test(filter, focus_keeps_stacks_with_a_match_anywhere)
{
    cr_expect(eq(u64, left_by((struct filter){.focus = "^f$"}), 4));
    cr_expect(eq(str, only_stack(), "main;f;f;g"));
    cr_expect(says("--focus ^f$ removed 6 of 10 samples"));
    cr_expect(says("percentages are of the 4 samples that are left, 40.0 % of all"));
}

Test(filter, ignore_drops_them)
{
    cr_expect(eq(u64, left_by((struct filter){.ignore = "g|nothing"}), 6));
    cr_expect(eq(str, only_stack(), "main;h"));
}

Test(filter, hidden_frames_leave_and_their_callees_move_up)
{
    cr_expect(eq(u64, left_by((struct filter){.hide = "^f$", .focus = "g"}), 4));
    cr_expect(eq(str, only_stack(), "main;g"));
    cr_expect(says("--hide ^f$ took 2 frames out of the tree"));
}

Test(filter, a_stack_that_is_hidden_altogether_still_counts)
{
    cr_expect(eq(u64, left_by((struct filter){.hide = ".", .focus = "h"}), 6));
    cr_expect(eq(str, only_stack(), "[hidden]"));
}

Test(filter, direct_recursion_collapses)
{
    cr_expect(eq(u64, left_by((struct filter){.collapse_recursion = true, .focus = "g"}), 4));
    cr_expect(eq(str, only_stack(), "main;f;g"));
}

Test(filter, threads_and_processes_match_by_name_and_number)
{
    cr_expect(eq(u64, left_by((struct filter){.thread = "^work"}), 4));
    cr_expect(eq(u64, left_by((struct filter){.thread = "\\(1\\)$"}), 6));
    cr_expect(eq(u64, left_by((struct filter){.process = "--flag"}), 10));
    cr_expect(eq(u64, left_by((struct filter){.process = "other"}), 0));
    cr_expect(says("--process other removed 10 of 10 samples"));
}

Test(filter, labels_stay)
{
    size_t count;

    left_by((struct filter){.focus = "g"});

    const struct label_set *kept = profile_labels_at(to, profile_stacks(to, &count)[0].labels);
    cr_expect(eq(str, (char *)profile_string(to, kept->thread), "worker"));
    cr_expect(eq(i32, kept->tid, 2));
}

Test(filter, times_need_moments)
{
    struct filter filter = {.since_ns = 1};

    cr_expect(eq(i32, profile_filter(from, &filter, &to, &err), -ENODATA));
    cr_expect(ne(ptr, strstr(err.hint, "--timestamps"), NULL));
}

Test(filter, times_keep_the_samples_between)
{
    size_t count;

    for (uint64_t i = 0; i < 4; i++)
        profile_add_moment(from, 1000 + 100 * i, 0);
    for (uint64_t i = 0; i < 6; i++)
        profile_add_moment(from, 1050 + 100 * i, 1);

    cr_expect(eq(u64, left_by((struct filter){.since_ns = 100, .until_ns = 350}), 5));
    const struct moment *moments = profile_moments(to, &count);
    cr_expect(eq(sz, count, 5));
    cr_expect(eq(u64, moments[0].time_ns, 1100));
    cr_expect(says("--since, --until removed 5 of 10 samples"));
}

Test(filter, a_bad_pattern_says_what_is_wrong_with_it)
{
    struct filter filter = {.focus = "a("};

    cr_expect(eq(i32, profile_filter(from, &filter, &to, &err), -EINVAL));
    cr_expect(ne(ptr, strstr(err.message, "a( is not a regular expression"), NULL));
}
