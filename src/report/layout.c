#include "report/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/short_name.h"
#include "base/text.h"

enum { NARROWEST = 40 };

static size_t width_of(FILE *stream)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    size_t width = 80;

    if (!ioctl(fileno(stream), TIOCGWINSZ, &size) && size.ws_col)
        width = size.ws_col;
    else if (columns && strtoul(columns, NULL, 10))
        width = strtoul(columns, NULL, 10);
    return width < NARROWEST ? NARROWEST : width;
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);

    return value && *value && strcmp(value, "0");
}

struct report_style report_style_of(FILE *stream)
{
    const char *terminal = getenv("TERM");
    const char *refused = getenv("NO_COLOR"); /* any text but the empty one: no-color.org */
    bool colour = isatty(fileno(stream)) && terminal && strcmp(terminal, "dumb");

    if (is_set("CLICOLOR_FORCE"))
        colour = true;
    if (refused && *refused)
        colour = false;
    return (struct report_style){.width = width_of(stream), .colour = colour};
}

struct range {
    uint32_t first, last;
};

static bool within(const struct range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Ours rather than wcwidth(), which knows nothing in the C locale.  The blocks of Unicode
 * that are wide (East Asian Width W and F) or take no place of their own. */
static size_t columns_of_code(uint32_t code)
{
    static const struct range none[] = {{0x300, 0x36f},   {0x483, 0x489},    {0x591, 0x5bd},
                                        {0x64b, 0x65f},   {0x1ab0, 0x1aff},  {0x1dc0, 0x1dff},
                                        {0x200b, 0x200f}, {0x202a, 0x202e},  {0x2060, 0x2064},
                                        {0x20d0, 0x20ff}, {0xfe00, 0xfe0f},  {0xfe20, 0xfe2f},
                                        {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};
    static const struct range wide[] = {
        {0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xa960, 0xa97f},
        {0xac00, 0xd7a3}, {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
        {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

    if (code < 0x300)
        return 1;
    if (within(none, ARRAY_LENGTH(none), code))
        return 0;
    return within(wide, ARRAY_LENGTH(wide), code) ? 2 : 1;
}

size_t layout_columns(const char *text, size_t length)
{
    size_t columns = 0;

    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        unsigned size = text_utf8(text + at, length - at, &code);

        columns += columns_of_code(code);
        at += size ? size : 1;
    }
    return columns;
}

/* Bytes of the longest beginning that fits. */
static size_t fitting(const char *text, size_t length, size_t columns)
{
    size_t at = 0;

    while (at < length) {
        uint32_t code = 0;
        unsigned size = text_utf8(text + at, length - at, &code);
        size_t takes = columns_of_code(code);

        if (takes > columns)
            break;
        columns -= takes;
        at += size ? size : 1;
    }
    return at;
}

size_t layout_put_short(FILE *out, const char *text, size_t length, size_t columns)
{
    size_t all = layout_columns(text, length), head, tail, skipped;

    if (all <= columns) {
        fwrite(text, 1, length, out);
        return all;
    }
    if (!columns)
        return 0;
    head = fitting(text, length, (columns - 1) / 3);
    columns -= 1 + layout_columns(text, head);
    /* The end is what lies behind the columns that are too many. */
    skipped = all - layout_columns(text, head) - columns;
    tail = head + fitting(text + head, length - head, skipped);
    while (tail < length && layout_columns(text + tail, length - tail) > columns)
        tail += fitting(text + tail, length - tail, 2);
    fwrite(text, 1, head, out);
    fputs("…", out);
    fwrite(text + tail, 1, length - tail, out);
    return layout_columns(text, head) + 1 + layout_columns(text + tail, length - tail);
}

size_t layout_put_name(FILE *out, const char *name, size_t length, size_t columns)
{
    char shorter[SHORT_NAME_LONGEST];

    if (length <= sizeof(shorter) && layout_columns(name, length) > columns) {
        length = short_name(name, length, shorter);
        name = shorter;
    }
    return layout_put_short(out, name, length, columns);
}

void layout_put_words(FILE *out, const char *text, size_t indent, size_t width)
{
    size_t at = indent;

    while (*text) {
        size_t length = strcspn(text, " ");
        size_t columns = layout_columns(text, length);

        if (at > indent && columns + 1 > width - at) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, length, out);
        at += columns;
        text += length + strspn(text + length, " ");
        if (at > width)
            at = width;
    }
    fputc('\n', out);
}

void layout_look(FILE *out, const struct report_style *style, enum layout_look look)
{
    static const char *const escapes[] = {"\033[0m", "\033[1m", "\033[2m"};

    if (style->colour)
        fputs(escapes[look], out);
}

const char *layout_percent(char text[16], uint64_t part, uint64_t whole)
{
    double percent = whole ? 100.0 * (double)part / (double)whole : 0;

    if (!part)
        return "0";
    if (part >= whole)
        return "100";
    if (percent < 0.05)
        return "<0.1";
    /* 99.97 % is not all of it. */
    snprintf(text, 16, "%.1f", percent > 99.9 ? 99.9 : percent);
    return text;
}

const char *layout_duration(char text[32], uint64_t ns)
{
    double seconds = (double)ns / 1e9;

    if (ns < 1000000)
        snprintf(text, 32, "%.3g µs", (double)ns / 1e3);
    else if (seconds < 1)
        snprintf(text, 32, "%.0f ms", seconds * 1e3);
    else if (seconds < 9.995)
        snprintf(text, 32, "%.2f s", seconds);
    else if (seconds < 119.5)
        snprintf(text, 32, "%.1f s", seconds);
    else
        snprintf(text, 32, "%" PRIu64 " min %" PRIu64 " s", ns / 60000000000u,
                 ns / 1000000000u % 60);
    return text;
}
