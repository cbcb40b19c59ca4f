#include "perf/record.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>

#include "base/cursor.h"

/* Newer than the headers of some distributions; numbers are the kernel's ABI. */
enum {
    TYPE_KSYMBOL = 17,           /* PERF_RECORD_KSYMBOL, 5.1 */
    MISC_MMAP_BUILD_ID = 1 << 14 /* PERF_RECORD_MISC_MMAP_BUILD_ID, 5.12 */
};

enum { BUILD_ID = 20 }; /* the most bytes that a record has for one */

/* Behind the content of every record that is no sample, when sample_id_all is set. */
static size_t trailer_size(const struct record_layout *layout)
{
    static const uint64_t fields = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ID |
                                   PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU |
                                   PERF_SAMPLE_IDENTIFIER;

    return layout->sample_id_all
               ? 8u * (unsigned)__builtin_popcountll(layout->sample_type & fields)
               : 0;
}

static void decode_trailer(const struct record_layout *layout, struct cursor *cursor,
                           struct record *record)
{
    uint64_t type = layout->sample_type;

    if (!layout->sample_id_all)
        return;
    if (type & PERF_SAMPLE_TID) {
        pid_t pid = (pid_t)cursor_u32(cursor);
        pid_t tid = (pid_t)cursor_u32(cursor);

        /* Most kinds name their process themselves; those that do not take these. */
        if (record->kind == RECORD_LOST || record->kind == RECORD_THROTTLE ||
            record->kind == RECORD_UNTHROTTLE || record->kind == RECORD_SWITCH) {
            record->pid = pid;
            record->tid = tid;
        }
    }
    if (type & PERF_SAMPLE_TIME)
        record->time = cursor_u64(cursor);
    if (type & PERF_SAMPLE_ID)
        record->id = cursor_u64(cursor);
    if (type & PERF_SAMPLE_STREAM_ID)
        cursor_u64(cursor);
    if (type & PERF_SAMPLE_CPU) {
        record->cpu = cursor_u32(cursor);
        cursor_u32(cursor);
    }
    if (type & PERF_SAMPLE_IDENTIFIER)
        record->id = cursor_u64(cursor);
}

/* The event's own count; 0 in a group. */
static uint64_t read_values(const struct record_layout *layout, struct cursor *cursor)
{
    uint64_t format = layout->read_format;
    size_t per_value =
        8u * (1u + !!(format & PERF_FORMAT_ID) + !!(format & (1u << 4) /* PERF_FORMAT_LOST */));
    size_t times = 8u * (0u + !!(format & PERF_FORMAT_TOTAL_TIME_ENABLED) +
                         !!(format & PERF_FORMAT_TOTAL_TIME_RUNNING));
    uint64_t count = 1, value = 0;

    if (format & PERF_FORMAT_GROUP)
        count = cursor_u64(cursor);
    if (count > cursor_left(cursor) / per_value) {
        cursor->failed = true;
        return 0;
    }
    if (!(format & PERF_FORMAT_GROUP)) {
        struct cursor first = *cursor;

        value = cursor_u64(&first);
    }
    cursor_skip(cursor, times + (size_t)count * per_value);
    return value;
}

static void decode_registers(uint64_t mask, struct cursor *cursor, struct regs *regs)
{
    uint64_t abi = cursor_u64(cursor);
    const uint8_t *values;

    if (!abi) /* PERF_SAMPLE_REGS_ABI_NONE: a kernel thread */
        return;
    values = cursor_bytes(cursor, 8u * (unsigned)__builtin_popcountll(mask));
    /* Registers of a 32-bit program mean other things to an unwinder. */
    regs->of_32_bits = abi == 1; /* PERF_SAMPLE_REGS_ABI_32 */
    if (abi != 2 /* PERF_SAMPLE_REGS_ABI_64 */ || !values)
        return;
    regs->known = mask & ((UINT64_C(1) << REGS_MAX) - 1);
    for (uint64_t left = regs->known; left; left &= left - 1, values += 8)
        memcpy(&regs->r[__builtin_ctzll(left)], values, 8);
}

static void decode_stack(struct cursor *cursor, struct sample *sample)
{
    uint64_t size = cursor_u64(cursor);
    uint64_t copied;

    if (!size)
        return;
    if (size > cursor_left(cursor)) {
        cursor->failed = true;
        return;
    }
    sample->stack = cursor_bytes(cursor, (size_t)size);
    copied = cursor_u64(cursor);
    sample->stack_size = copied < size ? (size_t)copied : (size_t)size;
}

