#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <unistd.h>

#include "process/process.h"

static struct processes *table;

static void set_up(void)
{
    table = processes_new();
    processes_track(table, 100);
}

static void tear_down(void)
{
    processes_free(table);
}

static void map(pid_t pid, uint64_t start, uint64_t end, uint64_t offset, const char *path)
{
    struct record record = {.kind = RECORD_MAPPING,
                            .pid = pid,
                            .tid = pid,
                            .mapping = {.start = start,
                                        .size = end - start,
                                        .file_offset = offset,
                                        .inode = 1,
                                        .path = path,
                                        .executable = true}};

    processes_apply(table, &record);
}

static void fork_from(pid_t parent, pid_t pid, pid_t tid)
{
    struct record record = {
        .kind = RECORD_FORK, .pid = pid, .tid = tid, .fork = {parent, parent}};

    processes_apply(table, &record);
}

static void name(pid_t pid, pid_t tid, const char *comm, bool exec)
{
    struct record record = {
        .kind = RECORD_COMM, .pid = pid, .tid = tid, .comm = comm, .exec = exec};

    processes_apply(table, &record);
}

static const char *path_at(pid_t pid, uint64_t address)
{
    const struct mapping *mapping = process_mapping(processes_find(table, pid), address);

    return mapping ? mapping->dso->path : "";
}

static uint64_t offset_at(pid_t pid, uint64_t address)
{
    const struct mapping *mapping = process_mapping(processes_find(table, pid), address);

    return mapping ? address - mapping->start + mapping->file_offset : 0;
}

TestSuite(process, .init = set_up, .fini = tear_down);

Test(process, a_mapping_holds_its_addresses_and_no_others)
{
    map(100, 0x1000, 0x3000, 0x200, "/none/a");

    cr_expect(eq(str, (char *)path_at(100, 0x1000), "/none/a"));
    cr_expect(eq(str, (char *)path_at(100, 0x2fff), "/none/a"));
    cr_expect(eq(str, (char *)path_at(100, 0x3000), ""));
    cr_expect(eq(str, (char *)path_at(100, 0xfff), ""));
    cr_expect(eq(u64, offset_at(100, 0x1800), 0xa00));
}

Test(process, a_later_mapping_cuts_a_hole_and_offsets_stay_right)
{
    map(100, 0x1000, 0x9000, 0, "/none/a");
    map(100, 0x3000, 0x4000, 0x70, "/none/b");

    cr_expect(eq(str, (char *)path_at(100, 0x2fff), "/none/a"));
    cr_expect(eq(str, (char *)path_at(100, 0x3000), "/none/b"));
    cr_expect(eq(str, (char *)path_at(100, 0x4000), "/none/a"));
    cr_expect(eq(u64, offset_at(100, 0x4000), 0x3000));
    cr_expect(eq(u64, offset_at(100, 0x3010), 0x80));
}

Test(process, a_mapping_replaces_all_that_it_covers)
{
    map(100, 0x1000, 0x2000, 0, "/none/a");
    map(100, 0x2000, 0x3000, 0, "/none/b");
    map(100, 0x4000, 0x6000, 0, "/none/c");
    map(100, 0x1800, 0x5000, 0, "/none/d");

    cr_expect(eq(str, (char *)path_at(100, 0x17ff), "/none/a"));
    cr_expect(eq(str, (char *)path_at(100, 0x2800), "/none/d"));
    cr_expect(eq(str, (char *)path_at(100, 0x3800), "/none/d"));
    cr_expect(eq(str, (char *)path_at(100, 0x5000), "/none/c"));
    cr_expect(eq(u64, offset_at(100, 0x5000), 0x1000));
}

Test(process, a_fork_has_the_mappings_until_either_changes_them)
{
    uint32_t before;

    map(100, 0x1000, 0x2000, 0, "/none/a");
    name(100, 100, "parent", false);
    fork_from(100, 200, 200);
    before = process_generation(processes_find(table, 100));

    cr_expect(eq(u32, process_generation(processes_find(table, 200)), before));
    cr_expect(eq(str, (char *)process_comm(processes_find(table, 200)), "parent"));

    map(200, 0x1000, 0x2000, 0, "/none/b");

    cr_expect(eq(str, (char *)path_at(100, 0x1000), "/none/a"));
    cr_expect(eq(str, (char *)path_at(200, 0x1000), "/none/b"));
    cr_expect(eq(u32, process_generation(processes_find(table, 100)), before));
    cr_expect(ne(u32, process_generation(processes_find(table, 200)), before));
}

Test(process, an_exec_forgets_what_was_mapped)
{
    map(100, 0x1000, 0x2000, 0, "/none/a");
    name(100, 100, "other", true);

    cr_expect(eq(str, (char *)path_at(100, 0x1000), ""));
    cr_expect(eq(str, (char *)process_comm(processes_find(table, 100)), "other"));
}

