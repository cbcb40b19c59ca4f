#ifndef FIQ_SYMBOLIZE_KERNEL_LOOKUP_H
#define FIQ_SYMBOLIZE_KERNEL_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

/* Asks the running kernel for the functions at `count` of its addresses, through a BPF program
 * that prints them as the kernel's own messages do.  That takes microseconds an address, where
 * writing all of /proc/kallsyms takes the kernel some 40 ms.  The answer is the text that
 * /proc/kallsyms would have had for these functions alone, to be freed; NULL where BPF is not
 * allowed, addresses are hidden by kernel.kptr_restrict, or there are too many to ask for. */
char *kernel_lookup(const uint64_t *addresses, size_t count, size_t *size);

/* Appends to `line` (of `room` bytes) what /proc/kallsyms says of a function that the kernel
 * printed for `address` as "name+0x12/0x345 [module]".  Returns the length; 0 for what has no
 * name. */
size_t kernel_lookup_line(const char *printed, uint64_t address, char *line, size_t room);

#endif
