#include "base/short_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

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

size_t short_name(const char *name, size_t length, char *out)
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
