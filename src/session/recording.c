/* The files of a recording that is a directory. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "session/import.h"

/* perf names them data.0, data.1, ...; beside them may lie a copy of the kernel. */
static int is_part(const struct dirent *entry)
{
    const char *number = entry->d_name + strlen("data.");

    return !strncmp(entry->d_name, "data.", strlen("data.")) && *number &&
           number[strspn(number, "0123456789")] == '\0';
}

static int add_file(struct recording *recording, const char *directory, const char *name,
                    struct error *err)
{
    char *path = xasprintf("%s/%s", directory, name);
    struct source *source;
    int failed = source_open(&source, path, err);

    free(path);
    if (!failed)
        recording->files[recording->count++] = source;
    return failed;
}

static void not_a_recording(const char *path, struct error *err)
{
    error_set(err, EISDIR, "cannot read %s: it is a directory", path);
    error_hint(err,
               "of directories only those of perf record --threads can be read, and in this "
               "one there is no file \"data\"");
}

int recording_open_directory(struct recording *recording, const char *path, struct error *err)
{
    struct dirent **parts = NULL;
    int count = scandir(path, &parts, is_part, versionsort), failed;

    if (count < 0)
        return error_set(err, errno, "cannot read %s: %s", path, strerror(errno));
    recording->files = xcalloc((size_t)count + 1, sizeof(struct source *));
    recording->count = 0;
    failed = add_file(recording, path, "data", err);
    if (failed == -ENOENT) {
        not_a_recording(path, err);
        failed = -EISDIR;
    }
    for (int i = 0; i < count; i++) {
        if (!failed)
            failed = add_file(recording, path, parts[i]->d_name, err);
        free(parts[i]);
    }
    free(parts);
    if (failed)
        recording_close(recording);
    return failed;
}

void recording_close(struct recording *recording)
{
    for (size_t i = 0; i < recording->count; i++)
        source_close(recording->files[i]);
    free(recording->files);
    *recording = (struct recording){0};
}
