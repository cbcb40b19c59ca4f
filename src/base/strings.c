#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"

enum { CHUNK = 64 * 1024 };

struct text {
    const char *bytes;
    uint32_t length;
    uint32_t hash;
};

struct strings {
    struct text *texts;
    size_t count, room;
    uint32_t *slots; /* id + 1, or 0 */
    uint32_t mask;
    char **chunks; /* the bytes of all texts; a long text has a chunk of its own */
    size_t chunk_count, chunk_room;
    char *free_bytes;
    size_t free_size;
};

struct strings *strings_new(void)
{
    struct strings *strings = xcalloc(1, sizeof(*strings));

    strings->mask = 255;
    strings->slots = xcalloc(strings->mask + 1, sizeof(*strings->slots));
    strings_add(strings, "", 0);
    return strings;
}

void strings_free(struct strings *strings)
{
    if (!strings)
        return;
    for (size_t i = 0; i < strings->chunk_count; i++)
        free(strings->chunks[i]);
    free(strings->chunks);
    free(strings->slots);
    free(strings->texts);
    free(strings);
}

static char *new_chunk(struct strings *strings, size_t size)
{
    strings->chunks = xgrow(strings->chunks, &strings->chunk_room, strings->chunk_count + 1,
                            sizeof(*strings->chunks));
    return strings->chunks[strings->chunk_count++] = xalloc(size);
}

static const char *store(struct strings *strings, const char *text, size_t length)
{
    char *copy;

    if (length + 1 > CHUNK / 4) {
        copy = new_chunk(strings, length + 1);
    } else {
        if (length + 1 > strings->free_size) {
            strings->free_bytes = new_chunk(strings, CHUNK);
            strings->free_size = CHUNK;
        }
        copy = strings->free_bytes;
        strings->free_bytes += length + 1;
        strings->free_size -= length + 1;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

/* The slot that holds the text, or the empty one where it belongs. */
static uint32_t *find(const struct strings *strings, const char *text, size_t length,
                      uint32_t hash)
{
    for (uint32_t i = hash & strings->mask;; i = (i + 1) & strings->mask) {
        uint32_t *slot = &strings->slots[i];
        const struct text *at;

        if (!*slot)
            return slot;
        at = &strings->texts[*slot - 1];
        if (at->hash == hash && at->length == length && !memcmp(at->bytes, text, length))
            return slot;
    }
}

static void grow(struct strings *strings)
{
    strings->mask = strings->mask * 2 + 1;
    free(strings->slots);
    strings->slots = xcalloc((size_t)strings->mask + 1, sizeof(*strings->slots));
    for (uint32_t id = 0; id < strings->count; id++) {
        uint32_t i = strings->texts[id].hash & strings->mask;

        while (strings->slots[i])
            i = (i + 1) & strings->mask;
        strings->slots[i] = id + 1;
    }
}

str_id strings_add(struct strings *strings, const char *text, size_t length)
{
    uint32_t hash;
    uint32_t *slot;

    if (!length && strings->count) /* `text` may be NULL then */
        return 0;
    hash = (uint32_t)hash_bytes(text, length);
    slot = find(strings, text, length, hash);
    if (*slot)
        return *slot - 1;
    strings->texts =
        xgrow(strings->texts, &strings->room, strings->count + 1, sizeof(*strings->texts));
    strings->texts[strings->count] = (struct text){
        .bytes = store(strings, text, length), .length = (uint32_t)length, .hash = hash};
    *slot = (uint32_t)++strings->count;
    if (strings->count * 2 > strings->mask)
        grow(strings);
    return (str_id)strings->count - 1;
}

str_id strings_find(const struct strings *strings, const char *text, size_t length)
{
    const uint32_t *slot;

    if (!length)
        return 0;
    slot = find(strings, text, length, (uint32_t)hash_bytes(text, length));
    return *slot ? *slot - 1 : UINT32_MAX;
}

const char *strings_get(const struct strings *strings, str_id id)
{
    return strings->texts[id].bytes;
}

size_t strings_length(const struct strings *strings, str_id id)
{
    return strings->texts[id].length;
}

uint32_t strings_count(const struct strings *strings)
{
    return (uint32_t)strings->count;
}
