#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "process/jit_code.h"
#include "symbolize/perf_map.h"

static char directory[] = "/tmp/fiq-jit-map-XXXXXX";
static char path[64];
static struct jit_home home;
static struct jit_code *code;

static void begin(void)
{
    cr_assert(ne(ptr, mkdtemp(directory), NULL));
    snprintf(path, sizeof(path), "%s/perf-77.map", directory);
    home = (struct jit_home){
        .tmp = open(directory, O_PATH | O_DIRECTORY), .inner_pid = 77, .owner = geteuid()};
    code = jit_code_open_map(&home);
}

static void end(void)
{
    jit_code_free(code);
    close(home.tmp);
    unlink(path);
    rmdir(directory);
}

static void append(const char *text)
{
    FILE *file = fopen(path, "a");

    fputs(text, file);
    fclose(file);
}

static uint64_t now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

/* The name of what lay at an address at a moment, as it is found in the end; "" is none. */
static const char *name_at(uint64_t address, uint64_t time_ns)
{
    static char name[64];
    const struct jit_function *function = jit_code_find(code, address, time_ns);
    struct jit_hit hit = {0};
    int fd = function ? open(path, O_RDONLY) : -1;

    if (function)
        perf_map_name(fd, function, &hit);
    snprintf(name, sizeof(name), "%s", hit.name ? hit.name : "");
    free(hit.name);
    close(fd);
    return name;
}

TestSuite(jit_map, .init = begin, .fini = end);

Test(jit_map, an_address_that_is_used_again_has_the_name_of_its_moment)
{
    uint64_t first, second;

    append("1000 80 old function\n");
    first = now();
    cr_expect_str_eq(name_at(0x1010, first), "old function");
    append("1000 40 new\n");
    second = now();

    cr_expect_str_eq(name_at(0x1010, second), "new");
    cr_expect_str_eq(name_at(0x1050, second), "old function");
    cr_expect_str_eq(name_at(0x1010, first), "old function");
    cr_expect_str_eq(name_at(0x1080, second), "");
}

Test(jit_map, a_map_may_come_later_than_the_first_sample)
{
    cr_expect_str_eq(name_at(0x1010, now()), "");
    append("1000 80 f\n");
    cr_expect_str_eq(name_at(0x1010, now()), "f");
}

Test(jit_map, a_line_that_is_being_written_is_read_when_it_is_whole)
{
    append("1000 80 f\n2000 80 g");
    cr_expect_str_eq(name_at(0x1010, now()), "f");
    append("g\n");
    cr_expect_str_eq(name_at(0x2010, now()), "gg");
}

/* Lines of a writer that fills a buffer first tell nothing of when. */
Test(jit_map, a_writer_that_holds_lines_back_is_not_believed)
{
    append("1000 80 f\n2000 8");
    cr_expect_str_eq(name_at(0x1010, now()), "f");
    append("0 g\n3000 8");
    cr_expect_str_eq(name_at(0x1010, now()), "");
}

Test(jit_map, a_map_that_is_written_anew_is_read_anew)
{
    const struct jit_function *before;
    struct jit_hit hit = {0};
    int fd;

    append("1000 80 before, with a long name\n");
    before = jit_code_find(code, 0x1010, now());
    cr_assert(zero(int, truncate(path, 0)));
    append("1000 40 after\n");

    cr_expect_str_eq(name_at(0x1010, now()), "after");
    fd = open(path, O_RDONLY);
    perf_map_name(fd, before, &hit);
    cr_expect_null(hit.name, "another line stands there now");
    close(fd);
}