Test(process, bystanders_leave_no_trace)
{
    map(555, 0x1000, 0x2000, 0, "/none/a");
    fork_from(555, 556, 556);
    name(555, 555, "bystander", false);

    cr_expect(eq(ptr, processes_find(table, 555), NULL));
    cr_expect(eq(ptr, processes_find(table, 556), NULL));
    cr_expect(eq(u32, processes_dso_count(table), 1));
}

Test(process, threads_have_names_of_their_own_and_inherit_them)
{
    name(100, 100, "server", false);
    fork_from(100, 100, 101);
    cr_expect(eq(str, (char *)process_thread_name(processes_find(table, 100), 101), "server"));

    name(100, 101, "worker", false);
    cr_expect(eq(str, (char *)process_thread_name(processes_find(table, 100), 101), "worker"));
    cr_expect(eq(str, (char *)process_comm(processes_find(table, 100)), "server"));
}

Test(process, a_number_that_is_used_again_is_another_process)
{
    map(100, 0x1000, 0x2000, 0, "/none/a");
    fork_from(100, 200, 200);
    name(200, 200, "first", true);
    map(200, 0x5000, 0x6000, 0, "/none/b");
    fork_from(100, 200, 200);

    cr_expect(eq(str, (char *)path_at(200, 0x5000), ""));
    cr_expect(eq(str, (char *)path_at(200, 0x1000), "/none/a"));
}

Test(process, the_same_path_with_another_inode_is_another_file)
{
    struct record record = {.kind = RECORD_MAPPING,
                            .pid = 100,
                            .mapping = {.start = 0x8000,
                                        .size = 0x1000,
                                        .inode = 2,
                                        .path = "/none/a",
                                        .executable = true}};

    map(100, 0x1000, 0x2000, 0, "/none/a");
    processes_apply(table, &record);

    cr_expect(ne(u32, process_mapping(processes_find(table, 100), 0x1000)->dso->id,
                 process_mapping(processes_find(table, 100), 0x8000)->dso->id));
}

Test(process, our_own_process_is_read_from_proc)
{
    struct error err;
    const struct mapping *mapping;

    cr_assert(eq(int, processes_load(table, getpid(), &err), 0));
    mapping =
        process_mapping(processes_find(table, getpid()), (uint64_t)(uintptr_t)&processes_load);
    cr_assert(ne(ptr, (void *)mapping, NULL));
    cr_expect(ge(int, mapping->dso->fd, 0));
    cr_expect(ne(str, (char *)process_comm(processes_find(table, getpid())), ""));
}

Test(process, memory_that_was_given_a_name_keeps_it)
{
    char text[] = "1000-2000 rwxp 00000000 00:00 0    [anon:v8 code]\n"
                  "2000-3000 r-xp 00000000 00:00 0 \n"
                  "3000-4000 rw-p 00000000 00:00 0    [anon:data]\n";
    FILE *maps = fmemopen(text, strlen(text), "r");

    processes_read_maps(table, 100, maps);
    fclose(maps);

    cr_expect(eq(str, (char *)path_at(100, 0x1000), "[anon:v8 code]"));
    cr_expect(eq(str, (char *)path_at(100, 0x2000), "//anon"));
    cr_expect(eq(str, (char *)path_at(100, 0x3000), ""));
}

Test(process, no_such_process_is_an_error_that_names_it)
{
    struct error err;

    /* The kernel's numbers end below it. */
    cr_expect(lt(int, processes_load(table, 4194304, &err), 0));
    cr_expect(ne(ptr, strstr(err.message, "4194304"), NULL));
    cr_expect(not(processes_is_tracked(table, 4194304)));
}

static void tell_of(uint64_t address, uint32_t size, const char *name, bool unregister)
{
    struct record record = {.kind = RECORD_KSYMBOL,
                            .pid = -1,
                            .ksymbol = {.address = address,
                                        .size = size,
                                        .type = 1,
                                        .unregister = unregister,
                                        .name = name}};

    processes_apply(table, &record);
}

Test(process, code_that_left_the_kernel_keeps_its_name_until_other_code_comes)
{
    struct kernel_code *code = processes_kernel(table)->kernel_code;

    tell_of(0xffffffffc0001000, 0x100, "bpf_prog_1", false);
    tell_of(0xffffffffc0001000, 0x100, "bpf_prog_1", true);
    tell_of(0xffffffffc0002000, 0x100, "bpf_prog_2", false);
    tell_of(0xffffffffc0002080, 0x100, "bpf_prog_3", false);

    cr_assert_not_null((void *)(uintptr_t)kernel_code_find(code, 0xffffffffc00010ff));
    cr_expect_str_eq(kernel_code_find(code, 0xffffffffc00010ff)->name, "bpf_prog_1");
    cr_expect_str_eq(kernel_code_find(code, 0xffffffffc000207f)->name, "bpf_prog_2");
    cr_expect_str_eq(kernel_code_find(code, 0xffffffffc0002080)->name, "bpf_prog_3");
    cr_expect(kernel_code_find(code, 0xffffffffc0001080)->is_bpf);
    cr_expect_null((void *)(uintptr_t)kernel_code_find(code, 0xffffffffc0001100));
}
