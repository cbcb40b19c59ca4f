#ifndef FIQ_CAPTURE_KERNEL_TYPES_H
#define FIQ_CAPTURE_KERNEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a member of one of the running kernel's structures lies, in bytes, by the description
 * of its types that the kernel carries along (BTF).  False where there is none. */
bool kernel_member_offset(const char *structure, const char *member, int32_t *offset);

/* The same from the bytes of such a description. */
bool btf_member_offset(const uint8_t *btf, size_t size, const char *structure,
                       const char *member, int32_t *offset);

#endif
