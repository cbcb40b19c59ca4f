#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process/jit_code.h"
#include "symbolize/jitdump.h"

static FILE *file;
static uint64_t now; /* time of the records to come */

static void number(uint64_t value, unsigned size)
{
    fwrite(&value, size, 1, file);
}

static void begin(void)
{
    now = 0;
    file = tmpfile();
    number(0x4a695444, 4);
    number(1, 4);
    number(40, 4);
    number(62, 4); /* EM_X86_64 */
    number(0, 4);
    number(1234, 4);
    number(0, 8);
    number(0, 8);
}

static void record(uint32_t kind, size_t body)
{
    number(kind, 4);
    number(16 + body, 4);
    number(now, 8);
}

static void load(uint64_t address, uint64_t size, uint64_t index, const char *name)
{
    record(0, 40 + strlen(name) + 1 + size);
    number(1234, 4);
    number(1234, 4);
    number(address, 8);
    number(address, 8);
    number(size, 8);
    number(index, 8);
    fwrite(name, strlen(name) + 1, 1, file);
    for (uint64_t i = 0; i < size; i++)
        fputc(0x90, file);
}

static void move(uint64_t from, uint64_t to, uint64_t size, uint64_t index)
{
    record(1, 48);
    number(1234, 4);
    number(1234, 4);
    number(to, 8);
    number(from, 8);
    number(to, 8);
    number(size, 8);
    number(index, 8);
}

static void line_entry(uint64_t address, uint32_t line, const char *path)
{
    number(address, 8);
    number(line, 4);
    number(0, 4);
    fwrite(path, strlen(path) + 1, 1, file);
}

static struct jit_code *code;

static void open_code(void)
{
    fflush(file);
    code = jit_code_open(fileno(file));
}

static void end(void)
{
    jit_code_free(code);
    fclose(file);
}

/* What lay at an address at a moment. */
static struct jit_hit find_at(uint64_t address, uint64_t time_ns)
{
    const struct jit_function *function = jit_code_find(code, address, time_ns);
    uint64_t budget = 1 << 20;
    struct jit_hit hit = {0};

    if (function)
        jitdump_name(fileno(file), function, address, &budget, &hit);
    return hit;
}

static void expect_name(uint64_t address, uint64_t time_ns, const char *name)
{
    struct jit_hit hit = find_at(address, time_ns);

    if (name)
        cr_expect_str_eq(hit.name, name);
    else
        cr_expect_null(hit.name);
    free(hit.name);
    free(hit.path);
}

TestSuite(jitdump, .init = begin, .fini = end);

Test(jitdump, what_is_loaded_later_replaces_what_was_there)
{
    load(0x1000, 0x80, 1, "first");
    load(0x1040, 0x20, 2, "second");
    open_code();

    expect_name(0x1000, UINT64_MAX, "first");
    expect_name(0x1040, UINT64_MAX, "second");
    expect_name(0x1060, UINT64_MAX, "first");
    expect_name(0x1080, UINT64_MAX, NULL);
}

Test(jitdump, an_address_has_the_function_of_its_moment)
{
    now = 100;
    load(0x1000, 0x80, 1, "first");
    now = 200;
    load(0x1000, 0x80, 2, "second");
    open_code();

    expect_name(0x1010, 150, "first");
    expect_name(0x1010, 199, "first");
    expect_name(0x1010, 200, "second");
    expect_name(0x1010, 50, "first"); /* there was nothing else before */
}

Test(jitdump, moved_code_keeps_its_name_and_its_former_place)
{
    now = 100;
    load(0x1000, 0x80, 7, "mover");
    now = 200;
    move(0x1000, 0x9000, 0x80, 7);
    now = 300;
    load(0x1000, 0x80, 8, "next");
    open_code();

    expect_name(0x9010, 250, "mover");
    expect_name(0x1010, 150, "mover");
    expect_name(0x1010, 350, "next");
}

Test(jitdump, a_function_that_was_refused_lends_its_index_no_other_name)
{
    load(0x1000, 0x80, 1, "good");
    load(0x2000, 0, 2, "empty");
    move(0x2000, 0x9000, 0x80, 2);
    open_code();

    expect_name(0x1010, UINT64_MAX, "good");
    expect_name(0x9010, UINT64_MAX, NULL);
}

Test(jitdump, a_function_may_span_pages)
{
    load(0x1ff0, 0x3000, 1, "long");
    open_code();

    expect_name(0x1ff0, UINT64_MAX, "long");
    expect_name(0x3000, UINT64_MAX, "long");
    expect_name(0x4fef, UINT64_MAX, "long");
    expect_name(0x4ff0, UINT64_MAX, NULL);
}

Test(jitdump, lines_come_from_the_record_before_the_load)
{
    record(2, 16 + (16 + 5) + (16 + 2));
    number(0x1000, 8);
    number(2, 8);
    line_entry(0x1000, 11, "a.js");
    line_entry(0x1010, 12, "\xff");
    load(0x1000, 0x40, 1, "f");
    move(0x1000, 0x5000, 0x40, 1);
    open_code();

    struct jit_hit start = find_at(0x1004, 0), moved = find_at(0x5012, UINT64_MAX);

    cr_expect(eq(u32, start.line, 11));
    cr_expect_str_eq(start.path, "a.js");
    cr_expect(eq(u32, moved.line, 12));
    cr_expect_str_eq(moved.path, "a.js");
    free(start.name);
    free(start.path);
    free(moved.name);
    free(moved.path);
}

Test(jitdump, what_is_written_later_is_read_later)
{
    load(0x1000, 0x10, 1, "early");
    open_code();
    expect_name(0x2000, UINT64_MAX, NULL);
    load(0x2000, 0x10, 2, "late");
    fflush(file);

    expect_name(0x2000, UINT64_MAX, "late");
    expect_name(0x1000, UINT64_MAX, "early");
}

Test(jitdump, a_record_still_being_written_is_left_for_later)
{
    load(0x1000, 0x10, 1, "whole");
    record(0, 40 + 6 + 0x10);
    number(0, 8);
    open_code();
    expect_name(0x2000, UINT64_MAX, NULL);
    number(0, 8);
    number(0x2000, 8);
    number(0x10, 8);
    number(2, 8);
    fwrite("rest!", 6, 1, file);
    fwrite("0123456789abcdef", 16, 1, file);
    fflush(file);

    expect_name(0x1000, UINT64_MAX, "whole");
    expect_name(0x2000, UINT64_MAX, "rest!");
}

Test(jitdump, what_a_buffer_holds_back_may_have_replaced_what_is_known)
{
    now = 100;
    load(0x1000, 0x80, 1, "first");
    open_code();
    jit_code_find(code, 0x1010, UINT64_MAX);
    cr_expect(jit_code_is_settled(code, 150), "each record is written at once");
    now = 200;
    record(0, 40 + 6 + 0x10);
    fflush(file);
    jit_code_find(code, 0x1010, UINT64_MAX);

    cr_expect(jit_code_is_settled(code, 100));
    cr_expect(not(jit_code_is_settled(code, 150)));
}

Test(jitdump, other_files_are_refused)
{
    rewind(file);
    fputs("no jitdump at all, but long enough to be one", file);
    open_code();

    cr_expect_null((void *)(uintptr_t)jit_code_find(code, 1, UINT64_MAX));
}
