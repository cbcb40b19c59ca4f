#include "render/label.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"

static const double COLUMN = 7.25; /* 0.602 em of 12 pixels, as in most fixed fonts */
enum { BASELINE = 12, PADDING = 3 };

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t size = strlen(end);

    return length >= size && !memcmp(text + length - size, end, size);
}

/* Where the parameters start, or the length: "f(int) const" is 1. */
static size_t without_parameters(const char *name, size_t length)
{
    static const char *const qualifiers[] = {" const", " volatile", " noexcept", " &", "&"};
    size_t end = length, depth = 0;

    for (size_t i = 0; i < ARRAY_LENGTH(qualifiers); i++)
        if (ends_with(name, end, qualifiers[i])) {
            end -= strlen(qualifiers[i]);
            i = SIZE_MAX; /* again from the first */
        }
    if (!end || name[end - 1] != ')')
        return length;
    for (size_t i = end; i-- > 0;) {
        depth += name[i] == ')';
        if (name[i] == '(' && !--depth) {
            bool is_name = !i || name[i - 1] == ' ' || name[i - 1] == ':' ||
                           ends_with(name, i, "operator");

            return is_name ? length : i;
        }
    }
    return length;
}

/* "operator()", "operator+" or "operator< ", whose space keeps it from being another. */
static bool ends_in_operator(const char *name, size_t length)
{
    size_t end = length && name[length - 1] == ' ' ? length - 1 : length, at = end;

    if (end && end == length && name[end - 1] == '<')
        return false; /* "operator<" of "operator<<" */
    while (at && end - at < 3 && strchr("<>=!+-*/%^&|~()[]", name[at - 1]))
        at--;
    return at < end && ends_with(name, at, "operator");
}

/* Whether the < at `at` opens arguments of what stands before it. */
static bool opens_arguments(const char *name, size_t length, size_t at)
{
    char before = at ? name[at - 1] : '\0', after = at + 1 < length ? name[at + 1] : '\0';

    if (ends_with(name, at, "operator"))
        return false;
    if (ends_in_operator(name, at))
        return true;
    return (isalnum((unsigned char)before) || before == '_' || before == ':' ||
            before == '}') &&
           after != '/';
}

/* Where the > is that closes the < at `at`, or 0. */
static size_t closing(const char *name, size_t length, size_t at)
{
    size_t depth = 0;

    for (; at < length; at++) {
        depth += name[at] == '<';
        if (name[at] == '>' && name[at - 1] != '-' && !--depth)
            return at;
    }
    return 0;
}

size_t label_shortened(const char *name, size_t length, char *out)
{
    static const char dots[] = "<…>";
    size_t used = 0, at = 0;

    length = without_parameters(name, length);
    while (at < length) {
        bool opens = name[at] == '<' && opens_arguments(name, length, at);
        size_t end = opens ? closing(name, length, at) : at;

        if (opens && !end)
            break;
        if (end + 1 - at > sizeof(dots) - 1) {
            memcpy(out + used, dots, sizeof(dots) - 1);
            used += sizeof(dots) - 1;
            at = end + 1;
        } else {
            out[used++] = name[at++];
        }
    }
    if (at < length) { /* not balanced */
        memcpy(out, name, length);
        used = length;
    }
    return used;
}

/* Where the last part of a path of names starts: "open" of "std::fs::File::open". */
static size_t last_part(const char *name, size_t length)
{
    size_t depth = 0;

    for (size_t i = length; i-- > 1;) {
        depth += name[i] == '>' || name[i] == ')' || name[i] == '}';
        depth -= depth && (name[i] == '<' || name[i] == '(' || name[i] == '{');
        if (!depth && name[i] == ':' && name[i - 1] == ':' && i + 1 < length)
            return i + 1;
    }
    return 0;
}

/* How much of a name is left to show, the longer first. */
enum form { FORM_WHOLE, FORM_SHORT, FORM_LAST_TWO, FORM_LAST, FORMS };

static const char *shorter(enum form form, const char *name, size_t *length, char *room)
{
    size_t start;

    if (form == FORM_SHORT && *length <= LABEL_LONGEST) {
        *length = label_shortened(name, *length, room);
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
    char room[LABEL_LONGEST];

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
