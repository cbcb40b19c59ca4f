#include "base/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { LINE_MAX_BYTES = 256 << 20 };

/* Gives out the first `size` bytes, the line end among them when `ended`. */
static int give(struct lines *lines, size_t size, bool ended, const char **text, size_t *length)
{
    *text = lines->at;
    *length = size - ended;
    if (*length && (*text)[*length - 1] == '\r')
        --*length;
    lines->at += size;
    lines->left -= size;
    lines->given += size;
    lines->number++;
    return 1;
}

/* The line is not whole in what was peeked. */
static int next_refilled(struct lines *lines, const char **text, size_t *length,
                         struct error *err)
{
    size_t wanted = lines->left + 1;

    source_skip(lines->source, lines->given);
    lines->given = 0;
    for (;;) {
        size_t searched = lines->left;
        const char *newline;

        lines->at = (const char *)source_peek(lines->source, wanted, &lines->left);
        newline = memchr(lines->at + searched, '\n', lines->left - searched);
        if (newline)
            return give(lines, (size_t)(newline - lines->at) + 1, true, text, length);
        if (lines->left < wanted)
            return lines->left ? give(lines, lines->left, false, text, length) : 0;
        if (lines->left >= LINE_MAX_BYTES)
            return error_set(err, EBADMSG, "%s: line %" PRIu64 " is longer than %d MiB",
                             source_name(lines->source), lines->number + 1,
                             LINE_MAX_BYTES >> 20);
        wanted = lines->left * 2;
    }
}

int lines_next(struct lines *lines, const char **text, size_t *length, struct error *err)
{
    const char *newline = lines->left ? memchr(lines->at, '\n', lines->left) : NULL;

    if (newline)
        return give(lines, (size_t)(newline - lines->at) + 1, true, text, length);
    return next_refilled(lines, text, length, err);
}

int lines_several(struct lines *lines, struct line *several, int most, struct error *err)
{
    int count = lines_next(lines, &several[0].text, &several[0].length, err);

    if (count <= 0)
        return count;
    several[0].number = lines->number;
    for (; count < most && lines->left; count++) {
        struct line *line = &several[count];
        const char *newline = memchr(lines->at, '\n', lines->left);

        if (!newline)
            break;
        give(lines, (size_t)(newline - lines->at) + 1, true, &line->text, &line->length);
        line->number = lines->number;
    }
    return count;
}
