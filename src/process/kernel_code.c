#include "process/kernel_code.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/xalloc.h"

enum { PIECES_MAX = 1 << 16, TYPE_BPF = 1 /* PERF_RECORD_KSYMBOL_TYPE_BPF */ };

struct kernel_code {
    pthread_mutex_t lock;
    struct kernel_piece **pieces; /* in the order of the records */
    size_t count, room;
};

struct kernel_code *kernel_code_new(void)
{
    struct kernel_code *code = xcalloc(1, sizeof(*code));

    pthread_mutex_init(&code->lock, NULL);
    return code;
}

void kernel_code_free(struct kernel_code *code)
{
    if (!code)
        return;
    for (size_t i = 0; i < code->count; i++) {
        free(code->pieces[i]->name);
        free(code->pieces[i]);
    }
    free(code->pieces);
    pthread_mutex_destroy(&code->lock);
    free(code);
}

void kernel_code_add(struct kernel_code *code, const struct ksymbol_record *record)
{
    struct kernel_piece *piece;

    /* What leaves was sampled before, and keeps its name. */
    if (record->unregister || !record->size || !*record->name || code->count == PIECES_MAX)
        return;
    piece = xcalloc(1, sizeof(*piece));
    *piece = (struct kernel_piece){.address = record->address,
                                   .size = record->size,
                                   .is_bpf = record->type == TYPE_BPF,
                                   .name = xstrdup(record->name)};
    pthread_mutex_lock(&code->lock);
    code->pieces = xgrow(code->pieces, &code->room, code->count + 1, sizeof(*code->pieces));
    code->pieces[code->count++] = piece;
    pthread_mutex_unlock(&code->lock);
}

const struct kernel_piece *kernel_code_find(struct kernel_code *code, uint64_t address)
{
    const struct kernel_piece *found = NULL;

    pthread_mutex_lock(&code->lock);
    for (size_t i = code->count; i-- > 0 && !found;)
        if (address - code->pieces[i]->address < code->pieces[i]->size)
            found = code->pieces[i];
    pthread_mutex_unlock(&code->lock);
    return found;
}
