/* Stacks of Go's scheduler and of its signal handler, in a program that is made here: an ELF
 * file with code of which only the calls are right, and a .gopclntab. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/process.h"
#include "unwind/unwind.h"

enum { PID = 100, TID = 101, COPIED = 32768, IP = 8, SP = 7, BP = 6 };
enum { LOADED = 0x400000, TEXT = 0x1000, TABLE = 0x3000, FILE_SIZE = 0x5000 };
enum { BIAS = 0x10000, STACK = 0x7ffff000, WORDS = 256 };
enum { SECTIONS_AT = 0x200, NAMES_AT = 0x400 };
enum { TOP_FRAME = 1, SP_WRITE = 2, ASM = 4 };

/* Each function has 256 bytes, in this order. */
enum function {
    GOEXIT,
    MSTART,
    WRAPPER,
    MSTART0,
    MSTART1,
    MCALL,
    CLONE,
    SCHEDULE,
    SIGTRAMP,
    SIGRETURN,
    WORK,
    RT0_GO,
    OTHER,
    FUNCTIONS
};
static const struct {
    const char *name;
    uint8_t flags, frame; /* below 64 bytes */
} functions[FUNCTIONS] = {
    [GOEXIT] = {"runtime.goexit", TOP_FRAME | ASM, 0},
    [MSTART] = {"runtime.mstart", TOP_FRAME | ASM, 0},
    [WRAPPER] = {"runtime.mstart0", 0, 0},
    [MSTART0] = {"runtime.mstart0", 0, 40},
    [MSTART1] = {"runtime.mstart1", 0, 40},
    [MCALL] = {"runtime.mcall", SP_WRITE | ASM, 16},
    [CLONE] = {"runtime.clone", SP_WRITE | ASM, 0},
    [SCHEDULE] = {"runtime.schedule", 0, 24},
    [SIGTRAMP] = {"runtime.sigtramp", TOP_FRAME | ASM, 56},
    [SIGRETURN] = {"runtime.sigreturn__sigaction", ASM, 0},
    [WORK] = {"main.work", 0, 24},
    [RT0_GO] = {"runtime.rt0_go", TOP_FRAME | ASM, 40},
    [OTHER] = {"runtime.other", 0, 24},
};

static uint8_t file[FILE_SIZE];
static struct processes *processes;
static struct unwinder *unwinder;
static uint64_t stack[WORDS], chain[UNWIND_DEPTH], kernel[8];
static size_t same;
static enum unwind_end end;

static size_t code_of(enum function function)
{
    return TEXT + (size_t)function * 256;
}

/* The return address of the function's call at byte 0x20. */
static uint64_t in(enum function function)
{
    return LOADED + BIAS + code_of(function) + 0x20;
}

static void put_transfer(enum function from, uint8_t opcode, enum function to)
{
    uint8_t *at = file + code_of(from) + 0x20 - 5;
    int32_t distance = (int32_t)(code_of(to) - code_of(from) - 0x20);

    at[0] = opcode;
    memcpy(at + 1, &distance, sizeof(distance));
}

static void put_call_of_register(enum function from)
{
    memcpy(file + code_of(from) + 0x20 - 3, "\x41\xff\xd4", 3); /* call *%r12 */
}

static void put_code(void)
{
    memset(file + TEXT, 0x90, (size_t)FUNCTIONS * 256);
    put_transfer(GOEXIT, 0xe8, OTHER);
    put_transfer(MSTART, 0xe8, WRAPPER);
    put_transfer(WRAPPER, 0xe9, MSTART0);
    put_transfer(MSTART0, 0xe8, MSTART1);
    put_transfer(MSTART1, 0xe8, SCHEDULE);
    put_call_of_register(MCALL);
    put_call_of_register(CLONE);
    put_transfer(SCHEDULE, 0xe8, OTHER);
    put_transfer(SIGTRAMP, 0xe8, OTHER);
    memcpy(file + code_of(SIGRETURN), "\x48\xc7\xc0\x0f\0\0\0\x0f\x05\xcd\x03", 11);
    put_transfer(WORK, 0xe8, OTHER);
    put_transfer(RT0_GO, 0xe8, MSTART);
    put_transfer(OTHER, 0xe8, WORK);
}

static void put(size_t at, uint64_t value, size_t size)
{
    memcpy(file + at, &value, size);
}