static void skip_branches(const struct record_layout *layout, struct cursor *cursor)
{
    uint64_t count = cursor_u64(cursor);

    if (layout->branch_sample_type & (1u << 17)) /* PERF_SAMPLE_BRANCH_HW_INDEX */
        cursor_u64(cursor);
    if (count > cursor_left(cursor) / 24)
        cursor->failed = true;
    else
        cursor_skip(cursor, (size_t)count * 24);
}

/* The order of fields is that of perf_event_open(2). */
static void decode_sample(const struct record_layout *layout, struct cursor *cursor,
                          struct record *record)
{
    uint64_t type = layout->sample_type;
    struct sample *sample = &record->sample;

    if (type & PERF_SAMPLE_IDENTIFIER)
        record->id = cursor_u64(cursor);
    if (type & PERF_SAMPLE_IP)
        sample->ip = cursor_u64(cursor);
    if (type & PERF_SAMPLE_TID) {
        record->pid = (pid_t)cursor_u32(cursor);
        record->tid = (pid_t)cursor_u32(cursor);
    }
    if (type & PERF_SAMPLE_TIME)
        record->time = cursor_u64(cursor);
    if (type & PERF_SAMPLE_ADDR)
        cursor_u64(cursor);
    if (type & PERF_SAMPLE_ID)
        record->id = cursor_u64(cursor);
    if (type & PERF_SAMPLE_STREAM_ID)
        cursor_u64(cursor);
    if (type & PERF_SAMPLE_CPU) {
        record->cpu = cursor_u32(cursor);
        cursor_u32(cursor);
    }
    if (type & PERF_SAMPLE_PERIOD)
        sample->period = cursor_u64(cursor);
    if (type & PERF_SAMPLE_READ)
        sample->counted = read_values(layout, cursor);
    if (type & PERF_SAMPLE_CALLCHAIN) {
        uint64_t count = cursor_u64(cursor);

        if (count > cursor_left(cursor) / 8) {
            cursor->failed = true;
            return;
        }
        sample->callchain =
            (const uint64_t *)(const void *)cursor_bytes(cursor, (size_t)count * 8);
        sample->callchain_count = (size_t)count;
    }
    if (type & PERF_SAMPLE_RAW)
        cursor_skip(cursor, cursor_u32(cursor));
    if (type & PERF_SAMPLE_BRANCH_STACK)
        skip_branches(layout, cursor);
    if (type & PERF_SAMPLE_REGS_USER)
        decode_registers(layout->regs_user, cursor, &sample->regs);
    if (type & PERF_SAMPLE_STACK_USER)
        decode_stack(cursor, sample);
}

/* The flag that says so is not enough: when two programs record at a time and one of them wants
 * build IDs, the kernel (seen: 6.18) sets it in the other's records too, where device and inode
 * stand.  A build ID has zeros behind its size and behind its bytes. */
static bool holds_build_id(struct cursor cursor)
{
    const uint8_t *bytes = cursor_bytes(&cursor, 4 + BUILD_ID);
    size_t size = bytes ? bytes[0] : 0;

    if (!size || size > BUILD_ID || bytes[1] || bytes[2] || bytes[3])
        return false;
    for (size_t i = size; i < BUILD_ID; i++)
        if (bytes[4 + i])
            return false;
    return true;
}

static void decode_mapping(uint32_t type, uint16_t misc, struct cursor *cursor,
                           struct record *record)
{
    struct mapping_record *mapping = &record->mapping;

    record->kind = RECORD_MAPPING;
    record->pid = (pid_t)cursor_u32(cursor);
    record->tid = (pid_t)cursor_u32(cursor);
    mapping->start = cursor_u64(cursor);
    mapping->size = cursor_u64(cursor);
    mapping->file_offset = cursor_u64(cursor);
    mapping->executable = !(misc & PERF_RECORD_MISC_MMAP_DATA);
    if (type == PERF_RECORD_MMAP2) {
        if ((misc & MISC_MMAP_BUILD_ID) && holds_build_id(*cursor)) {
            mapping->build_id_size = cursor_u8(cursor);
            cursor_skip(cursor, 3);
            memcpy(mapping->build_id, cursor_bytes(cursor, BUILD_ID), BUILD_ID);
        } else {
            mapping->device_major = cursor_u32(cursor);
            mapping->device_minor = cursor_u32(cursor);
            mapping->inode = cursor_u64(cursor);
            mapping->generation = cursor_u64(cursor);
        }
        mapping->executable = (cursor_u32(cursor) & 4 /* PROT_EXEC */) != 0;
        cursor_u32(cursor); /* flags */
    }
    mapping->path = cursor_string(cursor);
}

