#ifndef FIQ_PERF_REGISTERS_H
#define FIQ_PERF_REGISTERS_H

/* REGS_WANTED: the registers of user space that go into a sample, one bit each.
 * REGS_SP: the number of the stack pointer; PT_REGS_SP_AT: its offset in struct pt_regs.
 * REGS_IP and REGS_BEHIND_SYSCALL: they are equal where the kernel was called. */
#if defined(__x86_64__)
#include "perf/registers_x86_64.h"
#else
#error "fiq does not know this processor's registers yet: see perf/registers_x86_64.h"
#endif

#endif
