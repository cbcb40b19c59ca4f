#include "format/json.h"

#include <string.h>

/* An object: "{" and then a key.  A folded stack may begin with "{closure}". */
static bool json_recognize(const uint8_t *head, size_t size)
{
    static const char space[] = {' ', '\t', '\r', '\n'};
    size_t at = 0;

    while (at < size && memchr(space, head[at], sizeof(space)))
        at++;
    if (at == size || head[at] != '{')
        return false;
    do
        at++;
    while (at < size && memchr(space, head[at], sizeof(space)));
    return at < size && (head[at] == '"' || head[at] == '}');
}

const struct format json_format = {
    .name = "json",
    .suffix = ".json",
    .summary = "stacks with all that is known, for scripts",
    .recognize = json_recognize,
    .read = fiq_json_read,
    .write = fiq_json_write,
};
