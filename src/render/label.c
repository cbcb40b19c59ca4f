#include "render/label.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
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

/* Where the parts of a name with dots begin, as Go and Java have them: behind the directories,
 * and behind each dot that is in no brackets. */
enum { MOST_PARTS = 64 };
struct dotted {
    size_t starts[MOST_PARTS + 1], count;
};

/* Whether it is such a name. */
static bool find_dots(const char *name, size_t length, struct dotted *dotted)
{
    size_t depth = 0;

    *dotted = (struct dotted){.count = 1};
    if (length > SHORT_NAME_LONGEST)
        return false;
    for (size_t i = 0; i < length && dotted->count < MOST_PARTS; i++) {
        unsigned char c = (unsigned char)name[i];

        if (c && strchr("([{", c))
            depth++;
        else if (c && strchr(")]}", c))
            depth -= depth > 0;
        else if (!depth && c == '/')
            *dotted = (struct dotted){.starts = {i + 1}, .count = 1};
        else if (!depth && c == '.')
            dotted->starts[dotted->count++] = i + 1;
        else if (!depth && c < 0x7f && !isalnum(c) && (!c || !strchr("_-~%*", c)))
            return false;
    }
    dotted->starts[dotted->count] = length + 1; /* as if a dot followed */
    return dotted->count > 1;
}

/* Parts that tell nothing by themselves: what compilers append, and Go's functions without a
 * name, which have a number. */
static bool is_appended(const char *part, size_t length)
{
    static const char *const words[] = {"part",   "isra",     "constprop",  "cold",
                                        "llvm",   "lto_priv", "localalias", "func",
                                        "gowrap", "deferwrap"};

    if (!length || isdigit((unsigned char)*part))
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        size_t word = strlen(words[i]), digits = word;

        if (length < word || memcmp(part, words[i], word))
            continue;
        while (digits < length && isdigit((unsigned char)part[digits]))
            digits++;
        if (digits == length)
            return true;
    }
    return false;
}

/* How much of a name is left to show, the longer first. */
enum form { FORM_WHOLE, FORM_SHORT, FORM_LAST_TWO, FORM_LAST, FORMS };

/* Where the form of a name with dots starts. */
static size_t dotted_start(enum form form, const char *name, const struct dotted *dotted)
{
    const size_t *starts = dotted->starts;
    size_t last = dotted->count - 1;

    if (form == FORM_SHORT)
        return starts[0];
    while (last && is_appended(name + starts[last], starts[last + 1] - 1 - starts[last]))
        last--;
    return starts[last && form == FORM_LAST_TWO ? last - 1 : last];
}

static const char *shorter(enum form form, const char *name, size_t *length, char *room)
{
    struct dotted dotted;
    size_t start;

    if (form == FORM_SHORT && *length <= SHORT_NAME_LONGEST) {
        *length = short_name(name, *length, room);
        name = room;
    }
    if (form == FORM_WHOLE)
        return name;
    if (find_dots(name, *length, &dotted)) {
        start = dotted_start(form, name, &dotted);
    } else {
        start = form == FORM_SHORT ? 0 : last_part(name, *length);
        if (form == FORM_LAST_TWO && start)
            start = last_part(name, start - 2);
    }
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
