#ifndef FIQ_SYMBOLIZE_KERNEL_SYMBOLS_H
#define FIQ_SYMBOLIZE_KERNEL_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The kernel's functions, as /proc/kallsyms lists them.
 *
 * Reading that file costs tens of milliseconds, so it is read when a kernel address needs a
 * name, and the file is gone through once for all addresses.
 */
struct kernel_hit {
    const char *name; /* NULL: none.  Not NUL-terminated: */
    size_t name_length;
    const char *module; /* "ext4", "bpf"; NULL for the kernel itself */
    size_t module_length;
    uint64_t start;
};

/* Names sorted addresses from the text of a kallsyms file; hits point into the text.  Returns
 * how many symbols had an address other than 0: none means that addresses are hidden. */
size_t kernel_symbols_find(const char *text, size_t size, const uint64_t *addresses,
                           size_t count, struct kernel_hit *hits);

/* The text of /proc/kallsyms, to be freed; NULL when it cannot be read. */
char *kernel_symbols_read(size_t *size);

/* kernel.kptr_restrict; 0 when it cannot be read. */
int kernel_symbols_restricted(void);

/* Which setting hides the addresses from this process, as a sentence with the remedy, to be
 * freed. */
char *kernel_symbols_hidden_by(void);

#endif
