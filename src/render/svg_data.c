/*
 * The graph as data: what the script draws from.
 *
 * Two elements.  The first has a line for each name: its class (two letters, as in the style),
 * a letter for its kind ("u" user, "k" kernel, "i" inlined, "j" JIT, "p" Python, "m" mark,
 * "l" process or thread), the name, and behind a tab the file it lies in, where known.  The
 * second is base64 of LEB128 numbers, four for each box, level by level: name (0 is the
 * root's, which is not in the list), weight, the weight that ended in it, number of children.
 * Positions follow from these (render/flame.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "render/svg_parts.h"

static char kind_letter(const struct view *view, name_id name)
{
    static const char letters[] = {
        [FRAME_NATIVE] = 'u', [FRAME_KERNEL] = 'k', [FRAME_INLINE] = 'i',
        [FRAME_JIT] = 'j',    [FRAME_PYTHON] = 'p', [FRAME_MARK] = 'm'};

    if (view_name(view, name)->is_label)
        return 'l';
    return letters[palette_kind(view, name)];
}

static void put_name(struct svg *svg, name_id id)
{
    struct markup *markup = &svg->markup;
    const struct profile *profile = view_profile(svg->view);
    const struct view_name *name = view_name(svg->view, id);
    char letter = kind_letter(svg->view, id);

    svg_put_class(svg, palette_class(svg->options->palette, svg->view, id));
    markup_bytes(markup, &letter, 1);
    markup_text(markup, view_text(svg->view, id), view_text_length(svg->view, id));
    if (name->mapping) {
        str_id path = profile_mapping_at(profile, name->mapping)->path;

        markup_raw(markup, "\t");
        markup_text(markup, profile_string(profile, path),
                    profile_string_length(profile, path));
    }
    markup_raw(markup, "\n");
}

/* Bytes on their way into base64. */
struct base64 {
    struct markup *markup;
    uint32_t bits;
    unsigned count; /* of bytes in `bits` */
};

static void base64_put(struct base64 *base64, uint8_t byte)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[4];

    base64->bits = base64->bits << 8 | byte;
    if (++base64->count < 3)
        return;
    for (unsigned i = 0; i < 4; i++)
        text[i] = digits[base64->bits >> (18 - 6 * i) & 63];
    markup_bytes(base64->markup, text, 4);
    base64->bits = base64->count = 0;
}

static void put_varint(struct base64 *base64, uint64_t number)
{
    for (; number > 127; number >>= 7)
        base64_put(base64, (uint8_t)(number | 128));
    base64_put(base64, (uint8_t)number);
}

/* Numbers the names in the order in which they are met: what stands at the root, and so is
 * wide and frequent, gets the short numbers.  Returns how many. */
static uint32_t number_names(const struct svg *svg, uint32_t *number_of, name_id *names)
{
    uint32_t count = 0;

    for (size_t i = 1; i < svg->count; i++) {
        name_id id = svg_box_name_id(svg, &svg->boxes[i]);

        if (number_of[id])
            continue;
        names[count] = id;
        number_of[id] = ++count;
    }
    return count;
}

void svg_put_data(struct svg *svg)
{
    struct markup *markup = &svg->markup;
    struct base64 base64 = {.markup = markup};
    size_t nodes;
    uint32_t all = view_name_count(svg->view);
    uint32_t *number_of = xcalloc(all + 1, sizeof(*number_of));
    name_id *names = xalloc((svg->count + 1) * sizeof(*names));
    uint32_t count = number_names(svg, number_of, names);

    markup_raw(markup, "<metadata id=\"names\">\n");
    for (uint32_t i = 0; i < count; i++)
        put_name(svg, names[i]);
    markup_raw(markup, "</metadata>\n<metadata id=\"boxes\">");
    for (size_t i = 0; i < svg->count; i++) {
        name_id id = svg_box_name_id(svg, &svg->boxes[i]);

        put_varint(&base64, id == UINT32_MAX ? 0 : number_of[id]);
        put_varint(&base64, svg->boxes[i].width);
        put_varint(&base64, view_nodes(svg->view, &nodes)[svg->boxes[i].node].self);
        put_varint(&base64, svg->boxes[i].child_count);
    }
    while (base64.count) /* zeros at the end say nothing */
        base64_put(&base64, 0);
    markup_raw(markup, "</metadata>\n");
    free(number_of);
    free(names);
}
