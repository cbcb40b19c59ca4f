/*
 * A program without libraries whose stacks have every shape that CFI describes: sp and rbp as
 * the base, alloca, a realigned stack, a CFA in another register, a signal handler, deep
 * recursion.  The file `stacks` is this program, built by
 *
 *   gcc -O2 -fomit-frame-pointer -fno-stack-protector -fno-pic -no-pie -static -nostdlib
 *       -fcf-protection=none -Wl,-z,noseparate-code -Wl,--build-id=none -Wl,--eh-frame-hdr -s
 * -o stacks stacks.c
 *
 * and `samples.gz` are samples of it for which libdw found the same frames (it gives up at a
 * CFA in rbx):
 *
 *   env -i build/tests/unwind_oracle -n 20000 -f 9000 -b 0 -o tests/unwind/samples -- \
 *       tests/unwind/stacks
 *   gzip -9 tests/unwind/samples
 */
#define APART __attribute__((noinline, noclone))

typedef unsigned long word;

static volatile word sink;

static word call(word number, word a, word b, word c, word d)
{
    register word r10 __asm__("r10") = d;
    word result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

APART static word burn(word n)
{
    word x = n;

    for (int i = 0; i < 3000; i++)
        x = x * 6364136223846793005u + 1442695040888963407u;
    sink += x;
    return x;
}

typedef word work(word n);

/* Keeps six registers across the call. */
APART static word wide(word n, work *next)
{
    word a = n * 3, b = n ^ 5, c = n + 7, d = n << 2, e = n - 1;

    for (int i = 0; i < 2; i++) {
        a += next(n + b) ^ c;
        b += d ^ e;
        e = c + a;
    }
    return a + b + c + d + e;
}

APART static word with_alloca(word n, work *next)
{
    volatile char *room = __builtin_alloca((n & 63) + 16);

    room[n & 15] = (char)n;
    return next(n) + (word)room[n & 7];
}

APART static word realigned(word n, work *next)
{
    volatile char *room = __builtin_alloca((n & 31) + 16);
    _Alignas(64) volatile word kept[8];

    kept[n & 7] = n;
    room[3] = 1;
    return next(n) + kept[n & 7] + (word)room[3];
}

/* Its CFA is in rbx while it calls. */
word based_on_rbx(word n, work *next);
__asm__(".text\n.globl based_on_rbx\n.type based_on_rbx,@function\n"
        "based_on_rbx:\n.cfi_startproc\n"
        "push %rbx\n.cfi_def_cfa_offset 16\n.cfi_offset rbx,-16\n"
        "mov %rsp,%rbx\n.cfi_def_cfa_register rbx\n"
        "sub $72,%rsp\nand $-64,%rsp\n"
        "call *%rsi\n"
        "mov %rbx,%rsp\n.cfi_def_cfa_register rsp\n"
        "pop %rbx\n.cfi_def_cfa_offset 8\n.cfi_restore rbx\n"
        "ret\n.cfi_endproc\n.size based_on_rbx,.-based_on_rbx\n");

APART static word recurse(word n)
{
    volatile word kept[5];

    kept[n % 5] = n;
    if (!n)
        return burn(1);
    return recurse(n - 1) + kept[n % 5];
}

APART static word deep(word n)
{
    return recurse(60 + (n & 7)) + 1;
}

/* The kernel returns from a handler to this code; the registers lie in the ucontext at rsp. */
void restorer(void);
__asm__(".text\n.type restorer,@function\n.cfi_startproc\n.cfi_signal_frame\n"
        ".cfi_def_cfa rsp,0\n"
        ".cfi_offset r8,40\n.cfi_offset r9,48\n.cfi_offset r10,56\n.cfi_offset r11,64\n"
        ".cfi_offset r12,72\n.cfi_offset r13,80\n.cfi_offset r14,88\n.cfi_offset r15,96\n"
        ".cfi_offset rdi,104\n.cfi_offset rsi,112\n.cfi_offset rbp,120\n.cfi_offset rbx,128\n"
        ".cfi_offset rdx,136\n.cfi_offset rax,144\n.cfi_offset rcx,152\n"
        ".cfi_offset rsp,160\n.cfi_offset rip,168\n"
        "nop\nrestorer:\nmov $15,%rax\nsyscall\n.cfi_endproc\n");

static void handler(int number)
{
    burn((word)number);
}

struct action {
    void (*handler)(int);
    word flags;
    void (*restorer)(void);
    word mask;
};

APART static word signalled(word n)
{
    call(62, call(39, 0, 0, 0, 0), 10, 0, 0); /* kill(getpid(), SIGUSR1) */
    return burn(n);
}

APART static word round_of(word n)
{
    word x = wide(n, burn);

    x += with_alloca(n, deep);
    x += realigned(n, burn);
    x += realigned(n, signalled);
    x += based_on_rbx(n, burn);
    x += based_on_rbx(n, deep);
    x += wide(n, deep);
    return x;
}

APART static int run(void)
{
    struct action action = {handler, 0x04000000, restorer, 0};

    call(13, 10, (word)&action, 0, 8);
    for (word n = 0; n < 9000; n++)
        sink += wide(n, round_of);
    call(231, 0, 0, 0, 0);
    return 0;
}

__attribute__((used)) static void start(void)
{
    run();
}

__asm__(".text\n.globl _start\n_start:\n.cfi_startproc\n.cfi_undefined rip\n"
        "xor %ebp,%ebp\nand $-16,%rsp\ncall start\nhlt\n.cfi_endproc\n");
