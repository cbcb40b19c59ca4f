#include "render/palette.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/text.h"

/* Hues 0 to 7 are kinds; files have all of them but the first three. */
enum { HUE_ROOT, HUE_MARK, HUE_LABEL, HUE_NATIVE, HUE_KERNEL, HUE_INLINE, HUE_JIT, HUE_PYTHON };
enum { FIRST_FILE_HUE = HUE_NATIVE, FILE_HUES = PALETTE_HUES - FIRST_FILE_HUE };

static const char *const names[] = {[PALETTE_WARM] = "warm",
                                    [PALETTE_COLD] = "cold",
                                    [PALETTE_KIND] = "kind",
                                    [PALETTE_DSO] = "dso",
                                    [PALETTE_COLORBLIND] = "colorblind"};

/* A hue is a walk through colour space: from shade 0 to the last one. */
struct walk {
    double hue, hue_to;   /* degrees */
    double saturation;    /* 0 to 1 */
    double light, spread; /* of the middle, and how far the shades go from it */
};

static const struct walk grey = {220, 220, 0.06, 0.80, 0.03};
static const struct walk label = {262, 262, 0.30, 0.82, 0.04};
static const struct walk warm = {4, 52, 0.88, 0.68, 0.06};
static const struct walk cold = {160, 216, 0.60, 0.68, 0.06};
static const struct walk blue = {206, 216, 0.62, 0.72, 0.06};
static const struct walk red = {2, 20, 0.80, 0.74, 0.05};

static const struct walk kinds[] = {[HUE_NATIVE] = {14, 30, 0.88, 0.70, 0.05},
                                    [HUE_KERNEL] = {206, 216, 0.62, 0.74, 0.05},
                                    [HUE_INLINE] = {44, 52, 0.85, 0.72, 0.05},
                                    [HUE_JIT] = {88, 112, 0.48, 0.70, 0.05},
                                    [HUE_PYTHON] = {168, 180, 0.45, 0.68, 0.05}};

/* After M. Okabe and K. Ito, "Color Universal Design": vermillion, blue, yellow, bluish green,
 * reddish purple, made lighter so that dark text reads on them. */
static const struct walk universal[] = {[HUE_NATIVE] = {26, 28, 0.90, 0.66, 0.04},
                                        [HUE_KERNEL] = {202, 204, 0.80, 0.70, 0.05},
                                        [HUE_INLINE] = {56, 56, 0.85, 0.72, 0.05},
                                        [HUE_JIT] = {164, 166, 0.55, 0.60, 0.04},
                                        [HUE_PYTHON] = {326, 328, 0.45, 0.76, 0.04}};

int palette_named(const char *name, enum palette *palette)
{
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (!strcmp(names[i], name)) {
            *palette = (enum palette)i;
            return 0;
        }
    return -1;
}

const char *palette_name(enum palette palette)
{
    return (size_t)palette < ARRAY_LENGTH(names) ? names[palette] : NULL;
}

uint8_t palette_kind_hue(enum frame_kind kind)
{
    static const uint8_t hues[] = {
        [FRAME_NATIVE] = HUE_NATIVE, [FRAME_KERNEL] = HUE_KERNEL, [FRAME_INLINE] = HUE_INLINE,
        [FRAME_JIT] = HUE_JIT,       [FRAME_PYTHON] = HUE_PYTHON, [FRAME_MARK] = HUE_MARK};

    return kind < FRAME_KINDS ? hues[kind] : (uint8_t)HUE_NATIVE;
}

static uint8_t file_hue(const struct view *view, const struct view_name *name)
{
    const struct profile *profile = view_profile(view);
    const char *base;

    if (!name->mapping)
        return HUE_MARK;
    base = text_file_name(
        profile_string(profile, profile_mapping_at(profile, name->mapping)->path));
    return (uint8_t)(FIRST_FILE_HUE + hash_bytes(base, strlen(base)) % FILE_HUES);
}

enum frame_kind palette_kind(const struct view *view, name_id id)
{
    enum frame_kind kind = view_name(view, id)->kind;
    size_t length = view_text_length(view, id);
    const char *end = view_text(view, id) + length;

    if (kind != FRAME_NATIVE || length < 5 || end[-1] != ']' || end[-3] != '[' ||
        end[-4] != '_')
        return kind;
    switch (end[-2]) {
    case 'k':
        return FRAME_KERNEL;
    case 'i':
        return FRAME_INLINE;
    case 'j':
        return FRAME_JIT;
    default:
        return kind;
    }
}

