/* Registers of x86-64 in the numbering of perf (asm/perf_regs.h): the sixteen general ones and
 * ip.  The segment registers and flags are of no use to an unwinder; ds, es, fs and gs are
 * refused by the kernel for 64-bit programs. */
#define REGS_WANTED UINT64_C(0xff01ff)
enum { REGS_SP = 7 };
/* The instruction syscall leaves the address behind itself in rcx. */
enum { REGS_IP = 8, REGS_BEHIND_SYSCALL = 2 };
/* Where struct pt_regs (asm/ptrace.h) holds the stack pointer, in bytes. */
enum { PT_REGS_SP_AT = 152 };
