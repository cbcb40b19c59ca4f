/*
 * Follows the cost of functions that have been inlined into their callers, or no longer are.
 *
 * What is decided must be the same when the sides change places.  So shares are made of sums of
 * whole numbers, which are the same in any order, and what is equal is put in order by its
 * name: numbers of nodes and functions depend on which side came first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/saturate.h"
#include "base/xalloc.h"
#include "compare/tree.h"

/* A path that exists on one side only, and the innermost part of it that exists on both. */
struct vanished {
    uint32_t node, caller;
    int side; /* that has it */
    size_t move;
};

/* All that vanished of one function below one caller. */
struct move {
    function_id function, caller;
    int side;
    const char *name, *caller_name; /* on that side */
    double sum, share;              /* of that side */
    bool believed;
};

struct inlining {
    const struct tree *tree;
    const double *least;     /* share of each side */
    double whole[2];         /* sums of all values of a side */
    double *self, *total[2]; /* self: share, rows of functions; total: sums, of nodes */
    struct vanished *vanished;
    size_t vanished_count, vanished_room;
    struct move *moves;
    size_t move_count, move_room;
    struct map move_of; /* function, caller and side -> move; of a side each */
};

static double row_sum(const struct tree *tree, const uint64_t *row, int side)
{
    double sum = 0;
    size_t from = side ? tree->runs[0] : 0;

    for (size_t i = 0; i < tree->runs[side]; i++)
        sum += (double)row[from + i];
    return sum;
}

static double self_sum(const struct tree *tree, uint32_t node, int side)
{
    return row_sum(tree, tree->self + node * tree->columns, side);
}

static void sum_sides(struct inlining *inlining)
{
    const struct tree *tree = inlining->tree;
    size_t functions = names_function_count(tree->names);

    for (int side = 0; side < 2; side++) {
        inlining->total[side] = xcalloc(tree->count, sizeof(double));
        for (size_t i = tree->count; i-- > 0;) {
            inlining->total[side][i] += self_sum(tree, (uint32_t)i, side);
            if (i)
                inlining->total[side][tree->nodes[i].parent] += inlining->total[side][i];
        }
        inlining->whole[side] = inlining->total[side][0];
    }
    inlining->self = xcalloc(2 * functions + 1, sizeof(double));
    for (uint32_t i = 1; i < tree->count; i++)
        for (int side = 0; side < 2; side++)
            inlining->self[2 * (size_t)tree->nodes[i].function + (size_t)side] +=
                self_sum(tree, i, side);
    for (size_t i = 0; i < 2 * functions; i++)
        if (inlining->whole[i % 2] > 0)
            inlining->self[i] /= inlining->whole[i % 2];
}

static const char *name_on(const struct tree *tree, function_id function, int side)
{
    const char *name = names_text(tree->names, function, side);

    return name ? name : "";
}

static size_t move_of(struct inlining *inlining, const struct vanished *vanished)
{
    const struct tree *tree = inlining->tree;
    function_id function = tree->nodes[vanished->node].function;
    function_id caller = tree->nodes[vanished->caller].function;
    /* Functions are fewer than nodes, nodes fewer than 2^31: the side has a bit to itself. */
    uint64_t key = (uint64_t)function << 32 | (uint64_t)caller << 1 | (unsigned)vanished->side;
    uint32_t *found = map_at(&inlining->move_of, key);

    if (*found == UINT32_MAX) {
        inlining->moves = xgrow(inlining->moves, &inlining->move_room, inlining->move_count + 1,
                                sizeof(*inlining->moves));
        inlining->moves[inlining->move_count] =
            (struct move){.function = function,
                          .caller = caller,
                          .side = vanished->side,
                          .name = name_on(tree, function, vanished->side),
                          .caller_name = name_on(tree, caller, vanished->side)};
        *found = (uint32_t)inlining->move_count++;
    }
    return *found;
}

static void find_vanished(struct inlining *inlining)
{
    const struct tree *tree = inlining->tree;

    for (uint32_t i = 1; i < tree->count; i++) {
        struct vanished found = {.node = i, .caller = tree->nodes[i].parent};
        double sum;

        found.side = inlining->total[1][i] > 0;
        if (inlining->total[!found.side][i] > 0 || inlining->total[found.side][i] <= 0)
            continue;
        sum = self_sum(tree, i, found.side);
        while (found.caller && inlining->total[!found.side][found.caller] <= 0)
            found.caller = tree->nodes[found.caller].parent;
        if (sum <= 0 || !found.caller ||
            tree->nodes[found.caller].function == tree->nodes[i].function)
            continue;
        found.move = move_of(inlining, &found);
        inlining->moves[found.move].sum += sum;
        inlining->vanished = xgrow(inlining->vanished, &inlining->vanished_room,
                                   inlining->vanished_count + 1, sizeof(found));
        inlining->vanished[inlining->vanished_count++] = found;
    }
    for (size_t i = 0; i < inlining->move_count; i++) {
        struct move *move = &inlining->moves[i];

        move->share = move->sum / inlining->whole[move->side];
    }
}

