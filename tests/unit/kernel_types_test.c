#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "capture/kernel_types.h"

/* int; struct other { int pid; }; struct task_struct { int a; int pid; int bits : 3; } */
static const char strings[] = "\0int\0other_task_struct\0task_struct\0pid\0bits";
enum { INT = 1, OTHER = 5, TASK = 23, PID = 35, BITS = 39, TYPES = 16 + 24 + 48 };

static uint8_t btf[256];
static size_t size;

static void put(uint32_t word)
{
    memcpy(btf + size, &word, sizeof(word));
    size += sizeof(word);
}

static void put_type(uint32_t name, uint32_t info, uint32_t bytes)
{
    put(name);
    put(info);
    put(bytes);
}

static void make(void)
{
    size = 0;
    put(0x0001eb9f);
    put(24);
    put(0);
    put(TYPES);
    put(TYPES);
    put(sizeof(strings));
    put_type(INT, 1 << 24, 4);
    put(32);
    put_type(OTHER, 4 << 24 | 1, 4);
    put_type(PID, 1, 0);
    put_type(TASK, 1u << 31 | 4 << 24 | 3, 16);
    put_type(INT, 1, 0);
    put_type(PID, 1, 64);
    put_type(BITS, 1, 3 << 24 | 96);
    memcpy(btf + size, strings, sizeof(strings));
    size += sizeof(strings);
}

TestSuite(kernel_types, .init = make);

Test(kernel_types, a_member_is_found_in_its_own_structure)
{
    int32_t offset = -1;

    cr_assert(btf_member_offset(btf, size, "task_struct", "pid", &offset));
    cr_expect(eq(i32, offset, 8));
    cr_assert(btf_member_offset(btf, size, "other_task_struct", "pid", &offset));
    cr_expect(eq(i32, offset, 0));
}

Test(kernel_types, the_size_of_a_bit_field_is_no_part_of_its_place)
{
    int32_t offset = -1;

    cr_assert(btf_member_offset(btf, size, "task_struct", "bits", &offset));
    cr_expect(eq(i32, offset, 12));
}

Test(kernel_types, what_is_not_there_is_not_found)
{
    int32_t offset;

    cr_expect_not(btf_member_offset(btf, size, "task", "pid", &offset));
    cr_expect_not(btf_member_offset(btf, size, "task_struct", "tgid", &offset));
    cr_expect_not(btf_member_offset(btf, size, "int", "pid", &offset));
}

Test(kernel_types, no_part_of_a_description_is_enough)
{
    int32_t offset;

    for (size_t part = 0; part < size; part++)
        cr_expect_not(btf_member_offset(btf, part, "task_struct", "pid", &offset), "%zu", part);
}

Test(kernel_types, an_unknown_kind_ends_the_search)
{
    uint32_t unknown = 31u << 24;
    int32_t offset;

    memcpy(btf + 24 + 4, &unknown, sizeof(unknown));
    cr_expect_not(btf_member_offset(btf, size, "task_struct", "pid", &offset));
}
