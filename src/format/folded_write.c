#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "format/folded.h"

/* A name's bytes; what would be read as something else gets another spelling: the semicolon
 * that would make two frames of one becomes a colon, as in stackcollapse.  With `no_number` the
 * space of "f 12" becomes an underscore. */
static void write_name(const char *name, size_t length, bool no_number, FILE *out)
{
    size_t number = no_number ? folded_trailing_number(name, length) : 0;
    const char *end = name + length, *number_at = end - number;

    if (!length)
        fputs("[unnamed]", out);
    for (const char *at = name; at < end; at++) {
        const char *odd = memchr(at, ';', (size_t)(end - at));

        if (number && at <= number_at && (!odd || odd > number_at))
            odd = number_at;
        if (!odd)
            odd = end;
        fwrite(at, 1, (size_t)(odd - at), out);
        if (odd < end)
            fputc(*odd == ';' ? ':' : '_', out);
        while (odd < end && *odd == ' ' && odd[1] == ' ')
            odd++;
        at = odd;
    }
}

/* Whether each line of the head would end in "f 12 3", which has_two_counts and other programs
 * take for two counts: then no name may end in a number. */
static bool looks_like_two_counts(const struct view *view)
{
    size_t count, size = 0, lines = 0;
    const struct view_node *nodes = view_nodes(view, &count);

    for (size_t i = 1; i < count; i++) {
        if (!nodes[i].self)
            continue;
        if (!folded_trailing_number(view_text(view, nodes[i].name),
                                    view_text_length(view, nodes[i].name)))
            return false;
        for (node_id at = (node_id)i; at; at = nodes[at].parent)
            size += view_text_length(view, nodes[at].name) + 1;
        size += (size_t)snprintf(NULL, 0, "%" PRIu64 "\n", nodes[i].self);
        if (size > FOLDED_HEAD)
            break;
        lines++;
    }
    return lines > 1;
}

static const char *annotation(enum frame_kind kind)
{
    switch (kind) {
    case FRAME_KERNEL:
        return "_[k]";
    case FRAME_INLINE:
        return "_[i]";
    case FRAME_JIT:
        return "_[j]";
    case FRAME_NATIVE:
    case FRAME_PYTHON:
    case FRAME_MARK:
    case FRAME_KINDS:
    default:
        return "";
    }
}

int folded_write(const struct profile *profile, const struct write_options *options, FILE *out,
                 struct error *err)
{
    struct view_options shown = options->view;
    struct view *view;
    size_t count, room = 0;
    const struct view_node *nodes;
    node_id *path = NULL;
    bool no_number;

    (void)err;
    shown.by_text = !options->annotate; /* or a stack would stand there twice */
    view = view_new(profile, &shown);
    nodes = view_nodes(view, &count);
    no_number = looks_like_two_counts(view);
    for (size_t i = 1; i < count; i++) {
        size_t depth = 0;

        if (!nodes[i].self)
            continue;
        for (node_id at = (node_id)i; at; at = nodes[at].parent) {
            path = xgrow(path, &room, depth + 1, sizeof(*path));
            path[depth++] = at;
        }
        /* A line that begins with # is a comment. */
        if (view_text(view, nodes[path[depth - 1]].name)[0] == '#')
            fputc(' ', out);
        while (depth--) {
            name_id name = nodes[path[depth]].name;

            write_name(view_text(view, name), view_text_length(view, name), no_number, out);
            if (options->annotate)
                fputs(annotation(view_name(view, name)->kind), out);
            if (depth)
                fputc(';', out);
        }
        fprintf(out, " %" PRIu64 "\n", nodes[i].self);
    }
    free(path);
    view_free(view);
    return 0;
}
