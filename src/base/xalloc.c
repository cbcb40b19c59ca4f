#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *memory, size_t size)
{
    if (!memory && size) {
        fprintf(stderr, "fiq: out of memory (%zu bytes)\n", size);
        abort();
    }
    return memory;
}

void *xalloc(size_t size)
{
    return check(malloc(size ? size : 1), size);
}

/* libiberty's demanglers call their own xmalloc(), whose file also holds another xcalloc() and
 * xrealloc().  This one keeps that file out of the program. */
void *xmalloc(size_t size);
void *xmalloc(size_t size)
{
    return xalloc(size);
}

void *xcalloc(size_t count, size_t size)
{
    return check(calloc(count ? count : 1, size ? size : 1), size);
}

void *xrealloc(void *memory, size_t size)
{
    return check(realloc(memory, size ? size : 1), size);
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t most)
{
    size_t length = most ? strnlen(text, most) : 0;
    char *copy = xalloc(length + 1);

    if (length)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *xasprintf(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return check(text, 1);
}

void *xgrow(void *array, size_t *room, size_t needed, size_t size)
{
    size_t grown = *room ? *room : 16;
    size_t bytes;

    if (needed <= *room)
        return array;
    while (grown < needed)
        grown *= 2;
    if (__builtin_mul_overflow(grown, size, &bytes))
        check(NULL, (size_t)-1);
    *room = grown;
    return xrealloc(array, bytes);
}
