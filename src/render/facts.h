#ifndef FIQ_RENDER_FACTS_H
#define FIQ_RENDER_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "profile/view.h"
#include "render/render.h"

/* What a picture says about the measurement, as pairs for people. */
struct fact {
    const char *name; /* "command" */
    char value[512];
};

enum { FACTS_MAX = 12 };

/* Those that are known, in the order in which they are to be read; how many. */
size_t render_facts(const struct view *view, struct fact facts[FACTS_MAX]);

/* The headline of a picture: what the user wants, else the command, else what it is. */
const char *render_title(const struct view *view, const struct render_options *options);

/* "1234 samples", "1 sample", "12.3 ms", "4.0 MiB": a weight in the unit of the view. */
void weight_text(const struct view *view, uint64_t weight, char *text, size_t size);

#endif
