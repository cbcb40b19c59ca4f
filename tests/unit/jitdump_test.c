#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/jitdump.h"

static FILE *file;

static void number(uint64_t value, unsigned size)
{
    fwrite(&value, size, 1, file);
}

static void begin(void)
{
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
    number(0, 8);
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

static void find(const uint64_t *addresses, size_t count, struct jit_hit *hits)
{
    fflush(file);
    memset(hits, 0, count * sizeof(*hits));
    cr_assert(jitdump_find(fileno(file), addresses, count, hits));
    fclose(file);
}

TestSuite(jitdump, .init = begin);

Test(jitdump, loads_and_what_replaces_them)
{
    uint64_t addresses[] = {0x1000, 0x1040, 0x1080};
    struct jit_hit hits[3];

    load(0x1000, 0x80, 1, "first");
    load(0x1040, 0x20, 2, "second");
    find(addresses, 3, hits);

    cr_expect_str_eq(hits[0].name, "first");
    cr_expect_str_eq(hits[1].name, "second");
    cr_expect_null(hits[2].name);
    free(hits[0].name);
    free(hits[1].name);
}

Test(jitdump, moved_code_keeps_its_name)
{
    uint64_t address = 0x9010;
    struct jit_hit hit;

    load(0x1000, 0x80, 7, "mover");
    move(0x1000, 0x9000, 0x80, 7);
    find(&address, 1, &hit);

    cr_expect_str_eq(hit.name, "mover");
    free(hit.name);
}

Test(jitdump, lines_come_from_the_record_before_the_load)
{
    uint64_t addresses[] = {0x1004, 0x1012};
    struct jit_hit hits[2];

    record(2, 16 + (16 + 5) + (16 + 2));
    number(0x1000, 8);
    number(2, 8);
    line_entry(0x1000, 11, "a.js");
    line_entry(0x1010, 12, "\xff");
    load(0x1000, 0x40, 1, "f");
    find(addresses, 2, hits);

    cr_expect(eq(u32, hits[0].line, 11));
    cr_expect(eq(u32, hits[1].line, 12));
    cr_expect_str_eq(hits[1].path, "a.js");
    for (size_t i = 0; i < 2; i++) {
        free(hits[i].name);
        free(hits[i].path);
    }
}

Test(jitdump, a_record_still_being_written_is_left_for_later)
{
    uint64_t address = 0x2000;
    struct jit_hit hit;

    load(0x1000, 0x10, 1, "whole");
    record(0, 1 << 20);
    number(0, 8);
    find(&address, 1, &hit);

    cr_expect_null(hit.name);
}

Test(jitdump, other_files_are_refused)
{
    struct jit_hit hit = {0};
    uint64_t address = 1;

    rewind(file);
    fputs("no jitdump at all, but long enough to be one", file);
    fflush(file);
    cr_expect_not(jitdump_find(fileno(file), &address, 1, &hit));
    fclose(file);
}
