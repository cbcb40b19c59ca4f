#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, const char *format, ...)
{
    va_list arguments;

    if (!err)
        return -code;
    err->code = code;
    err->hint[0] = '\0';
    va_start(arguments, format);
    vsnprintf(err->message, sizeof(err->message), format, arguments);
    va_end(arguments);
    return -code;
}

void error_hint(struct error *err, const char *format, ...)
{
    va_list arguments;

    if (!err)
        return;
    va_start(arguments, format);
    vsnprintf(err->hint, sizeof(err->hint), format, arguments);
    va_end(arguments);
}

int error_wrap(struct error *err, int failed, const char *format, ...)
{
    char context[sizeof(err->message)];
    char message[sizeof(err->message)];
    va_list arguments;
    size_t length;

    if (!err)
        return failed;
    va_start(arguments, format);
    vsnprintf(context, sizeof(context), format, arguments);
    va_end(arguments);
    memcpy(message, err->message, sizeof(message));
    length = strlen(context);
    memcpy(err->message, context, length + 1);
    snprintf(err->message + length, sizeof(err->message) - length, ": %.*s",
             (int)(sizeof(message) - length), message);
    return failed;
}