/* runtime/symtab.go: names from 72 on, frame sizes, functab with the functions' entries. */
static void put_table(uint32_t magic)
{
    enum { NAMES = 72, FRAME_SIZES = 0x400, FUNCTAB = 0x800, ENTRY = 64 };
    size_t name = NAMES;

    put(TABLE, magic, 4);
    put(TABLE + 6, 0x0801, 2);
    put(TABLE + 8, FUNCTIONS, 8);
    put(TABLE + 24, magic == 0xfffffff1 ? 0 : LOADED + TEXT, 8);
    put(TABLE + 32, NAMES, 8);
    put(TABLE + 56, FRAME_SIZES, 8);
    put(TABLE + 64, FUNCTAB, 8);
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        size_t entry = (FUNCTIONS + 1) * 8 + (size_t)i * ENTRY, at = TABLE + FUNCTAB + entry;
        size_t sizes = 1 + (size_t)i * 8;

        put(TABLE + FUNCTAB + (size_t)i * 8, i * 256, 4);
        put(TABLE + FUNCTAB + (size_t)i * 8 + 4, entry, 4);
        put(at, i * 256, 4);
        put(at + 4, name - NAMES, 4);
        put(at + 16, sizes, 4);
        put(at + (magic == 0xfffffff1 ? 41 : 37), functions[i].flags, 1);
        put(TABLE + FRAME_SIZES + sizes, (uint64_t)(functions[i].frame + 1) * 2, 1);
        put(TABLE + FRAME_SIZES + sizes + 1, 0x0280, 2); /* 256 bytes long */
        memcpy(file + TABLE + name, functions[i].name, strlen(functions[i].name) + 1);
        name += strlen(functions[i].name) + 1;
    }
    put(TABLE + FUNCTAB + FUNCTIONS * 8, FUNCTIONS * 256, 4);
}

static void put_section(unsigned index, uint32_t name, uint32_t type, uint64_t address,
                        uint64_t offset, uint64_t size)
{
    Elf64_Shdr section = {.sh_name = name,
                          .sh_type = type,
                          .sh_addr = address,
                          .sh_offset = offset,
                          .sh_size = size,
                          .sh_addralign = 1};

    memcpy(file + SECTIONS_AT + index * sizeof(section), &section, sizeof(section));
}

static void put_headers(void)
{
    static const char names[] = "\0.text\0.gopclntab\0.names";
    Elf64_Phdr segment = {.p_type = PT_LOAD,
                          .p_flags = PF_R | PF_X,
                          .p_vaddr = LOADED,
                          .p_filesz = FILE_SIZE,
                          .p_memsz = FILE_SIZE,
                          .p_align = 4096};
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof(header),
        .e_shoff = SECTIONS_AT,
        .e_ehsize = sizeof(header),
        .e_phentsize = sizeof(segment),
        .e_phnum = 1,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = 4,
        .e_shstrndx = 3};

    memcpy(file, &header, sizeof(header));
    memcpy(file + sizeof(header), &segment, sizeof(segment));
    memcpy(file + NAMES_AT, names, sizeof(names));
    put_section(1, 1, SHT_PROGBITS, LOADED + TEXT, TEXT, FUNCTIONS * 256);
    put_section(2, 7, SHT_PROGBITS, LOADED + TABLE, TABLE, FILE_SIZE - TABLE);
    put_section(3, 18, SHT_STRTAB, 0, NAMES_AT, sizeof(names));
}

static void map_program(uint32_t magic)
{
    char path[] = "/tmp/fiq-go-walk-XXXXXX";
    int fd = mkstemp(path);
    struct record record = {
        .kind = RECORD_MAPPING,
        .pid = PID,
        .tid = PID,
        .mapping = {
            .start = LOADED + BIAS, .size = FILE_SIZE, .path = path, .executable = true}};

    memset(file, 0, sizeof(file));
    put_headers();
    put_code();
    put_table(magic);
    cr_assert(ge(int, fd, 0));
    cr_assert(eq(sz, (size_t)write(fd, file, sizeof(file)), sizeof(file)));
    close(fd);
    processes_apply(processes, &record);
    unlink(path);
}

static void set_up(void)
{
    processes = processes_new();
    processes_track(processes, PID);
    unwinder = unwinder_new();
    map_program(0xfffffff1);
}

static void tear_down(void)
{
    unwinder_free(unwinder);
    processes_free(processes);
}

