#ifndef FIQ_PERF_RECORD_H
#define FIQ_PERF_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

/*
 * Records of the kernel's perf rings and of perf.data files (linux/perf_event.h), decoded.
 * Every byte may be hostile.
 */

/* Which fields the kernel put in a record, from the perf_event_attr that opened it. */
struct record_layout {
    uint64_t sample_type, read_format, regs_user, regs_intr, branch_sample_type;
    bool sample_id_all;
};

enum record_kind {
    RECORD_SAMPLE,
    RECORD_MAPPING,
    RECORD_COMM,
    RECORD_FORK,
    RECORD_EXIT,
    RECORD_LOST,
    RECORD_THROTTLE,
    RECORD_UNTHROTTLE,
    RECORD_KSYMBOL,
    RECORD_SWITCH,
    RECORD_OTHER
};

/* Registers in perf's numbering for the architecture; unwind/ knows their meaning. */
enum { REGS_MAX = 33 };
struct regs {
    uint64_t r[REGS_MAX];
    uint64_t known;  /* one bit a register */
    bool of_32_bits; /* of a 32-bit program; none is known then */
};

struct stack_part {
    const uint8_t *bytes;
    uint64_t low, size; /* address of bytes[0] */
};
enum { STACK_PARTS = 8 };

struct sample {
    uint64_t ip, period;
    uint64_t counted;          /* by the event so far, where the layout has it */
    const uint64_t *callchain; /* innermost first, context markers (PERF_CONTEXT_*) included */
    size_t callchain_count;
    struct regs regs;     /* of user space; known == 0 for a kernel thread */
    const uint8_t *stack; /* bytes from the stack pointer upwards */
    size_t stack_size;    /* how many of them were copied (dyn_size) */
    /* More stack, copied at the same moment from farther out or from other stacks. */
    struct stack_part far[STACK_PARTS];
    size_t far_count;
};

/* An entry of the callchain: records are not aligned for their fields. */
static inline uint64_t chain_at(const struct sample *sample, size_t index)
{
    uint64_t address;

    memcpy(&address, (const uint8_t *)sample->callchain + index * sizeof(address),
           sizeof(address));
    return address;
}

struct mapping_record {
    uint64_t start, size, file_offset, inode, generation;
    uint32_t device_major, device_minor;
    const char *path;
    uint8_t build_id[20], build_id_size; /* size 0: device and inode are there instead */
    bool executable;
};

struct ksymbol_record {
    uint64_t address;
    uint32_t size;
    uint16_t type; /* PERF_RECORD_KSYMBOL_TYPE_* */
    bool unregister;
    const char *name;
};

/* Marks within a callchain (PERF_CONTEXT_* of linux/perf_event.h): what follows was sampled in
 * the kernel, in user space …; everything from CHAIN_MARKS up is a mark. */
#define CHAIN_KERNEL ((uint64_t)-128)
#define CHAIN_USER   ((uint64_t)-512)
#define CHAIN_MARKS  ((uint64_t)-4095)

/* One decoded record.  Pointers lead into the bytes it was decoded from. */
struct record {
    enum record_kind kind;
    uint32_t type; /* PERF_RECORD_*, for RECORD_OTHER */
    pid_t pid, tid;
    uint64_t time; /* CLOCK_MONOTONIC nanoseconds live */
    uint64_t id;   /* of the event, where the layout has it */
    uint32_t cpu;
    bool in_kernel; /* the sample's ip is in the kernel */
    bool exec;      /* a COMM record that an exec caused */
    union {
        struct sample sample;
        struct mapping_record mapping;
        const char *comm;
        struct {
            pid_t parent, parent_tid;
        } fork; /* fork and exit */
        uint64_t lost;
        struct ksymbol_record ksymbol;
        struct {
            bool out, preempted;
        } context;
    };
};

/* Decodes the record that starts at `bytes` (its perf_event_header included); `size` is what is
 * there.  0, or -EBADMSG when the bytes do not add up. */
int record_decode(const struct record_layout *layout, const void *bytes, size_t size,
                  struct record *record);

#endif
