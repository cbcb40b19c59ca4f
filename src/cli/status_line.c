#include "cli/status_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* To the first column, and what stood there is gone. */
#define CLEAR "\r\033[K"

bool status_line_shows(bool quiet)
{
    const char *term = getenv("TERM");

    return !quiet && isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb"));
}

void status_line(const char *format, ...)
{
    va_list arguments;

    fputs(CLEAR, stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
}

void status_line_clear(void)
{
    fputs(CLEAR, stderr);
}
