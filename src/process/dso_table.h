#ifndef FIQ_PROCESS_DSO_TABLE_H
#define FIQ_PROCESS_DSO_TABLE_H

#include "process/process.h"

/* The files that the processes have mapped, each once.  For process.c only. */
struct dso_table;

struct dso_table *dso_table_new(void);
void dso_table_free(struct dso_table *table);

const struct dso *dso_table_kernel(const struct dso_table *table);
const struct dso *dso_table_at(const struct dso_table *table, uint32_t id);
uint32_t dso_table_count(const struct dso_table *table);

/* The dso behind a mapping, opened when it is met for the first time. */
const struct dso *dso_table_find(struct dso_table *table, pid_t pid,
                                 const struct mapping_record *mapping);

void dso_table_set_recorded(struct dso_table *table);

void dso_table_files(const struct dso_table *table, uint32_t *open, uint32_t *refused);

#endif