static struct sample sample_in(enum function function, size_t sp, uint64_t bp)
{
    struct sample sample = {.stack = (uint8_t *)(stack + sp),
                            .stack_size = (WORDS - sp) * 8,
                            .regs = {.known = 0xff01ff}};

    sample.regs.r[IP] = in(function);
    sample.regs.r[SP] = STACK + sp * 8;
    sample.regs.r[BP] = bp;
    return sample;
}

/* Whether the stack has these frames, the sampled one included; 0 ends the list. */
static bool gives(const struct sample *sample, const uint64_t *expected)
{
    size_t depth = unwind(unwinder, processes_find(processes, PID), TID, sample, COPIED, chain,
                          UNWIND_DEPTH, &same, &end);

    for (size_t i = 0; i < depth; i++)
        if (chain[i] != expected[i])
            return false;
    return !expected[depth];
}

/* The frames of schedule, 24 bytes, and of mcall with a word pushed; mstart0's, 40 bytes; the
 * return addresses of mstart and of what started the thread.  From stack[4] on. */
enum { RETURN_TO_MCALL = 7, FROM_MCALL = 8, RETURN_TO_MSTART = 14, RETURN_TO_START = 15 };
static struct sample sample_of_scheduler(void)
{
    memset(stack, 0, sizeof(stack));
    stack[RETURN_TO_MCALL] = in(MCALL);
    stack[FROM_MCALL] = 0xc000001234; /* the goroutine that mcall pushed */
    stack[RETURN_TO_MSTART] = in(MSTART);
    stack[RETURN_TO_START] = in(CLONE);
    return sample_in(SCHEDULE, 4, 0);
}

TestSuite(go_walk, .init = set_up, .fini = tear_down);

Test(go_walk, the_scheduler_hangs_below_the_start_of_its_thread)
{
    struct sample sample = sample_of_scheduler();
    const uint64_t expected[] = {in(SCHEDULE), in(MCALL), in(MSTART0),
                                 in(MSTART),   in(CLONE), 0};

    cr_expect(gives(&sample, expected));
    cr_expect(eq(int, end, UNWIND_ROOT));
    cr_expect(gives(&sample, expected), "and again");
    cr_expect(eq(int, end, UNWIND_ROOT));
}

Test(go_walk, tables_of_go_1_18_say_the_same)
{
    struct sample sample = sample_of_scheduler();
    const uint64_t expected[] = {in(SCHEDULE), in(MCALL), in(MSTART0),
                                 in(MSTART),   in(CLONE), 0};

    map_program(0xfffffff0);
    cr_expect(gives(&sample, expected));
    cr_expect(eq(int, end, UNWIND_ROOT));
}

Test(go_walk, it_begins_where_nothing_was_pushed)
{
    struct sample sample = sample_of_scheduler();
    const uint64_t expected[] = {in(SCHEDULE), in(MCALL), in(MSTART0),
                                 in(MSTART),   in(CLONE), 0};

    memmove(stack + FROM_MCALL, stack + FROM_MCALL + 1, 16 * 8);
    cr_expect(gives(&sample, expected));
    cr_expect(eq(int, end, UNWIND_ROOT));
}

Test(go_walk, without_the_start_of_a_thread_the_scheduler_ends_at_its_first_function)
{
    struct sample sample = sample_of_scheduler();
    const uint64_t expected[] = {in(SCHEDULE), in(MCALL), 0};

    stack[RETURN_TO_MSTART] = in(OTHER);
    cr_expect(gives(&sample, expected));
    cr_expect(eq(int, end, UNWIND_ROOT));
    stack[RETURN_TO_MSTART] = in(MSTART) + 1;
    cr_expect(gives(&sample, expected));

    /* Too close for mstart0's frame, or farther than anything could have been pushed. */
    stack[RETURN_TO_MSTART - 2] = in(MSTART);
    cr_expect(gives(&sample, expected));
    stack[RETURN_TO_MSTART - 2] = 0;
    stack[RETURN_TO_MSTART + 5] = in(MSTART);
    cr_expect(gives(&sample, expected));
    cr_expect(eq(int, end, UNWIND_ROOT));
}

Test(go_walk, a_frame_pointer_leads_back_to_the_goroutine)
{
    struct sample sample = sample_of_scheduler();
    const uint64_t expected[] = {in(SCHEDULE), in(MCALL), 0};

    stack[RETURN_TO_MCALL - 1] = 0xc000001000; /* as below runtime.systemstack */
    cr_expect(gives(&sample, expected));
    cr_expect(eq(int, end, UNWIND_STACK_CUT));
    cr_expect(eq(u64, unwinder_missing(unwinder), 0xc000001008));
}

