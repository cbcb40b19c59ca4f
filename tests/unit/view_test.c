#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/view.h"

static struct profile *profile;

static void set_up(void)
{
    profile = profile_new();
    profile_value_type(profile, "samples", "count");
}

static void tear_down(void)
{
    profile_free(profile);
}

/* Adds "a;b;c" with labels. */
static void add(const char *stack, label_id labels, uint64_t weight)
{
    char copy[128], *rest = copy;
    frame_id frames[32];
    size_t depth = 0;

    strcpy(copy, stack);
    for (char *name; (name = strsep(&rest, ";"));)
        frames[depth++] = profile_frame(
            profile, &(struct frame){.function = profile_intern_text(profile, name)});
    profile_add(profile, frames, depth, labels, &weight);
}

static label_id process(const char *name, int pid, int tid)
{
    return profile_labels(profile,
                          &(struct label_set){.process = profile_intern_text(profile, name),
                                              .thread = profile_intern_text(profile, "t"),
                                              .pid = pid,
                                              .tid = tid});
}

/* The view as folded lines, in order of its nodes. */
static char *shown(struct view_options options)
{
    static char text[1024];
    struct view *view = view_new(profile, &options);
    size_t count;
    const struct view_node *nodes = view_nodes(view, &count);

    text[0] = '\0';
    for (size_t i = 1; i < count; i++) {
        char line[512] = "";

        if (!nodes[i].self)
            continue;
        for (node_id at = (node_id)i; at; at = nodes[at].parent) {
            char outer[512];

            snprintf(outer, sizeof(outer), "%s%s%.300s", view_text(view, nodes[at].name),
                     line[0] ? ";" : "", line);
            strcpy(line, outer);
        }
        sprintf(text + strlen(text), "%s %llu\n", line, (unsigned long long)nodes[i].self);
    }
    view_free(view);
    return text;
}

TestSuite(view, .init = set_up, .fini = tear_down);

Test(view, frames_that_differ_in_line_are_one_name)
{
    struct frame frame = {.function = profile_intern_text(profile, "f"), .line = 1};
    frame_id first = profile_frame(profile, &frame), second;

    frame.line = 2;
    second = profile_frame(profile, &frame);
    profile_add(profile, &first, 1, 0, (uint64_t[]){3});
    profile_add(profile, &second, 1, 0, (uint64_t[]){4});
    cr_expect(eq(str, shown((struct view_options){0}), "f 7\n"));
}

Test(view, one_process_is_not_shown_and_two_are)
{
    add("main;f", process("a", 1, 1), 3);
    cr_expect(eq(str, shown((struct view_options){0}), "main;f 3\n"));
    add("main;f", process("b", 2, 2), 4);
    cr_expect(eq(str, shown((struct view_options){0}), "a;main;f 3\nb;main;f 4\n"));
    cr_expect(
        eq(str, shown((struct view_options){.processes = VIEW_PROCESSES_NEVER}), "main;f 7\n"));
}

Test(view, processes_of_one_name_join_unless_their_numbers_are_asked_for)
{
    add("main", process("a", 1, 1), 3);
    add("main", process("a", 2, 2), 4);
    cr_expect(eq(str, shown((struct view_options){0}), "a;main 7\n"));
    cr_expect(eq(str, shown((struct view_options){.processes = VIEW_PROCESSES_ALWAYS}),
                 "a (1);main 3\na (2);main 4\n"));
}

Test(view, threads_stand_below_their_process)
{
    add("main", process("a", 1, 1), 3);
    add("main", process("a", 1, 5), 4);
    cr_expect(
        eq(str, shown((struct view_options){.threads = true}), "t (1);main 3\nt (5);main 4\n"));
    cr_expect(eq(
        str, shown((struct view_options){.threads = true, .processes = VIEW_PROCESSES_ALWAYS}),
        "a (1);t (1);main 3\na (1);t (5);main 4\n"));
}

Test(view, reversed_stacks_begin_with_the_innermost_frame)
{
    add("main;f;g", 0, 3);
    add("main;g", 0, 4);
    cr_expect(eq(str, shown((struct view_options){.reverse = true}), "g;f;main 3\ng;main 4\n"));
}

Test(view, kinds_are_told_apart_unless_only_the_text_counts)
{
    struct frame frame = {.function = profile_intern_text(profile, "memcpy")};
    frame_id user = profile_frame(profile, &frame), kernel;

    frame.kind = FRAME_KERNEL;
    kernel = profile_frame(profile, &frame);
    profile_add(profile, &user, 1, 0, (uint64_t[]){3});
    profile_add(profile, &kernel, 1, 0, (uint64_t[]){4});
    cr_expect(eq(str, shown((struct view_options){0}), "memcpy 3\nmemcpy 4\n"));
    cr_expect(eq(str, shown((struct view_options){.by_text = true}), "memcpy 7\n"));
}

Test(view, totals_hold_all_below_and_each_stack_knows_its_node)
{
    struct view *view;
    const struct view_node *nodes;
    size_t count;

    add("main;f", 0, 3);
    add("main;f;g", 0, 4);
    view = view_new(profile, &(struct view_options){0});
    nodes = view_nodes(view, &count);
    cr_expect(eq(u64, nodes[0].total, 7));
    cr_expect(eq(u64, nodes[view_node_of(view, 0)].total, 7));
    cr_expect(eq(u64, nodes[view_node_of(view, 0)].self, 3));
    cr_expect(eq(u64, nodes[view_node_of(view, 1)].total, 4));
    view_free(view);
}
