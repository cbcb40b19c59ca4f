#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "../random_profile.h"
#include "format/format.h"
#include "render/flame.h"
#include "render/palette.h"

static struct profile *profile;
static struct view *view;
static struct flame *flame;

static void tear_down(void)
{
    flame_free(flame);
    view_free(view);
    profile_free(profile);
}

static void read_folded(const char *text)
{
    struct source *source = source_over("test", text, strlen(text));
    struct error err = {0};

    profile = profile_new();
    cr_assert(zero(int, format_read(source, profile, &err)), "%s", err.message);
    source_close(source);
}

static const struct flame_box *lay_out(double narrowest, uint32_t deepest, size_t *count)
{
    view = view_new(profile, &(struct view_options){0});
    flame = flame_new(view, &(struct flame_options){narrowest, deepest});
    return flame_boxes(flame, count);
}

static const char *name_of(const struct flame_box *box)
{
    size_t count;

    return view_text(view, view_nodes(view, &count)[box->node].name);
}

TestSuite(flame, .fini = tear_down);

Test(flame, siblings_stand_by_name_and_not_by_weight)
{
    size_t count;
    const struct flame_box *boxes;

    read_folded("main;c 9\nmain;a 1\nmain;b 5\n");
    boxes = lay_out(0, 0, &count);

    cr_assert(eq(sz, count, 5));
    cr_expect(eq(str, (char *)name_of(&boxes[2]), "a"));
    cr_expect(eq(str, (char *)name_of(&boxes[3]), "b"));
    cr_expect(eq(str, (char *)name_of(&boxes[4]), "c"));
    cr_expect(eq(u64, boxes[4].left, 6));
    cr_expect(eq(u64, boxes[4].width, 9));
}

Test(flame, what_a_function_used_itself_is_to_the_right_of_its_children)
{
    size_t count;
    const struct flame_box *boxes;

    read_folded("main 7\nmain;z 3\n");
    boxes = lay_out(0, 0, &count);

    cr_expect(eq(u64, boxes[1].width, 10));
    cr_expect(eq(u64, boxes[2].left, 0));
    cr_expect(eq(u64, boxes[2].width, 3));
}

Test(flame, narrow_frames_are_left_out_and_counted)
{
    size_t count;

    read_folded("main;wide 998\nmain;thin;thinner 1\nmain;slim 1\n");
    lay_out(0.0015, 0, &count);

    cr_expect(eq(sz, count, 3)); /* all, main, wide */
    cr_expect(eq(u64, flame_hidden_frames(flame), 3));
    cr_expect(eq(u64, flame_hidden_weight(flame), 2));
    cr_expect(eq(u64, flame_whole(flame), 1000));
}

Test(flame, a_view_that_leaves_out_gives_the_same_picture)
{
    size_t count, again;
    const struct flame_box *boxes;
    uint64_t frames, weight;

    read_folded("main;wide 998\nmain;thin;thinner 1\nmain;slim 1\n");
    lay_out(0.0015, 0, &count);
    frames = flame_hidden_frames(flame);
    weight = flame_hidden_weight(flame);
    flame_free(flame);
    view_free(view);
    view = view_new(profile, &(struct view_options){.narrowest = 0.0015});
    flame = flame_new(view, &(struct flame_options){.narrowest = 0.0015});
    boxes = flame_boxes(flame, &again);

    cr_expect(eq(sz, again, count));
    cr_expect(eq(str, (char *)name_of(&boxes[2]), "wide"));
    cr_expect(eq(u64, flame_hidden_frames(flame), frames));
    cr_expect(eq(u64, flame_hidden_weight(flame), weight));
}

Test(flame, levels_beyond_the_deepest_are_left_out_and_counted)
{
    size_t count;

    read_folded("a;b;c;d;e 4\n");
    lay_out(0, 3, &count);

    cr_expect(eq(sz, count, 3));
    cr_expect(eq(u32, flame_levels(flame), 3));
    cr_expect(eq(u64, flame_hidden_frames(flame), 3));
    cr_expect(eq(u64, flame_hidden_weight(flame), 4));
}

Test(flame, twenty_thousand_levels_need_no_recursion)
{
    char *text = malloc(40000 + 8), *at = text;
    size_t count;

    for (int i = 0; i < 20000; i++)
        at = stpcpy(at, i ? ";f" : "f");
    strcpy(at, " 3\n");
    read_folded(text);
    free(text);
    lay_out(0, 0, &count);

    cr_expect(eq(sz, count, 20001));
    cr_expect(eq(u32, flame_levels(flame), 20001));
}

Test(flame, weights_near_2_to_the_64_stay_inside)
{
    size_t count;
    const struct flame_box *boxes;

    read_folded("a 18446744073709551614\nb 18446744073709551614\nc 3\n");
    boxes = lay_out(0, 0, &count);

    for (size_t i = 0; i < count; i++)
        cr_expect(le(u64, boxes[i].width, UINT64_MAX - boxes[i].left), "box %zu", i);
}

