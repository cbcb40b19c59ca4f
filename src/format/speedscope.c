#include "format/speedscope.h"

#include <string.h>

static bool holds(const uint8_t *head, size_t size, const char *text)
{
    return memmem(head, size, text, strlen(text)) != NULL;
}

static bool speedscope_recognize(const uint8_t *head, size_t size)
{
    size_t at = 0;

    while (at < size && strchr(" \t\r\n", head[at]) && head[at])
        at++;
    return at < size && head[at] == '{' &&
           (holds(head, size, "speedscope.app") ||
            holds(head, size, "\"activeProfileIndex\"") ||
            (holds(head, size, "\"shared\"") && holds(head, size, "\"frames\"")));
}

const struct format speedscope_format = {
    .name = "speedscope",
    .suffix = ".speedscope.json",
    .summary = "speedscope's JSON: all threads together, then each",
    .recognize = speedscope_recognize,
    .read = speedscope_read,
    .write = speedscope_write,
};
