#ifndef FIQ_COMPARE_NAMES_H
#define FIQ_COMPARE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Which names of two versions of a program mean the same function.
 *
 * First, what a compiler split off is one with the function it was split from: foo.part.0,
 * foo.cold, foo.constprop.1 and foo.isra.0 are foo.  Second, names found on both sides are the
 * same function.  Third, what is left over is paired by what remains of the name without that
 * which changes from build to build: hashes, versions in paths and in the namespaces of some
 * libraries, line numbers; then without the numbers of closures and lambdas, which pair in
 * their order when there are as many.  Pairs are one to one: two functions of one side never
 * become one, and where it cannot be told who belongs to whom, they stay apart.
 *
 * Use: new, add all names of both sides, pair, then ask.
 */
struct names;

struct name_rules {
    bool exact;              /* only equal names are the same function */
    bool ignore_templates;   /* vector<int>::push_back pairs with vector<long>::push_back */
    const char *const *maps; /* "old=new", what the user knows better; kept by the caller */
    size_t map_count;
};

typedef uint32_t function_id;

struct names *names_new(const struct name_rules *rules);
void names_free(struct names *names);

/* A name of side 0 (before) or 1 (after).  Returns a number for names_function(), the same for
 * the same name. */
uint32_t names_add(struct names *names, int side, const char *name, size_t length);

/* To be called once, after the last names_add().  -ENOENT when a map fits no name. */
int names_pair(struct names *names, struct error *err);

/* The function that a name of a side stands for; 0 is the first. */
function_id names_function(const struct names *names, int side, uint32_t name);
uint32_t names_function_count(const struct names *names);

/* How a function is called on a side, without what the compiler appended; NULL when it does not
 * occur there. */
const char *names_text(const struct names *names, function_id function, int side);

/* What is left of a name for the third step; to be freed.  The first kind of what is left out
 * changes with each build, the second when something is written before it in the source. */
enum { WITHOUT_BUILD = 1, WITHOUT_NUMBERS = 2, WITHOUT_TEMPLATES = 4 };
char *name_without(const char *name, unsigned parts);

/* Length of the name without .part.0, .cold and the like. */
size_t name_without_clone(const char *name, size_t length);

#endif