/* What the viewers rely on: levels in order, children side by side inside their parent. */
static void check_shape(const struct flame_box *boxes, size_t count, unsigned seed)
{
    uint32_t next = 1;

    for (size_t i = 0; i < count; i++) {
        uint64_t at = boxes[i].left;

        cr_assert(eq(u32, boxes[i].first_child, next), "seed %u box %zu", seed, i);
        for (uint32_t k = 0; k < boxes[i].child_count; k++, next++) {
            cr_assert(eq(u64, boxes[next].left, at), "seed %u box %u", seed, next);
            cr_assert(eq(u32, boxes[next].parent, (uint32_t)i));
            cr_assert(eq(u32, boxes[next].level, boxes[i].level + 1));
            at += boxes[next].width;
            if (k)
                cr_assert(le(int, strcmp(name_of(&boxes[next - 1]), name_of(&boxes[next])), 0));
        }
        cr_assert(le(u64, at + boxes[i].hidden_width, boxes[i].left + boxes[i].width));
    }
    cr_assert(eq(sz, next, count));
}

Test(flame, any_profile_keeps_the_shape_and_loses_nothing)
{
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct random_source random = {seed * 1000};
        double narrowest = (double)random_below(&random, 60) / 1000;
        uint64_t left_out, weight;
        size_t count, nodes, shown = 0;
        const struct flame_box *boxes;
        const struct view_node *node;

        profile = random_profile(seed, false);
        boxes = lay_out(narrowest, 0, &count);
        check_shape(boxes, count, seed);
        node = view_nodes(view, &nodes);
        for (size_t i = 1; i < nodes; i++)
            shown += node[i].total > 0;
        cr_expect(eq(u64, flame_hidden_frames(flame) + count - 1, shown), "seed %u", seed);

        left_out = flame_hidden_frames(flame);
        weight = flame_hidden_weight(flame);
        flame_free(flame);
        view_free(view);
        view = view_new(profile, &(struct view_options){.narrowest = narrowest});
        flame = flame_new(view, &(struct flame_options){.narrowest = narrowest});
        cr_expect(eq(u64, flame_hidden_frames(flame), left_out), "seed %u", seed);
        cr_expect(eq(u64, flame_hidden_weight(flame), weight), "seed %u", seed);
        flame_free(flame);
        view_free(view);
        profile_free(profile);
    }
    flame = NULL;
    view = NULL;
    profile = NULL;
}

static struct palette_class class_in(const char *folded, const char *name)
{
    struct palette_class class = {0};

    read_folded(folded);
    view = view_new(profile, &(struct view_options){0});
    for (name_id i = 0; i < view_name_count(view); i++)
        if (!strcmp(view_text(view, i), name))
            class = palette_class(PALETTE_WARM, view, i);
    view_free(view);
    profile_free(profile);
    view = NULL;
    profile = NULL;
    return class;
}

Test(palette, a_function_has_the_same_colour_in_every_graph)
{
    struct palette_class here = class_in("main;work 3\n", "work");
    struct palette_class there = class_in("a;b;c 1\nx;work;y 900\n", "work");

    cr_expect(eq(u8, here.hue, there.hue));
    cr_expect(eq(u8, here.shade, there.shade));
}

Test(palette, the_kernel_has_a_hue_of_its_own)
{
    struct palette_class user = class_in("main;work 3\n", "work");
    struct palette_class kernel = class_in("main;work_[k] 3\n", "work");

    cr_expect(ne(u8, user.hue, kernel.hue));
}

/* Relative luminance as WCAG 2 defines it. */
static double luminance(struct rgb color)
{
    double part[] = {color.red / 255.0, color.green / 255.0, color.blue / 255.0};

    for (int i = 0; i < 3; i++)
        part[i] = part[i] <= 0.03928 ? part[i] / 12.92
                                     : __builtin_pow((part[i] + 0.055) / 1.055, 2.4);
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
}

Test(palette, labels_can_be_read_on_every_colour)
{
    double ink = luminance((struct rgb){0x1b, 0x1b, 0x1b}),
           chalk = luminance((struct rgb){255, 255, 255});

    for (int palette = PALETTE_WARM; palette <= PALETTE_COLORBLIND; palette++)
        for (unsigned hue = 0; hue < PALETTE_HUES; hue++)
            for (unsigned shade = 0; shade < PALETTE_SHADES; shade++) {
                struct palette_class class = {(uint8_t)hue, (uint8_t)shade};
                double light = luminance(palette_color((enum palette)palette, class));
                double dark = luminance(palette_dark((enum palette)palette, class));

                cr_expect(ge(dbl, (light + 0.05) / (ink + 0.05), 4.5), "%d %u %u", palette, hue,
                          shade);
                cr_expect(ge(dbl, (chalk + 0.05) / (dark + 0.05), 4.5), "%d %u %u", palette,
                          hue, shade);
            }
}