struct palette_class palette_class(enum palette palette, const struct view *view, name_id id)
{
    const struct view_name *name;
    struct palette_class class = {HUE_ROOT, 0};
    uint64_t hash;

    if (id == UINT32_MAX)
        return class;
    name = view_name(view, id);
    hash = hash_bytes(view_text(view, id), view_text_length(view, id));
    class.hue = name->is_label ? (uint8_t)HUE_LABEL : palette_kind_hue(palette_kind(view, id));
    if (palette == PALETTE_DSO && class.hue >= HUE_NATIVE)
        class.hue = file_hue(view, name);
    class.shade = (uint8_t)(hash >> 17 & (PALETTE_SHADES - 1));
    return class;
}

static struct walk walk_of(enum palette palette, unsigned hue)
{
    if (hue <= HUE_MARK)
        return grey;
    if (hue == HUE_LABEL)
        return label;
    switch (palette) {
    case PALETTE_KIND:
        return kinds[hue < ARRAY_LENGTH(kinds) ? hue : HUE_NATIVE];
    case PALETTE_COLORBLIND:
        return universal[hue < ARRAY_LENGTH(universal) ? hue : HUE_NATIVE];
    case PALETTE_DSO: {
        double degrees = fmod(18 + 360.0 / FILE_HUES * (hue - FIRST_FILE_HUE), 360);

        return (struct walk){degrees, degrees + 8, 0.62, 0.72, 0.05};
    }
    case PALETTE_COLD:
        return hue == HUE_KERNEL ? red : cold;
    case PALETTE_WARM:
    default:
        return hue == HUE_KERNEL ? blue : warm;
    }
}

static double channel(double hue, double saturation, double light, double offset)
{
    double k = fmod(offset + hue / 30 + 12, 12);
    double reach = saturation * fmin(light, 1 - light);

    return light - reach * fmax(-1, fmin(fmin(k - 3, 9 - k), 1));
}

static struct rgb from_hsl(double hue, double saturation, double light)
{
    return (struct rgb){(uint8_t)lround(255 * channel(hue, saturation, light, 0)),
                        (uint8_t)lround(255 * channel(hue, saturation, light, 8)),
                        (uint8_t)lround(255 * channel(hue, saturation, light, 4))};
}

/* Neighbouring shades differ in hue; lightness takes a second, shorter round, so that two
 * shades of like hue still differ. */
static double light_of(const struct walk *walk, unsigned shade)
{
    return walk->light + walk->spread * ((shade * 7 % PALETTE_SHADES) / 7.5 - 1);
}

/* Relative luminance, as WCAG 2 defines it. */
static double luminance(struct rgb color)
{
    const double share[] = {0.2126, 0.7152, 0.0722};
    const uint8_t channels[] = {color.red, color.green, color.blue};
    double sum = 0;

    for (size_t i = 0; i < 3; i++) {
        double part = channels[i] / 255.0;

        sum += share[i] * (part <= 0.03928 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4));
    }
    return sum;
}

/* Labels are nearly black on light colours and white on dark ones.  Hues differ in how bright
 * they look, so each goes up or down until its label has a contrast of 4.6 (WCAG wants 4.5). */
enum { LIGHTER = 1, DARKER = -1 };

static bool is_readable(struct rgb color, int direction)
{
    return direction == LIGHTER ? luminance(color) + 0.05 >= 4.6 * (0.0110 + 0.05)
                                : 1.05 >= 4.6 * (luminance(color) + 0.05);
}

static struct rgb readable(const struct walk *walk, unsigned shade, double saturation,
                           double light, int direction)
{
    double hue = walk->hue + (walk->hue_to - walk->hue) * shade / (PALETTE_SHADES - 1.0);
    struct rgb color = from_hsl(hue, saturation, light);

    while (!is_readable(color, direction) && light > 0 && light < 1) {
        light += direction * 0.01;
        color = from_hsl(hue, saturation, light);
    }
    return color;
}

struct rgb palette_color(enum palette palette, struct palette_class class)
{
    struct walk walk = walk_of(palette, class.hue);

    return readable(&walk, class.shade, walk.saturation, light_of(&walk, class.shade), LIGHTER);
}

struct rgb palette_dark(enum palette palette, struct palette_class class)
{
    struct walk walk = walk_of(palette, class.hue);

    return readable(&walk, class.shade, walk.saturation * 0.62,
                    light_of(&walk, class.shade) - 0.40, DARKER);
}
