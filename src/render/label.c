#include "render/label.h"

#include <stdbool.h>
#include <string.h>

#include "base/short_name.h"

static const double COLUMN = 7.25; /* 0.602 em of 12 pixels, as in most fixed fonts */
enum { BASELINE = 12, PADDING = 3 };

/* Where the last part of a path of names starts: "open" of "std::fs::File::open".  What Rust
 * writes in angle brackets is none by itself: "grow::<…>" of "alloc::raw_vec::grow::<…>". */
static size_t last_part(const char *name, size_t length)
{
    size_t depth = 0;

    for (size_t i = length; i-- > 1;) {
        depth += name[i] == '>' || name[i] == ')' || name[i] == '}';
        depth -= depth && (name[i] == '<' || name[i] == '(' || name[i] == '{');
        if (!depth && name[i] == ':' && name[i - 1] == ':' && i + 1 < length &&
            name[i + 1] != '<')
            return i + 1;
    }
    return 0;
}

/* How much of a name is left to show, the longer first. */
enum form { FORM_WHOLE, FORM_SHORT, FORM_LAST_TWO, FORM_LAST, FORMS };

static const char *shorter(enum form form, const char *name, size_t *length, char *room)
{
    size_t start;

    if (form == FORM_SHORT && *length <= SHORT_NAME_LONGEST) {
        *length = short_name(name, *length, room);
        return room;
    }
    if (form < FORM_LAST_TWO)
        return name;
    start = last_part(name, *length);
    if (form == FORM_LAST_TWO && start)
        start = last_part(name, start - 2);
    *length -= start;
    return name + start;
}

static void put_text(struct markup *markup, const char *name, size_t length, double x, double y,
                     bool cut)
{
    markup_raw(markup, "<text x=\"");
    markup_real(markup, x + PADDING, 1);
    markup_raw(markup, "\" y=\"");
    markup_real(markup, y + BASELINE, 1);
    markup_raw(markup, "\">");
    markup_text(markup, name, length);
    markup_raw(markup, cut ? "…</text>" : "</text>");
}

void label_put(struct markup *markup, const char *name, size_t length, double x, double y,
               double width)
{
    size_t columns = width < 2 * PADDING ? 0 : (size_t)((width - 2 * PADDING) / COLUMN), used;
    size_t fits = 0;
    char room[SHORT_NAME_LONGEST];

    if (columns < 3)
        return;
    for (enum form form = FORM_WHOLE; form < FORMS; form++) {
        name = shorter(form, name, &length, room);
        fits = text_columns(name, length, columns, &used);
        if (fits == length)
            break;
    }
    if (fits < length)
        fits = text_columns(name, length, columns - 1, &used);
    put_text(markup, name, fits, x, y, fits < length);
}
