#include "capture/kernel_types.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/xalloc.h"

enum {
    BTF_MOST = 1 << 27,
    BTF_MAGIC = 0xeb9f,
    KINDS = 32,
    KIND_STRUCT = 4,
    BITS_OF_OFFSET = 0xffffff, /* the rest is a bit field's size, where the type says so */
};

/* What follows a type's three words, by its kind: so many bytes, and so many for each of its
 * members.  Documentation/bpf/btf.rst. */
static const struct {
    uint8_t known, fixed, each;
} layouts[KINDS] = {
    [1] = {1, 4, 0},  /* INT */
    [2] = {1, 0, 0},  /* PTR */
    [3] = {1, 12, 0}, /* ARRAY */
    [KIND_STRUCT] = {1, 0, 12},
    [5] = {1, 0, 12},  /* UNION */
    [6] = {1, 0, 8},   /* ENUM */
    [7] = {1, 0, 0},   /* FWD */
    [8] = {1, 0, 0},   /* TYPEDEF */
    [9] = {1, 0, 0},   /* VOLATILE */
    [10] = {1, 0, 0},  /* CONST */
    [11] = {1, 0, 0},  /* RESTRICT */
    [12] = {1, 0, 0},  /* FUNC */
    [13] = {1, 0, 8},  /* FUNC_PROTO */
    [14] = {1, 4, 0},  /* VAR */
    [15] = {1, 0, 12}, /* DATASEC */
    [16] = {1, 0, 0},  /* FLOAT */
    [17] = {1, 4, 0},  /* DECL_TAG */
    [18] = {1, 0, 0},  /* TYPE_TAG */
    [19] = {1, 0, 12}, /* ENUM64 */
};

/* A description's parts. */
struct btf {
    struct cursor types;
    const uint8_t *strings;
    size_t strings_size;
};

static bool take_parts(struct btf *btf, const uint8_t *bytes, size_t size)
{
    struct cursor cursor = cursor_over(bytes, size);
    uint32_t magic = cursor_u16(&cursor);

    cursor_skip(&cursor, 2); /* version, flags */
    uint64_t header = cursor_u32(&cursor);
    uint64_t types = header + cursor_u32(&cursor), types_size = cursor_u32(&cursor);
    uint64_t strings = header + cursor_u32(&cursor), strings_size = cursor_u32(&cursor);

    if (cursor.failed || magic != BTF_MAGIC || types > size || types_size > size - types ||
        strings > size || strings_size > size - strings)
        return false;
    *btf = (struct btf){.types = cursor_over(bytes + types, (size_t)types_size),
                        .strings = bytes + strings,
                        .strings_size = (size_t)strings_size};
    return true;
}

/* Texts are stored once: a name is compared by its place. */
static bool text_at(const struct btf *btf, const char *text, uint32_t *at)
{
    size_t length = strlen(text) + 1;
    const uint8_t *from = btf->strings, *end = btf->strings + btf->strings_size, *found;

    while ((found = memmem(from, (size_t)(end - from), text, length))) {
        if (found > btf->strings && !found[-1]) {
            *at = (uint32_t)(found - btf->strings);
            return true;
        }
        from = found + 1;
    }
    return false;
}

static bool find_member(struct cursor *types, uint32_t count, uint32_t member, bool bits,
                        int32_t *offset)
{
    while (count-- && !types->failed) {
        uint32_t name = cursor_u32(types);

        cursor_skip(types, 4);
        uint32_t at = cursor_u32(types);

        if (name == member && !types->failed) {
            *offset = (int32_t)((bits ? at & BITS_OF_OFFSET : at) / 8);
            return true;
        }
    }
    return false;
}

bool btf_member_offset(const uint8_t *bytes, size_t size, const char *structure,
                       const char *member, int32_t *offset)
{
    struct btf btf;
    uint32_t structure_at, member_at;

    if (!take_parts(&btf, bytes, size) || !text_at(&btf, structure, &structure_at) ||
        !text_at(&btf, member, &member_at))
        return false;
    while (cursor_left(&btf.types) && !btf.types.failed) {
        uint32_t name = cursor_u32(&btf.types);
        uint32_t info = cursor_u32(&btf.types); /* members, kind << 24, kind_flag << 31 */
        uint32_t kind = info >> 24 & (KINDS - 1), count = info & 0xffff;

        cursor_skip(&btf.types, 4);
        if (name == structure_at && kind == KIND_STRUCT)
            return find_member(&btf.types, count, member_at, info >> 31, offset);
        if (!layouts[kind].known)
            return false;
        cursor_skip(&btf.types, layouts[kind].fixed + (size_t)layouts[kind].each * count);
    }
    return false;
}

static size_t read_all(int fd, uint8_t *bytes, size_t size)
{
    size_t got = 0;

    while (got < size) {
        ssize_t n = pread(fd, bytes + got, size - got, (off_t)got);

        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

bool kernel_member_offset(const char *structure, const char *member, int32_t *offset)
{
    int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
    off_t length = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    size_t size = length > 0 && length <= BTF_MOST ? (size_t)length : 0;
    uint8_t *bytes, *copy = NULL;
    bool found = false;

    if (size) {
        /* Linux 6.16 lets us look at the few pages that matter; before, it is all read. */
        bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED) {
            copy = xalloc(size);
            found =
                btf_member_offset(copy, read_all(fd, copy, size), structure, member, offset);
        } else {
            found = btf_member_offset(bytes, size, structure, member, offset);
            munmap(bytes, size);
        }
    }
    free(copy);
    if (fd >= 0)
        close(fd);
    return found;
}
