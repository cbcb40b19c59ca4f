#ifndef FIQ_PERF_PERFDATA_H
#define FIQ_PERF_PERFDATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/source.h"
#include "perf/record.h"

/*
 * Files of perf record (tools/perf/Documentation/perf.data-file-format.txt of the kernel),
 * those of pipe mode too, in either byte order, with records compressed by zstd or not.
 *
 * The file is read once from front to back; records are handed on in the order of time.  Memory
 * follows what perf wrote between two rounds (FINISHED_ROUND), not the size of the file, and
 * has a limit of its own.  Every byte may be hostile.
 *
 * perf record --threads writes a directory: one such file, and others with nothing but the
 * records of a thread of perf each, without a header and without rounds.
 */
struct perfdata;

struct perfdata_event {
    char *name;              /* "cpu-clock", "page-faults" */
    uint64_t period;         /* of samples that do not bring their own; 0: unknown */
    uint64_t frequency;      /* asked for; 0: a fixed period */
    uint32_t stack_bytes;    /* of user stack asked for with each sample; 0: none */
    bool is_clock;           /* the period is nanoseconds */
    bool kernel, user_chain; /* kernel frames; user frames in the callchain: frame pointers */
    struct record_layout layout;
};

/* What the file says about the measurement; texts may be NULL. */
struct perfdata_facts {
    char *host, *release, *arch, *command;
    uint64_t started_ns; /* since the epoch; 0 unknown */
    uint8_t kernel_build_id[20];
    uint8_t kernel_build_id_size;
    uint64_t kernel_text; /* where "_text" or "_stext" was at; 0 unknown */
    uint64_t lost, throttled, unexplained;
    bool foreign;   /* of another byte order or processor: no unwinding */
    bool cut_short; /* the file ends before it should */
};

/* Whether the first bytes are those of such a file. */
bool perfdata_recognize(const uint8_t *head, size_t size);

/* Reads what comes before the records.  The source stays the caller's. */
int perfdata_open(struct perfdata **file, struct source *source, struct error *err);
void perfdata_close(struct perfdata *file);

/* A further file of the same recording, with records alone; before perfdata_read().  The source
 * stays the caller's. */
void perfdata_add_part(struct perfdata *file, struct source *source);

/* More events may appear until perfdata_read() has returned (pipe mode). */
const struct perfdata_event *perfdata_events(const struct perfdata *file, size_t *count);
const struct perfdata_facts *perfdata_facts(const struct perfdata *file);

/* Hands on all records in the order of time; `event` is the index of the event they belong to,
 * 0 when they do not say.  Mappings have the build ID that the file's table gives their path.
 */
typedef void perfdata_fn(const struct record *record, size_t event, void *data);
int perfdata_read(struct perfdata *file, perfdata_fn *take, void *data, struct error *err);

enum { PERFDATA_EVENTS_MAX = 64 };

#endif