static void expect_above_mstart(uint64_t word, const uint64_t *expected)
{
    memset(stack, 0, sizeof(stack));
    stack[9] = in(MSTART);
    stack[10] = word;
    struct sample sample = sample_in(MSTART0, 4, 0);

    cr_expect(gives(&sample, expected), "above mstart 0x%lx", (unsigned long)word);
    cr_expect(eq(int, end, UNWIND_ROOT));
}

Test(go_walk, a_thread_starts_where_something_called_mstart)
{
    const uint64_t by_clone[] = {in(MSTART0), in(MSTART), in(CLONE), 0};
    const uint64_t by_entry[] = {in(MSTART0), in(MSTART), in(RT0_GO), 0};
    const uint64_t by_nothing[] = {in(MSTART0), in(MSTART), 0};

    expect_above_mstart(in(CLONE), by_clone);
    expect_above_mstart(in(RT0_GO), by_entry);
    expect_above_mstart(0, by_nothing);
    expect_above_mstart(12345, by_nothing);
    expect_above_mstart(STACK, by_nothing);
    expect_above_mstart(in(CLONE) + 1, by_nothing); /* no call before it */
    expect_above_mstart(in(OTHER), by_nothing);     /* a call of another function */
}

/* Before Go 1.21 mstart left there what the thread has from the one that made it. */
Test(go_walk, the_frame_pointer_at_the_start_of_a_thread_is_anothers)
{
    const uint64_t expected[] = {in(MSTART1), in(MSTART0), in(MSTART), in(CLONE), 0};

    memset(stack, 0, sizeof(stack));
    stack[9] = in(MSTART0);
    stack[14] = 0xc000001000; /* mstart0 has saved it */
    stack[15] = in(MSTART);
    stack[16] = in(CLONE);
    struct sample sample = sample_in(MSTART1, 4, 0);

    cr_expect(gives(&sample, expected));
    cr_expect(eq(int, end, UNWIND_ROOT));
}

Test(go_walk, above_a_goroutine_is_nothing_whatever_lies_there)
{
    const uint64_t expected[] = {in(WORK), in(GOEXIT), 0};

    memset(stack, 0, sizeof(stack));
    stack[7] = in(GOEXIT);
    stack[8] = in(CLONE);
    struct sample sample = sample_in(WORK, 4, 0);

    cr_expect(gives(&sample, expected));
    cr_expect(eq(int, end, UNWIND_ROOT));
}

Test(go_walk, what_was_copied_of_a_thread_may_end_before_its_start)
{
    struct sample sample = sample_of_scheduler();
    const uint64_t expected[] = {in(SCHEDULE), in(MCALL), 0};

    sample.stack_size = (RETURN_TO_MSTART - 4) * 8;
    cr_expect(gives(&sample, expected));
}

Test(go_walk, the_start_of_a_thread_is_recognized_until_it_changes)
{
    struct sample sample = sample_of_scheduler();
    const uint64_t by_clone[] = {in(SCHEDULE), in(MCALL), in(MSTART0),
                                 in(MSTART),   in(CLONE), 0};
    const uint64_t by_entry[] = {in(SCHEDULE), in(MCALL),  in(MSTART0),
                                 in(MSTART),   in(RT0_GO), 0};
    const uint64_t by_nothing[] = {in(SCHEDULE), in(MCALL), in(MSTART0), in(MSTART), 0};

    for (int round = 0; round < 3; round++) {
        stack[RETURN_TO_START] = in(CLONE);
        cr_expect(gives(&sample, by_clone));
        cr_expect(gives(&sample, by_clone));
        stack[RETURN_TO_START] = in(RT0_GO);
        cr_expect(gives(&sample, by_entry));
        stack[RETURN_TO_START] = in(OTHER);
        cr_expect(gives(&sample, by_nothing));
    }
}

/* The kernel's signal frame: its return address and, from the next word on, struct ucontext. */
enum { SIGNAL_RETURN = 4 + 7, CONTEXT = SIGNAL_RETURN + 1 };
enum { CONTEXT_BP = 120 / 8, CONTEXT_SP = 160 / 8, CONTEXT_IP = 168 / 8 };

