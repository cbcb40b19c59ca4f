/*
 * jit [SECONDS [DIRECTORY]]: makes code and tells of it in DIRECTORY/jit-PID.dump (the working
 * directory), as run-times do: two functions in turns at one address, a third that is moved.
 * They are called by code that keeps no frame pointer, whose CFI stands in the dump.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "truth.h"

enum { LOAD = 0, MOVE = 1, DEBUG_INFO = 2, UNWINDING_INFO = 4, TURNS = 40, SPINS = 100000 };

static FILE *dump;
static uint64_t code_index;

static void number(uint64_t value, size_t size)
{
    fwrite(&value, size, 1, dump);
}

/* The page that is mapped is how profilers find the file. */
static void begin(const char *directory)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/jit-%d.dump", directory, getpid());
    dump = fopen(path, "w+");
    if (!dump ||
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(dump), 0) == MAP_FAILED) {
        perror(path);
        exit(1);
    }
    number(0x4a695444, 4);
    number(1, 4);  /* version */
    number(40, 4); /* of this header */
    number(62, 4); /* EM_X86_64 */
    number(0, 4);
    number((uint64_t)getpid(), 4);
    number(clock_now(CLOCK_MONOTONIC), 8);
    number(0, 8); /* flags */
}

static void record(uint32_t kind, size_t body)
{
    number(kind, 4);
    number(16 + body, 4);
    number(clock_now(CLOCK_MONOTONIC), 8);
}

static void tell_load(const void *code, size_t size, const char *name)
{
    record(LOAD, 40 + strlen(name) + 1 + size);
    number((uint64_t)getpid(), 4);
    number((uint64_t)getpid(), 4);
    number((uintptr_t)code, 8);
    number((uintptr_t)code, 8);
    number(size, 8);
    number(++code_index, 8);
    fwrite(name, strlen(name) + 1, 1, dump);
    fwrite(code, size, 1, dump);
    fflush(dump);
}

static void tell_move(const void *from, const void *to, size_t size)
{
    record(MOVE, 48);
    number((uint64_t)getpid(), 4);
    number((uint64_t)getpid(), 4);
    number((uintptr_t)to, 8);
    number((uintptr_t)from, 8);
    number((uintptr_t)to, 8);
    number(size, 8);
    number(code_index, 8);
    fflush(dump);
}

static void tell_line(const void *code, uint32_t line, const char *path)
{
    record(DEBUG_INFO, 16 + 16 + strlen(path) + 1);
    number((uintptr_t)code, 8);
    number(1, 8);
    number((uintptr_t)code, 8);
    number(line, 4);
    number(0, 4);
    fwrite(path, strlen(path) + 1, 1, dump);
}

/* mov %rdi,%rax; 1: dec %rax; jnz 1b; ret */
static const uint8_t spin[] = {0x48, 0x89, 0xf8, 0x48, 0xff, 0xc8, 0x75, 0xfb, 0xc3};

/* push %rbp; sub $0x20,%rsp; mov $1,%ebp; call *%rsi; jmp 1f; 1: add $0x20,%rsp; pop %rbp; ret:
 * nothing of it tells where the caller's frame is, but its CFI. */
static const uint8_t call[] = {0x55, 0x48, 0x83, 0xec, 0x20, 0xbd, 1,    0,    0,    0,
                               0xff, 0xd6, 0xeb, 0x00, 0x48, 0x83, 0xc4, 0x20, 0x5d, 0xc3};

/* .eh_frame behind the code: a CIE (CFA is rsp + 8), an FDE, an end. */
static void tell_unwinding(void)
{
    static const uint8_t cie[] = {20, 0,    0,  0, 0,    0,    0, 0, 1,    'z', 'R', 0,
                                  1,  0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1,   0,   0};
    /* advance 1; CFA + 16; rbp at -16; advance 4; CFA + 48; and on the way out advance 13;
     * CFA + 16; advance 1; CFA + 8; rbp as it was */
    static const uint8_t rows[] = {0x41, 0x0e, 16, 0x86, 2,    0x44, 0x0e, 48,
                                   0x4d, 0x0e, 16, 0x41, 0x0e, 8,    0xc6};
    int32_t distance = -(int32_t)((sizeof(call) + 7) / 8 * 8 + sizeof(cie) + 8);
    size_t size = sizeof(cie) + 4 + 4 + 4 + 4 + 1 + sizeof(rows) + 4;

    record(UNWINDING_INFO, 24 + size);
    number(size, 8);
    number(0, 8); /* no search table */
    number(size, 8);
    fwrite(cie, sizeof(cie), 1, dump);
    number(4 + 4 + 4 + 1 + sizeof(rows), 4);
    number(sizeof(cie) + 4, 4); /* back to the CIE */
    number((uint32_t)distance, 4);
    number(sizeof(call), 4);
    number(0, 1); /* no augmentation data */
    fwrite(rows, sizeof(rows), 1, dump);
    number(0, 4);
}

typedef void made_call(uint64_t spins, const void *function);

static uint64_t busy(const void *made, const void *function, uint64_t for_ns)
{
    uint64_t start = thread_ns();
    made_call *caller;

    memcpy(&caller, &made, sizeof(caller));
    while (thread_ns() - start < for_ns)
        caller(SPINS, function);
    return thread_ns() - start;
}

int main(int argc, char **argv)
{
    uint64_t each = (uint64_t)(number_argument(argc, argv, 1, 2) * 1e9) / TURNS;
    uint64_t first = 0, second = 0, moved = 0;
    uint8_t *code;

    begin(argc > 2 ? argv[2] : ".");
    code = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    if (code == MAP_FAILED)
        return 1;
    memcpy(code, call, sizeof(call));
    tell_unwinding();
    tell_load(code, sizeof(call), "made_call");

    uint8_t *place = code + 0x100, *other = code + 0x2000;

    for (int i = 0; i < TURNS * 3 / 4; i++) {
        uint64_t *sum = i % 2 ? &second : &first;

        memcpy(place, spin, sizeof(spin));
        tell_line(place, i % 2 ? 22 : 11, "made.js");
        tell_load(place, sizeof(spin), i % 2 ? "made_second" : "made_first");
        *sum += busy(code, place, each);
    }
    tell_load(place, sizeof(spin), "made_mover");
    moved += busy(code, place, each * (TURNS / 8));
    memcpy(other, spin, sizeof(spin));
    tell_move(place, other, sizeof(spin));
    tell_load(place, sizeof(spin), "made_last");
    moved += busy(code, other, each * (TURNS / 8));
    fclose(dump);
    printf("{\"workload\": \"jit\", \"cpu_ns\": %" PRIu64 ", \"functions\": {\"made_first\": "
           "%" PRIu64 ", \"made_second\": %" PRIu64 ", \"made_mover\": %" PRIu64 "}}\n",
           process_ns(), first, second, moved);
    return 0;
}
