#ifndef FIQ_FORMAT_JSON_VALUES_H
#define FIQ_FORMAT_JSON_VALUES_H

/* What the readers of JSON formats take from a member; of the wrong kind it is 0. */
#include "base/json_reader.h"
#include "profile/profile.h"

static inline str_id json_text(struct profile *profile, const struct json_event *event)
{
    return event->kind == JSON_STRING ? profile_intern(profile, event->text, event->length) : 0;
}

/* Of a process, a thread or a line. */
static inline int32_t json_id(const struct json_event *event)
{
    uint64_t value;

    return json_to_u64(event, &value) && value <= INT32_MAX ? (int32_t)value : 0;
}

#endif
