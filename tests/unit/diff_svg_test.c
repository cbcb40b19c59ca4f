#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "render/diff_layout.h"

static const char *detail(void *data, uint32_t node)
{
    (void)data;
    return node ? "10 % → 20 %" : "100 % → 100 %";
}

static struct diff_picture picture_of(const struct diff_node *nodes, size_t count)
{
    return (struct diff_picture){.nodes = nodes,
                                 .count = count,
                                 .amounts = {2, 3},
                                 .unit = "CPU seconds",
                                 .title = "a & b",
                                 .detail = detail};
}

static char *svg_of(const struct diff_picture *picture, const struct diff_options *options)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    cr_assert(eq(int, render_diff_svg(picture, options, out, NULL), 0));
    fclose(out);
    return text;
}

static const struct diff_node few[] = {
    {.total = {1, 1}},
    {.name = "old",
     .self = {0.4, 0},
     .total = {0.4, 0},
     .total_change = {DIFF_LESS, DIFF_LESS}},
    {.name = "new<T>",
     .self = {0, 0.3},
     .total = {0, 0.3},
     .total_change = {DIFF_MORE, DIFF_MORE}},
    {.name = "same", .self = {0.6, 0.7}, .total = {0.6, 0.7}},
};

Test(diff_layout, children_never_leave_their_parent)
{
    enum { COUNT = 500 };
    struct diff_node nodes[COUNT] = {{.total = {1, 1}}};
    struct diff_picture picture = picture_of(nodes, COUNT);
    struct diff_layout layout;

    for (uint32_t i = 1; i < COUNT; i++)
        nodes[i] = (struct diff_node){
            .parent = (uint32_t)(hash_u64(i) % i),
            .name = i % 3 ? "f" : "g",
            .self = {(double)(hash_u64(i + 7) % 100), (double)(hash_u64(i + 9) % 100)}};
    diff_layout(&layout, &picture, 0);

    for (size_t i = 1; i < layout.count; i++) {
        const struct diff_box *box = &layout.boxes[i], *parent = &layout.boxes[box->parent];

        cr_expect(lt(u32, box->parent, (uint32_t)i));
        cr_expect(eq(u32, box->level, parent->level + 1));
        cr_expect(box->left >= parent->left - 1e-9);
        cr_expect(box->left + box->width <= parent->left + parent->width + 1e-6);
        if (layout.boxes[i - 1].level == box->level)
            cr_expect(box->left >= layout.boxes[i - 1].left + layout.boxes[i - 1].width - 1e-6);
    }
    diff_layout_free(&layout);
}

Test(diff_layout, narrow_frames_are_left_out_and_counted)
{
    struct diff_picture picture = picture_of(few, 4);
    struct diff_layout layout;

    diff_layout(&layout, &picture, 0.25);

    cr_expect(eq(sz, layout.count, 3));
    cr_expect(eq(sz, layout.hidden, 1));
    diff_layout_free(&layout);
}

Test(diff_svg, what_is_gone_is_hatched_and_what_is_new_is_framed)
{
    struct diff_picture picture = picture_of(few, 4);
    char *svg = svg_of(&picture, &(struct diff_options){0});

    cr_expect(strstr(svg, "<title>old (10 % → 20 %)</title><rect class=\"l3 gone\"") != NULL);
    cr_expect(strstr(svg, "<title>new&lt;T&gt; (10 % → 20 %)</title><rect class=\"m3 new\"") !=
              NULL);
    cr_expect(strstr(svg, "<title>same (10 % → 20 %)</title><rect class=\"n\"") != NULL);
    free(svg);
}

Test(diff_svg, without_script_there_is_none)
{
    struct diff_picture picture = picture_of(few, 4);
    char *svg = svg_of(&picture, &(struct diff_options){.no_script = true});

    cr_expect(strstr(svg, "<script") == NULL);
    cr_expect(strstr(svg, "data-d") == NULL);
    free(svg);
}

Test(diff_svg, nothing_at_all_is_drawn_too)
{
    struct diff_picture picture = picture_of(few, 1);
    char *svg = svg_of(&picture, &(struct diff_options){0});

    cr_expect(strstr(svg, "nan") == NULL);
    cr_expect(strstr(svg, "<title>all") != NULL);
    free(svg);
}
