#include "format/folded.h"

#include <ctype.h>
#include <string.h>

size_t folded_trailing_number(const char *text, size_t length)
{
    size_t at = length;

    while (at && (isdigit((unsigned char)text[at - 1]) || text[at - 1] == '.'))
        at--;
    if (at == length || !at || text[at - 1] != ' ')
        return 0;
    while (at && text[at - 1] == ' ')
        at--;
    return length - at;
}

static bool folded_recognize(const uint8_t *head, size_t size)
{
    return !memchr(head, 0, size);
}

const struct format folded_format = {
    .name = "folded",
    .suffix = ".folded",
    .summary = "one line a stack: root;caller;leaf COUNT",
    .recognize = folded_recognize,
    .read = folded_read,
    .write = folded_write,
};
