#ifndef FIQ_BASE_JSON_READER_H
#define FIQ_BASE_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/source.h"

/*
 * Reads JSON from front to back, of any length, in bounded memory.
 *
 * The reader of a format lists the shape of what it knows; everything else is skipped, so that
 * files of later versions can be read.  A place is a number of the format's own, from 1: the
 * outermost value is at place 1, and a rule says which place a member or an element of a known
 * place has.
 */
struct json_rule {
    uint8_t in;      /* place of the object or array */
    const char *key; /* member of an object; NULL: each element of an array */
    uint8_t place;
};

enum json_kind {
    JSON_OPEN,  /* of an object or array */
    JSON_CLOSE, /* the same place again, after its members */
    JSON_STRING,
    JSON_NUMBER, /* as it is written */
    JSON_BOOL,   /* "true" or "false" */
    JSON_NULL
};

struct json_event {
    enum json_kind kind;
    const char *text; /* not terminated; may hold bytes that are not UTF-8 */
    size_t length;
};

/* Returns 0, or a negative errno with a message, which ends the reading. */
typedef int json_event_fn(unsigned place, const struct json_event *event, void *data,
                          struct error *err);

/* `rules` end with one whose place is 0.  -EBADMSG with the byte where it is no longer JSON. */
int json_read(struct source *source, const struct json_rule *rules, json_event_fn *fn,
              void *data, struct error *err);

/* ---- values of JSON_NUMBER; false: it is something else, or beyond the type ---- */

bool json_to_u64(const struct json_event *event, uint64_t *value);
/* With nine decimal places, which are all that is kept: 1.5 is 1500000000. */
bool json_to_fixed(const struct json_event *event, __uint128_t *value);
bool json_to_real(const struct json_event *event, double *value);

#endif
