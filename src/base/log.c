#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static struct {
    log_fn *fn;
    void *data;
    enum log_level up_to;
} sink;

void log_to(log_fn *fn, void *data, enum log_level up_to)
{
    sink.fn = fn;
    sink.data = data;
    sink.up_to = up_to;
}

PRINTF_LIKE(2, 0)
static void log_at(enum log_level level, const char *format, va_list arguments)
{
    char message[1024];

    if (!sink.fn || level > sink.up_to)
        return;
    vsnprintf(message, sizeof(message), format, arguments);
    sink.fn(level, message, sink.data);
}

#define DEFINE_LOG(name, level)                                                                \
    void name(const char *format, ...)                                                         \
    {                                                                                          \
        va_list arguments;                                                                     \
                                                                                               \
        va_start(arguments, format);                                                           \
        log_at(level, format, arguments);                                                      \
        va_end(arguments);                                                                     \
    }

DEFINE_LOG(log_warning, LOG_WARNING)
DEFINE_LOG(log_note, LOG_NOTE)
