#include "doctor/other_file.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum { HEAD = 4096 };

static void line(FILE *out, const char *what, const char *text)
{
    fprintf(out, "  %-16s%s\n", what, text);
}

/* env's own, as in "env -S python3 -u". */
static const char *behind_options(const char *at)
{
    at += strspn(at, " \t");
    while (*at == '-') {
        at += strcspn(at, " \t\r\n");
        at += strspn(at, " \t");
    }
    return at;
}

/* "#!/usr/bin/env python3 -u": the interpreter is what runs. */
static bool tell_script(const char *head, size_t size, const char *path, FILE *out)
{
    const char *at = head + 2, *end;

    if (size < 4 || memcmp(head, "#!", 2))
        return false;
    end = memchr(at, '\n', size - 2);
    end = end ? end : head + size;
    at += strspn(at, " \t");
    if (end - at > 12 && !memcmp(at, "/usr/bin/env", 12) && strchr(" \t", at[12]))
        at = behind_options(at + 12);
    end = at + strcspn(at, " \t\r\n");
    if (end == at || !text_is_clean(at, (size_t)(end - at)))
        return false;
    fprintf(out, "%s\n", path);
    fprintf(out, "  %-16sa script: what runs, and is profiled, is %.*s\n", "kind",
            (int)(end - at), at);
    fprintf(out, "  %-16sfiq doctor \"$(command -v %.*s)\"\n", "what to ask", (int)(end - at),
            at);
    return true;
}

/* A line "START SIZE name" of a perf map. */
static bool is_map_line(const char *at, const char *end)
{
    uint64_t number;

    for (int i = 0; i < 2; i++) {
        if (end - at > 2 && at[0] == '0' && at[1] == 'x')
            at += 2;
        at = text_hex(at, end, &number);
        if (!at || at == end || *at != ' ')
            return false;
        at++;
    }
    return at < end;
}

static bool tell_map(const char *head, size_t size, int fd, const char *path, FILE *out)
{
    const char *end = memchr(head, '\n', size);
    struct stat file;

    if (!end || !is_map_line(head, end) || fstat(fd, &file))
        return false;
    fprintf(out, "%s\n", path);
    line(out, "kind", "a perf map: names of code that a run-time makes");
    fprintf(out, "  %-16suser %u, %lld bytes\n", "belongs to", (unsigned)file.st_uid,
            (long long)file.st_size);
    line(out, "is used",
         "by itself, as /tmp/perf-PID.map of the process, when it is a plain "
         "file of the");
    line(out, "", "process's user and no older than the process");
    return true;
}

static bool tell_jitdump(const char *head, size_t size, const char *path, FILE *out)
{
    if (size < 4 || memcmp(head, "DTiJ", 4))
        return false;
    fprintf(out, "%s\n", path);
    line(out, "kind", "a jitdump: code that a run-time makes, with names and lines");
    line(out, "is used",
         "by itself, when the process has mapped it as executable, which is how "
         "it is found");
    return true;
}

bool other_file_tell(int fd, const char *path, FILE *out)
{
    char head[HEAD + 1];
    struct stat file;
    ssize_t got;

    if (!fstat(fd, &file) && S_ISDIR(file.st_mode)) {
        fprintf(out, "%s\n", path);
        line(out, "kind", "a directory");
        fprintf(out, "  %-16sfiq doctor FILE, a program or library in it\n", "what to ask");
        return true;
    }
    if (!S_ISREG(file.st_mode))
        return false;
    got = pread(fd, head, HEAD, 0);
    if (got <= 0)
        return false;
    head[got] = 0;
    return tell_script(head, (size_t)got, path, out) ||
           tell_jitdump(head, (size_t)got, path, out) ||
           tell_map(head, (size_t)got, fd, path, out);
}