/* By caller and side, greatest first. */
static int by_caller(const void *a, const void *b)
{
    const struct move *x = *(const struct move *const *)a;
    const struct move *y = *(const struct move *const *)b;

    if (x->caller != y->caller)
        return x->caller < y->caller ? -1 : 1;
    if (x->side != y->side)
        return x->side - y->side;
    if (x->share != y->share)
        return x->share < y->share ? 1 : -1;
    return strcmp(x->name, y->name);
}

/* The function has really lost about that much, not only changed its callers. */
static bool has_lost(const struct inlining *inlining, const struct move *move)
{
    const double *self = inlining->self + 2 * (size_t)move->function;

    return move->share >= inlining->least[move->side] &&
           self[move->side] - self[!move->side] >= move->share / 2;
}

/* Takes as many as explain the growth of their caller; all or nothing of each. */
static void believe_group(struct inlining *inlining, struct move **group, size_t count)
{
    const double *self = inlining->self + 2 * (size_t)group[0]->caller;
    int side = group[0]->side;
    double rest = self[!side] - self[side], taken = 0;

    for (size_t i = 0; i < count; i++) {
        if (!has_lost(inlining, group[i]) || fabs(rest - group[i]->share) >= fabs(rest))
            continue;
        group[i]->believed = true;
        rest -= group[i]->share;
        taken += group[i]->share;
    }
    for (size_t i = 0; i < count && fabs(rest) > taken / 2; i++)
        group[i]->believed = false;
}

static void believe(struct inlining *inlining)
{
    struct move **order = xalloc((inlining->move_count + 1) * sizeof(struct move *));
    size_t size;

    for (size_t i = 0; i < inlining->move_count; i++)
        order[i] = &inlining->moves[i];
    qsort(order, inlining->move_count, sizeof(*order), by_caller);
    for (size_t i = 0; i < inlining->move_count; i += size) {
        size = 1;
        while (i + size < inlining->move_count && order[i + size]->caller == order[i]->caller &&
               order[i + size]->side == order[i]->side)
            size++;
        believe_group(inlining, order + i, size);
    }
    free(order);
}

static void move_rows(const struct inlining *inlining, uint64_t *self)
{
    const struct tree *tree = inlining->tree;

    for (size_t i = 0; i < inlining->vanished_count; i++) {
        const struct vanished *gone = &inlining->vanished[i];
        uint64_t *from = self + gone->node * tree->columns;
        uint64_t *to = self + gone->caller * tree->columns;
        size_t first = gone->side ? tree->runs[0] : 0;

        if (!inlining->moves[gone->move].believed)
            continue;
        for (size_t j = first; j < first + tree->runs[gone->side]; j++) {
            to[j] = saturating_add(to[j], from[j]);
            from[j] = 0;
        }
    }
}

static bool is_greater(const struct move *move, const struct move *other)
{
    if (!other || move->share != other->share)
        return !other || move->share > other->share;
    return strcmp(move->caller_name, other->caller_name) < 0;
}

static function_id *destinations(const struct inlining *inlining)
{
    size_t functions = names_function_count(inlining->tree->names);
    function_id *moved = xalloc((2 * functions + 1) * sizeof(*moved));
    const struct move **most = xcalloc(2 * functions + 1, sizeof(*most));

    memset(moved, 0xff, (2 * functions + 1) * sizeof(*moved));
    for (size_t i = 0; i < inlining->move_count; i++) {
        const struct move *move = &inlining->moves[i];
        size_t at = 2 * (size_t)move->function + (size_t)move->side;

        if (move->believed && is_greater(move, most[at])) {
            most[at] = move;
            moved[at] = move->caller;
        }
    }
    free(most);
    return moved;
}

function_id *tree_follow_inlining(const struct tree *tree, uint64_t *self,
                                  const double least[2])
{
    struct inlining inlining = {.tree = tree, .least = least};
    function_id *moved;

    sum_sides(&inlining);
    if (inlining.whole[0] > 0 && inlining.whole[1] > 0) {
        find_vanished(&inlining);
        believe(&inlining);
        move_rows(&inlining, self);
    }
    moved = destinations(&inlining);
    free(inlining.self);
    free(inlining.total[0]);
    free(inlining.total[1]);
    free(inlining.vanished);
    free(inlining.moves);
    map_free(&inlining.move_of);
    return moved;
}
