#ifndef FIQ_FORMAT_FRAME_NAMES_H
#define FIQ_FORMAT_FRAME_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "profile/profile.h"

/*
 * The frames of a profile by their names in folded text, annotations included.
 *
 * There are tens of millions of names in a large file, and tens of thousands of different ones.
 * Those in use are kept so that one mostly costs a line of the processor's cache: an entry,
 * with as much of the text as fits, stands where the name's hash says or a few places further.
 * Ask for many with frame_names_prefetch() before the first is looked up.  There is more room
 * as more names prove to be in use, up to a limit; then they drive each other out.
 */
enum { FRAME_NAME_TEXT = 44, FRAME_NAME_PLACES = 8 };

struct frame_names {
    struct profile *profile;
    struct kept_name {
        const char *text;      /* in the profile's strings */
        uint32_t hash, length; /* 0: nothing is here */
        frame_id frame;
        char start[FRAME_NAME_TEXT];
    } * kept; /* in `room`, where a line of the cache begins */
    uint32_t mask, count, driven_out;
    void *room;
    uint32_t *frame_of; /* by text; UINT32_MAX: not yet */
    size_t frame_count, frame_room;
};

void frame_names_begin(struct frame_names *names, struct profile *profile);
void frame_names_end(struct frame_names *names);

/* A name in a line, to be looked up; it is not empty. */
struct frame_name {
    const char *text;
    size_t length;
    uint32_t hash;
};

/* The name's frame; one that is new becomes a frame of the profile. */
frame_id frame_names_add(struct frame_names *names, const struct frame_name *name);

/* The highest bit of each byte that is zero; those above the first such byte may be wrong. */
static inline uint64_t frame_name_zero_bytes(uint64_t word)
{
    return (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
}

/* The name at `text`, which ends at a semicolon or behind `length` bytes.  Its hash on the way,
 * as each byte has to be fetched anyway. */
static inline struct frame_name frame_name_at(const char *text, size_t length)
{
    static const uint64_t SEMICOLONS = 0x3b3b3b3b3b3b3b3bu, FACTOR = 0xa0761d6478bd642fu;
    uint64_t sum = 0, word, found;
    size_t at = 0;
    unsigned bytes;

    for (; length - at >= 8; at += 8) {
        memcpy(&word, text + at, 8);
        found = frame_name_zero_bytes(word ^ SEMICOLONS);
        if (found)
            break;
        sum = (sum ^ word) * FACTOR;
        sum ^= sum >> 32;
    }
    if (length - at < 8) {
        word = SEMICOLONS;
        memcpy(&word, text + at, length - at);
        found = frame_name_zero_bytes(word ^ SEMICOLONS);
    }
    bytes = (unsigned)__builtin_ctzll(found) / 8;
    word &= (UINT64_C(1) << 8 * bytes) - 1;
    at += bytes;
    return (struct frame_name){
        .text = text,
        .length = at,
        .hash = (uint32_t)(hash_multiply(sum ^ word, FACTOR ^ at) >> 32),
    };
}

static inline uint64_t frame_name_word(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    return word;
}

/* memcmp() for texts that are mostly equal and short, where its call is much of the cost. */
static inline bool frame_name_is_same(const char *a, const char *b, size_t length)
{
    if (length < 8)
        return !memcmp(a, b, length);
    for (size_t at = 0; at + 8 < length; at += 8)
        if (frame_name_word(a + at) != frame_name_word(b + at))
            return false;
    return frame_name_word(a + length - 8) == frame_name_word(b + length - 8);
}

static inline bool frame_name_is(const struct frame_name *name, const struct kept_name *kept)
{
    if (kept->hash != name->hash || kept->length != name->length)
        return false;
    return frame_name_is_same(name->length <= FRAME_NAME_TEXT ? kept->start : kept->text,
                              name->text, name->length);
}

static inline void frame_names_prefetch(const struct frame_names *names,
                                        const struct frame_name *name)
{
    __builtin_prefetch(&names->kept[name->hash & names->mask]);
}

/* The frame, when the name is kept. */
static inline bool frame_names_find(const struct frame_names *names,
                                    const struct frame_name *name, frame_id *frame)
{
    for (uint32_t i = 0; i < FRAME_NAME_PLACES; i++) {
        const struct kept_name *kept = &names->kept[(name->hash + i) & names->mask];

        if (frame_name_is(name, kept)) {
            *frame = kept->frame;
            return true;
        }
        if (!kept->length)
            break;
    }
    return false;
}

#endif