static void decode_ksymbol(struct cursor *cursor, struct record *record)
{
    record->kind = RECORD_KSYMBOL;
    record->ksymbol.address = cursor_u64(cursor);
    record->ksymbol.size = cursor_u32(cursor);
    record->ksymbol.type = cursor_u16(cursor);
    record->ksymbol.unregister = cursor_u16(cursor) & 1;
    record->ksymbol.name = cursor_string(cursor);
}

static void decode_body(const struct record_layout *layout,
                        const struct perf_event_header *header, struct cursor *cursor,
                        struct record *record)
{
    switch (header->type) {
    case PERF_RECORD_SAMPLE:
        record->kind = RECORD_SAMPLE;
        decode_sample(layout, cursor, record);
        break;
    case PERF_RECORD_MMAP:
    case PERF_RECORD_MMAP2:
        decode_mapping(header->type, header->misc, cursor, record);
        break;
    case PERF_RECORD_COMM:
        record->kind = RECORD_COMM;
        record->pid = (pid_t)cursor_u32(cursor);
        record->tid = (pid_t)cursor_u32(cursor);
        record->comm = cursor_string(cursor);
        record->exec = (header->misc & PERF_RECORD_MISC_COMM_EXEC) != 0;
        break;
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
        record->kind = header->type == PERF_RECORD_FORK ? RECORD_FORK : RECORD_EXIT;
        record->pid = (pid_t)cursor_u32(cursor);
        record->fork.parent = (pid_t)cursor_u32(cursor);
        record->tid = (pid_t)cursor_u32(cursor);
        record->fork.parent_tid = (pid_t)cursor_u32(cursor);
        record->time = cursor_u64(cursor);
        break;
    case PERF_RECORD_LOST:
        record->kind = RECORD_LOST;
        cursor_u64(cursor); /* id */
        record->lost = cursor_u64(cursor);
        break;
    case PERF_RECORD_LOST_SAMPLES:
        record->kind = RECORD_LOST;
        record->lost = cursor_u64(cursor);
        break;
    case PERF_RECORD_THROTTLE:
    case PERF_RECORD_UNTHROTTLE:
        record->kind =
            header->type == PERF_RECORD_THROTTLE ? RECORD_THROTTLE : RECORD_UNTHROTTLE;
        record->time = cursor_u64(cursor);
        break;
    case PERF_RECORD_SWITCH:
    case PERF_RECORD_SWITCH_CPU_WIDE:
        record->kind = RECORD_SWITCH;
        record->context.out = (header->misc & PERF_RECORD_MISC_SWITCH_OUT) != 0;
        record->context.preempted = (header->misc & (1u << 14)) != 0;
        break;
    case TYPE_KSYMBOL:
        decode_ksymbol(cursor, record);
        break;
    default:
        record->kind = RECORD_OTHER;
        break;
    }
}

int record_decode(const struct record_layout *layout, const void *bytes, size_t size,
                  struct record *record)
{
    struct perf_event_header header;
    struct cursor cursor;
    size_t trailer;

    *record = (struct record){.kind = RECORD_OTHER};
    if (size < sizeof(header))
        return -EBADMSG;
    memcpy(&header, bytes, sizeof(header));
    if (header.size < sizeof(header) || header.size > size)
        return -EBADMSG;
    record->type = header.type;
    record->in_kernel =
        (header.misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
    cursor = cursor_over((const uint8_t *)bytes + sizeof(header), header.size - sizeof(header));
    trailer = header.type == PERF_RECORD_SAMPLE ? 0 : trailer_size(layout);
    if (trailer > cursor_left(&cursor))
        return -EBADMSG;
    cursor.end -= trailer;
    decode_body(layout, &header, &cursor, record);
    if (cursor.failed)
        return -EBADMSG;
    if (trailer) {
        cursor = cursor_over(cursor.end, trailer);
        decode_trailer(layout, &cursor, record);
    }
    return 0;
}
