#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "cli/symbol_options.h"

static struct symbolizer_options *options_of(void *settings)
{
    return settings;
}

static const struct {
    const char *name;
    enum demangle how;
} ways[] = {{"full", DEMANGLE_FULL}, {"short", DEMANGLE_SHORT}, {"none", DEMANGLE_NONE}};

static const char *demangle_word(size_t i)
{
    return i < ARRAY_LENGTH(ways) ? ways[i].name : NULL;
}

static int set_demangle(void *settings, const char *value, struct error *err)
{
    for (size_t i = 0; i < ARRAY_LENGTH(ways); i++)
        if (!strcmp(value, ways[i].name)) {
            options_of(settings)->demangle = ways[i].how;
            return 0;
        }
    return error_set(err, EINVAL, "full, short and none are known");
}

static int set_debug_dir(void *settings, const char *value, struct error *err)
{
    struct stat file;

    if (stat(value, &file))
        return error_set(err, errno, "%s", strerror(errno));
    if (!S_ISDIR(file.st_mode))
        return error_set(err, ENOTDIR, "that is no directory");
    options_of(settings)->debug_dir = value;
    return 0;
}

const struct option_spec symbol_options[] = {
    {"no-inline", 0, 0, NULL, "leave out functions that the compiler inlined",
     OPTION_CLEARS(struct symbolizer_options, inlines), .group = "Names"},
    {"demangle", 0, 0, "HOW",
     "full names; short: no parameters, templates shortened; none: as linked", set_demangle,
     .word = demangle_word},
    {"debug-dir", 0, 0, "DIR", "look for debug files there before /usr/lib/debug",
     set_debug_dir},
    {"debuginfod", 0, 0, NULL,
     "fetch missing debug files from debuginfod servers (as when DEBUGINFOD_URLS is set)",
     OPTION_SETS(struct symbolizer_options, debuginfod)},
    {0}};

void symbol_defaults(struct symbolizer_options *options)
{
    const char *urls = getenv("DEBUGINFOD_URLS");

    options->inlines = options->lines = true;
    options->debuginfod = urls && *urls;
}
