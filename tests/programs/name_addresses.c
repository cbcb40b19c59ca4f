/* Names addresses of an ELF file, as the tests of symbolize want to compare them: reads
 * hexadecimal addresses, one a line, and prints for each the functions, innermost first, with
 * file:line below, and an empty line (the form of llvm-symbolizer).
 *
 *     name_addresses [--no-demangle] [--no-inline] [--debug-dir DIR] FILE < ADDRESSES */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "elf/image.h"
#include "symbolize/symbolize.h"

static struct symbolizer_options options = {.inlines = true, .lines = true};
static char *path;
static bool timed;

static void read_arguments(char **argument)
{
    for (; *argument; argument++) {
        if (!strcmp(*argument, "--no-demangle"))
            options.demangle = DEMANGLE_NONE;
        else if (!strcmp(*argument, "--short"))
            options.demangle = DEMANGLE_SHORT;
        else if (!strcmp(*argument, "--no-inline"))
            options.inlines = false;
        else if (!strcmp(*argument, "--names-only"))
            options.inlines = options.lines = false;
        else if (!strcmp(*argument, "--time"))
            timed = true;
        else if (!strcmp(*argument, "--debug-dir") && argument[1])
            options.debug_dir = *++argument;
        else
            path = realpath(*argument, NULL);
    }
}

static void print_frame(const struct profile *profile, frame_id id)
{
    const struct frame *frame = profile_frame_at(profile, id);

    printf("%s\n%s:%u\n", profile_string(profile, frame->function),
           frame->file ? profile_string(profile, frame->file) : "??", frame->line);
}

int main(int argc, char **argv)
{
    struct profile *profile = profile_new();
    struct location *locations = NULL;
    size_t count = 0;
    size_t room = 0;
    struct dso dso = {.kind = DSO_FILE};
    struct image *image;
    struct error err = {0};
    char line[64];

    (void)argc;
    read_arguments(argv + 1);
    dso.path = path;
    dso.fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (dso.fd < 0 || image_open(&image, dso.fd, path, &err)) {
        fprintf(stderr, "name_addresses: %s\n", err.message);
        return 1;
    }
    while (fgets(line, sizeof(line), stdin)) {
        uint64_t address = strtoull(line, NULL, 16);

        locations = xgrow(locations, &room, count + 1, sizeof(*locations));
        locations[count] = (struct location){.dso = &dso, .offset = UINT64_MAX};
        image_offset(image, address, &locations[count].offset);
        count++;
    }

    struct symbolizer *symbolizer = symbolizer_new(&options);
    size_t *first = xalloc((count + 1) * sizeof(*first));
    frame_id *frames;
    uint64_t started = clock_ns(CLOCK_PROCESS_CPUTIME_ID);

    symbolize(symbolizer, locations, count, profile, &frames, first);
    if (timed)
        fprintf(stderr, "%.1f ms of CPU\n",
                (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - started) / 1e6);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = first[i + 1]; k-- > first[i];)
            print_frame(profile, frames[k]);
        putchar('\n');
    }

    size_t notes;
    const str_id *note = profile_notes(profile, &notes);

    for (size_t i = 0; i < notes; i++)
        fprintf(stderr, "note: %s\n", profile_string(profile, note[i]));
    free(first);
    free(frames);
    free(locations);
    symbolizer_free(symbolizer);
    profile_free(profile);
    image_close(image);
    close(dso.fd);
    free(path);
    return 0;
}
