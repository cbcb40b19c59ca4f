#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "symbolize/symbolize.h"

/* A function that every table names. */
__attribute__((noinline)) int symbolize_test_landmark(int x);
int symbolize_test_landmark(int x)
{
    return x * 3 + (int)getpid();
}

/* What the session would know of the mapping that holds `address` of this process. */
static struct dso dso_at(const void *address, uint64_t *offset)
{
    uint64_t wanted = (uint64_t)(uintptr_t)address;
    FILE *maps = fopen("/proc/self/maps", "re");
    static char path[4096];
    struct dso dso = {.fd = -1, .pid = getpid()};
    char line[5000];

    while (fgets(line, sizeof(line), maps)) {
        unsigned long start, limit, at;

        path[0] = 0;
        sscanf(line, "%lx-%lx %*s %lx %*s %*s %4095[^\n]", &start, &limit, &at, path);
        if (wanted < start || wanted >= limit)
            continue;
        dso.path = path;
        dso.first_start = start;
        dso.first_limit = limit;
        dso.first_offset = at;
        dso.kind = !strcmp(path, "[vdso]") ? DSO_VDSO : DSO_FILE;
        dso.fd = path[0] == '/' ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        *offset = wanted - start + at;
        break;
    }
    fclose(maps);
    return dso;
}

static struct profile *profile;
static struct symbolizer *symbolizer;

static void set_up(void)
{
    profile = profile_new();
    symbolizer = symbolizer_new(&(struct symbolizer_options){0});
}

static void tear_down(void)
{
    symbolizer_free(symbolizer);
    profile_free(profile);
}

static struct frame name_one(const struct dso *dso, uint64_t offset, bool is_return)
{
    struct location location = {.dso = dso, .offset = offset, .is_return = is_return};
    frame_id *frames;
    size_t first[2];
    struct frame frame;

    symbolize(symbolizer, &location, 1, profile, &frames, first);
    cr_expect(first[0] == 0 && first[1] == 1);
    frame = *profile_frame_at(profile, frames[first[1] - 1]);
    free(frames);
    return frame;
}

TestSuite(symbolize, .init = set_up, .fini = tear_down);

Test(symbolize, a_function_of_this_program_by_its_offset)
{
    uint64_t offset;
    struct dso dso = dso_at((const void *)symbolize_test_landmark, &offset);
    struct frame frame = name_one(&dso, offset, false);

    cr_expect_str_eq(profile_string(profile, frame.function), "symbolize_test_landmark");
    cr_expect(eq(u64, frame.address, (uint64_t)(uintptr_t)symbolize_test_landmark));
    cr_expect(frame.unnamed == false && frame.mapping && frame.kind == FRAME_NATIVE);
    close(dso.fd);
}

Test(symbolize, a_return_address_belongs_to_the_call_before_it)
{
    uint64_t offset;
    struct dso dso = dso_at((const void *)symbolize_test_landmark, &offset);
    struct frame frame = name_one(&dso, offset, true);

    cr_expect_str_neq(profile_string(profile, frame.function), "symbolize_test_landmark");
    cr_expect(eq(u64, frame.address, (uint64_t)(uintptr_t)symbolize_test_landmark));
    close(dso.fd);
}

Test(symbolize, an_exported_function_of_libc)
{
    uint64_t offset;
    struct dso dso = dso_at((const void *)dlsym(RTLD_DEFAULT, "qsort"), &offset);
    struct frame frame = name_one(&dso, offset, false);

    cr_expect_str_eq(profile_string(profile, frame.function), "qsort");
    close(dso.fd);
}

Test(symbolize, the_vdso_by_our_own)
{
    uint64_t offset;
    const uint8_t *vdso = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
    struct dso dso;
    bool named = false;

    if (!vdso)
        return;
    dso = dso_at(vdso, &offset);
    for (uint64_t at = 0x600; at < 0x2000 && !named; at += 16) {
        struct frame frame = name_one(&dso, at, false);

        named = strstr(profile_string(profile, frame.function), "vdso_clock_gettime") ||
                strstr(profile_string(profile, frame.function), "clock_gettime");
    }
    cr_expect(named);
}

Test(symbolize, a_place_without_a_name_is_named_after_its_file)
{
    struct dso dso = {.kind = DSO_FILE, .path = "/no/such/libx.so", .fd = -1};
    struct frame frame = name_one(&dso, 0x1234, false);
    size_t notes;

    cr_expect_str_eq(profile_string(profile, frame.function), "[libx.so+0x1234]");
    cr_expect(frame.unnamed);
    profile_notes(profile, &notes);
    cr_expect(eq(sz, notes, (size_t)1));
}

Test(symbolize, another_build_id_than_the_running_one_gives_no_names)
{
    uint64_t offset;
    struct dso dso = dso_at((const void *)symbolize_test_landmark, &offset);
    struct frame frame;

    dso.build_id = (struct build_id){.bytes = {1, 2, 3}, .size = 20};
    frame = name_one(&dso, offset, false);

    cr_expect(frame.unnamed);
    close(dso.fd);
}

Test(symbolize, memory_without_a_file)
{
    struct dso anonymous = {.kind = DSO_ANONYMOUS, .path = "//anon", .fd = -1};
    struct dso stack = {.id = 1, .kind = DSO_ANONYMOUS, .path = "[stack]", .fd = -1};
    struct dso named = {.id = 2, .kind = DSO_ANONYMOUS, .path = "[anon:v8]", .fd = -1};
    struct frame jit = name_one(&anonymous, 0x7f0000000000, false);
    struct frame in_named = name_one(&named, 0x7f0000100000, false);
    struct frame on_stack = name_one(&stack, 0x7ffe00000000, false);

    cr_expect_str_eq(profile_string(profile, jit.function), "[jit]");
    cr_expect_str_eq(profile_string(profile, on_stack.function), "[stack]");
    cr_expect_str_eq(profile_string(profile, in_named.function), "[anon:v8]");
    cr_expect(jit.kind == FRAME_JIT && jit.unnamed);
}

Test(symbolize, answers_come_in_the_order_of_the_questions)
{
    uint64_t offsets[2];
    struct dso program = dso_at((const void *)symbolize_test_landmark, &offsets[0]);
    char path[4096];
    struct location locations[3];
    frame_id *frames;
    size_t first[4];

    strcpy(path, program.path);
    program.path = path;
    struct dso libc = dso_at((const void *)dlsym(RTLD_DEFAULT, "qsort"), &offsets[1]);

    libc.id = 1;
    locations[0] = (struct location){.dso = &libc, .offset = offsets[1]};
    locations[1] = (struct location){.dso = NULL, .offset = 0xdead};
    locations[2] = (struct location){.dso = &program, .offset = offsets[0]};
    symbolize(symbolizer, locations, 3, profile, &frames, first);

    static const char *const expected[] = {"qsort", "[unknown]", "symbolize_test_landmark"};
    for (size_t i = 0; i < 3; i++)
        cr_expect_str_eq(
            profile_string(profile, profile_frame_at(profile, frames[first[i]])->function),
            expected[i]);
    free(frames);
    close(program.fd);
    close(libc.fd);
}
