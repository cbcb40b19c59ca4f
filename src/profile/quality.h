#ifndef FIQ_PROFILE_QUALITY_H
#define FIQ_PROFILE_QUALITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"

/* The members of struct quality by name, for formats that keep them. */
struct quality_field {
    const char *name;
    size_t offset;
    bool is_flag; /* bool, else uint64_t */
};
extern const struct quality_field quality_fields[]; /* ended by one without a name */

/* Flags are 0 and 1. */
uint64_t quality_get(const struct quality *quality, const struct quality_field *field);
void quality_set(struct quality *quality, const struct quality_field *field, uint64_t value);

/* All that were taken. */
uint64_t quality_samples(const struct quality *quality);
/* Those that the CPU time owes and that neither came nor are known to be lost; 0 when they are
 * fewer than a twentieth, when it may be chance, or when it is not known. */
uint64_t quality_missing(const struct quality *quality);

#endif