static uint64_t trampoline(void)
{
    return LOADED + BIAS + code_of(SIGRETURN);
}

static void put_signal(uint64_t interrupted, uint64_t sp)
{
    memset(stack, 0, sizeof(stack));
    stack[SIGNAL_RETURN] = trampoline();
    stack[CONTEXT + CONTEXT_IP] = interrupted;
    stack[CONTEXT + CONTEXT_SP] = sp;
}

Test(go_walk, a_signal_handler_leads_to_what_it_interrupted)
{
    const uint64_t expected[] = {in(SIGTRAMP), trampoline() + 1, in(WORK) + 1, in(GOEXIT), 0};

    put_signal(in(WORK), STACK + 100 * 8);
    stack[103] = in(GOEXIT);
    struct sample sample = sample_in(SIGTRAMP, 4, 0);

    for (int round = 0; round < 2; round++) {
        cr_expect(gives(&sample, expected));
        cr_expect(eq(int, end, UNWIND_ROOT));
    }
}

Test(go_walk, what_called_the_signal_handler_may_be_unknown)
{
    const uint64_t expected[] = {in(SIGTRAMP), 0};

    put_signal(in(WORK), STACK + 100 * 8);
    stack[SIGNAL_RETURN] = 12345;
    struct sample sample = sample_in(SIGTRAMP, 4, 0);

    cr_expect(gives(&sample, expected));
    cr_expect(eq(int, end, UNWIND_ROOT));
}

Test(go_walk, the_kernel_knows_the_stack_that_a_signal_interrupted)
{
    const uint64_t cut[] = {in(SIGTRAMP), trampoline() + 1, in(WORK) + 1, 0};
    const uint64_t whole[] = {in(SIGTRAMP), trampoline() + 1, in(WORK) + 1,
                              in(OTHER),    in(GOEXIT),       0};
    const uint64_t by_kernel[] = {CHAIN_USER, in(SIGTRAMP), trampoline(), in(OTHER),
                                  in(GOEXIT)};

    put_signal(in(WORK), 0xc000001000);
    struct sample sample = sample_in(SIGTRAMP, 4, 0);

    cr_expect(gives(&sample, cut));
    cr_expect(eq(int, end, UNWIND_STACK_CUT));
    cr_expect(unwinder_wants_callchain(unwinder));
    memcpy(kernel, by_kernel, sizeof(by_kernel));
    sample.callchain = kernel;
    sample.callchain_count = 5;
    cr_expect(gives(&sample, whole));
    cr_expect(eq(int, end, UNWIND_ROOT));
}

/* Code that keeps no frame pointers, of which the kernel's chain would be made up. */
Test(go_walk, of_other_code_that_a_signal_interrupted_the_kernel_knows_nothing)
{
    const uint64_t by_kernel[] = {CHAIN_USER, in(SIGTRAMP), trampoline(), in(OTHER),
                                  in(GOEXIT)};

    put_signal(LOADED + BIAS + FILE_SIZE - 256, 0xc000001000);
    struct sample sample = sample_in(SIGTRAMP, 4, 0);

    memcpy(kernel, by_kernel, sizeof(by_kernel));
    sample.callchain = kernel;
    sample.callchain_count = 5;
    unwind(unwinder, processes_find(processes, PID), TID, &sample, COPIED, chain, UNWIND_DEPTH,
           &same, &end);
    cr_expect(ne(int, end, UNWIND_ROOT));
    cr_expect(not(unwinder_wants_callchain(unwinder)));
}

Test(go_walk, a_sample_may_be_in_the_system_call_that_ends_a_handler)
{
    const uint64_t at[] = {trampoline(), trampoline() + 7, trampoline() + 9};
    const uint64_t behind[] = {trampoline() + 10, 0};

    put_signal(in(WORK), STACK + 100 * 8);
    stack[103] = in(GOEXIT);
    for (size_t i = 0; i < 3; i++) {
        const uint64_t expected[] = {at[i], in(WORK) + 1, in(GOEXIT), 0};
        struct sample sample = sample_in(SIGRETURN, CONTEXT, 0);

        sample.regs.r[IP] = at[i];
        cr_expect(gives(&sample, expected));
        cr_expect(eq(int, end, UNWIND_ROOT));
        sample.regs.r[IP] = behind[0];
        cr_expect(not(gives(&sample, expected)));
        cr_expect(gives(&sample, behind), "it has no more to do with the signal");
    }
}
