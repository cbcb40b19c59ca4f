#include "doctor/package.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static const char lists[] = "/var/lib/dpkg/info";

/* Whether a line of the file is the path. */
static bool lists_path(const char *list, const char *path)
{
    FILE *file = fopen(list, "re");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool found = false;

    while (file && !found && (length = getline(&line, &room, file)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = 0;
        found = !strcmp(line, path);
    }
    free(line);
    if (file)
        fclose(file);
    return found;
}

/* Where /bin and /lib are links to those below /usr, the lists may have either. */
static bool owns(const char *list, const char *path)
{
    return lists_path(list, path) ||
           (!strncmp(path, "/usr/", 5) && lists_path(list, path + strlen("/usr")));
}

char *package_of(const char *path)
{
    DIR *directory = opendir(lists);
    struct dirent *entry;
    char *package = NULL;

    while (directory && !package && (entry = readdir(directory))) {
        const char *name = entry->d_name, *dot = strrchr(name, '.');
        char *list;

        if (!dot || strcmp(dot, ".list"))
            continue;
        list = xasprintf("%s/%s", lists, name);
        if (owns(list, path)) /* "libc6:amd64.list" */
            package = xstrndup(name, strcspn(name, ":") < (size_t)(dot - name)
                                         ? strcspn(name, ":")
                                         : (size_t)(dot - name));
        free(list);
    }
    if (directory)
        closedir(directory);
    return package;
}

char *distribution(const char *key)
{
    FILE *file = fopen("/etc/os-release", "re");
    size_t room = 0, size = strlen(key);
    char *line = NULL, *value = NULL;

    while (file && !value && getline(&line, &room, file) > 0) {
        if (strncmp(line, key, size) || line[size] != '=')
            continue;
        char *start = line + size + 1 + strspn(line + size + 1, "\"'");

        value = xstrndup(start, strcspn(start, "\"'\n"));
    }
    free(line);
    if (file)
        fclose(file);
    return value;
}
