#include "cli/config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#ifdef HAVE_INIH
#include <ini.h>
#endif

static char *config_path(void)
{
    const char *directory = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    if (directory && *directory == '/') /* relative ones are invalid, says the standard */
        return xasprintf("%s/fiq/config", directory);
    return home && *home ? xasprintf("%s/.config/fiq/config", home) : NULL;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < config->count; i++) {
        free(config->defaults[i].name);
        free(config->defaults[i].value);
        free(config->defaults[i].origin);
    }
    free(config->defaults);
    free(config->path);
    *config = (struct config){0};
}

#ifdef HAVE_INIH

struct reading {
    struct config *config;
    const struct command *const *known;
    FILE *file;
    bool too_long;
    struct error *err;
};

static bool has_option(const struct command *command, const char *name)
{
    for (size_t t = 0; t < COMMAND_TABLES && command->tables[t].options; t++)
        for (const struct option_spec *spec = command->tables[t].options; spec->name; spec++)
            if (!strcmp(spec->name, name))
                return true;
    return false;
}

static bool is_section_of(const char *section, const struct command *command)
{
    return !*section || !strcmp(section, "all") || !strcmp(section, command->name) ||
           (command->alias && !strcmp(section, command->alias));
}

static int complain(const struct reading *reading, const char *section, const char *key)
{
    const char *path = reading->config->path;

    if (!*section || !strcmp(section, "all"))
        return error_set(reading->err, EINVAL, "%s: no command has an option %s", path, key);
    for (size_t i = 0; reading->known[i]; i++)
        if (is_section_of(section, reading->known[i]))
            return error_set(reading->err, EINVAL, "%s: [%s] has no option %s", path, section,
                             key);
    return error_set(reading->err, EINVAL, "%s: there is no command [%s]", path, section);
}

/* inih's callback: 0 stops with an error. */
static int take(void *data, const char *section, const char *key, const char *value)
{
    struct reading *reading = data;
    struct config *config = reading->config;
    bool found = false;

    for (size_t i = 0; reading->known[i]; i++) {
        const struct command *command = reading->known[i];

        if (!is_section_of(section, command) || !has_option(command, key))
            continue;
        found = true;
        config->defaults = xgrow(config->defaults, &config->room, config->count + 1,
                                 sizeof(*config->defaults));
        config->defaults[config->count++] = (struct option_default){
            .command = command,
            .name = xstrdup(key),
            .value = xstrdup(value),
            .origin = xasprintf("%s [%s]", config->path, *section ? section : "all")};
    }
    if (!found)
        complain(reading, section, key);
    return found;
}

/* inih would take the rest of a long line for a line of its own. */
static char *next_line(char *line, int size, void *data)
{
    struct reading *reading = data;
    size_t length;

    if (!fgets(line, size, reading->file))
        return NULL;
    length = strlen(line);
    reading->too_long |= (int)length == size - 1 && line[length - 1] != '\n';
    return line;
}

static int parse(struct reading *reading)
{
    struct error ignored = {0};
    int line;

    if (!reading->err)
        reading->err = &ignored;
    reading->err->code = 0;
    line = ini_parse_stream(next_line, reading, take, reading);
    if (reading->too_long)
        return error_set(reading->err, EINVAL, "%s: a line is too long", reading->config->path);
    if (!line)
        return 0;
    if (reading->err->code)
        return -reading->err->code;
    return error_set(reading->err, EINVAL,
                     "%s: line %d is neither [command] nor option = value",
                     reading->config->path, line);
}

int config_read(struct config *config, const struct command *const *known, struct error *err)
{
    struct reading reading = {.config = config, .known = known, .err = err};
    int failed;

    *config = (struct config){.path = config_path()};
    if (!config->path)
        return 0;
    reading.file = fopen(config->path, "re");
    if (!reading.file) {
        if (errno == ENOENT || errno == ENOTDIR)
            return 0;
        /* Another user's home, as under sudo -u: not a reason to refuse the work. */
        return errno == EACCES
                   ? 0
                   : error_set(err, errno, "cannot read %s: %s", config->path, strerror(errno));
    }
    failed = parse(&reading);
    fclose(reading.file);
    return failed;
}

#else

int config_read(struct config *config, const struct command *const *known, struct error *err)
{
    (void)known;
    (void)err;
    *config = (struct config){.path = config_path()};
    return 0;
}

#endif
