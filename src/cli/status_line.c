#include "cli/status_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* To the first column, and what stood there is gone. */
#define CLEAR "\r\033[K"
/* The cursor's place is kept, for what another program prints; the column counts from 1. */
#define SAVE    "\0337"
#define COLUMN  "\033[%dG"
#define RESTORE "\0338"

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

void status_line_beside(const char *format, ...)
{
    char text[128];
    struct winsize size;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof(text) ||
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || length >= size.ws_col)
        return;
    fprintf(stderr, SAVE COLUMN "%s" RESTORE, size.ws_col - length, text);
    fflush(stderr);
}

void status_line_clear(void)
{
    fputs(CLEAR, stderr);
}

/* Nobody tells where the cursor is without being asked by way of the input, which is another's.
 * As many blanks as a line has end in the next line, but for those that began at the first
 * column: the terminal waits at the last one for more. */
void status_line_fresh(void)
{
    struct winsize size;

    if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &size))
        fprintf(stderr, "%*s\r", size.ws_col, "");
}
