#ifndef FIQ_RENDER_PALETTE_H
#define FIQ_RENDER_PALETTE_H

#include <stdint.h>

#include "profile/view.h"

/*
 * Colours of frames.  The same function has the same colour in every graph, on every machine:
 * it follows from the name alone.
 *
 * A colour is one of PALETTE_SHADES shades of a hue; which hue says what a frame is (its kind,
 * or with PALETTE_DSO its file), which shade comes from the hash of the name.  A writer makes
 * one CSS class of each pair.
 */
enum palette {
    PALETTE_WARM,      /* user code red to yellow, the kernel blue */
    PALETTE_COLD,      /* user code blue to green, the kernel red */
    PALETTE_KIND,      /* a hue for each kind of frame */
    PALETTE_DSO,       /* a hue for each file, by the hash of its base name */
    PALETTE_COLORBLIND /* as kind, with hues that differ in lightness too (Okabe, Ito 2008) */
};

enum { PALETTE_HUES = 16, PALETTE_SHADES = 16 };

struct palette_class {
    uint8_t hue, shade; /* below PALETTE_HUES and PALETTE_SHADES */
};

struct rgb {
    uint8_t red, green, blue;
};

int palette_named(const char *name, enum palette *palette); /* -1: no such palette */
const char *palette_name(enum palette palette);             /* NULL behind the last */

/* The hue that stands for a kind where the palette shows kinds. */
uint8_t palette_kind_hue(enum frame_kind kind);

/* The kind as people see it: names in folded text carry it as a suffix, _[k] _[i] _[j]. */
enum frame_kind palette_kind(const struct view *view, name_id name);

/* The root's name is UINT32_MAX. */
struct palette_class palette_class(enum palette palette, const struct view *view, name_id name);

/* Light enough for dark text. */
struct rgb palette_color(enum palette palette, struct palette_class class);
/* The same for a dark background: dark enough for light text. */
struct rgb palette_dark(enum palette palette, struct palette_class class);

#endif
