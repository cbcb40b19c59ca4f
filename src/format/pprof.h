#ifndef FIQ_FORMAT_PPROF_H
#define FIQ_FORMAT_PPROF_H

#include "format/format.h"

/*
 * pprof's profile.proto, gzipped: the file that keeps everything a profile knows.
 *
 * pprof has no place for some of it; that goes into `comment`, one "key: value" a line:
 *
 *   creator, event, command, host, frequency_hz, effective_hz
 *   quality            for people; quality-counts, "complete=12 cut=3", for us
 *   note               one a note
 *   kind               "ID KIND": code of the mapping ID is of a kind its path does not say;
 *                      "ID KIND none": the mapping stands for frames without one
 *   derived            the value type with this name was made from samples and period
 *   unmeasured         the value type with this name has no numbers, its zeros mean nothing
 *
 * Inlined frames are lines of one location with their outermost function.  Labels of a sample
 * are process, thread and command (texts) and pid, tid and self (numbers); with timestamps also
 * "timestamp", and "unmeasured", one bit a value type, where single values are missing.
 */
#define PPROF_LABEL_PROCESS    "process"
#define PPROF_LABEL_THREAD     "thread"
#define PPROF_LABEL_COMMAND    "command"
#define PPROF_LABEL_PID        "pid"
#define PPROF_LABEL_TID        "tid"
#define PPROF_LABEL_SELF       "self"
#define PPROF_LABEL_TIMESTAMP  "timestamp"
#define PPROF_LABEL_UNMEASURED "unmeasured"

int pprof_read(struct source *source, struct profile *profile, struct error *err);
int pprof_write(const struct profile *profile, const struct write_options *options, FILE *out,
                struct error *err);

#endif
