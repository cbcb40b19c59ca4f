#ifndef FIQ_RENDER_EMBEDDED_H
#define FIQ_RENDER_EMBEDDED_H

#include <stddef.h>

/* The scripts and style sheets beside this file, put into the program by tools/embed.py. */
extern const unsigned char render_svg_css[], render_svg_js[];
extern const unsigned char render_diff_css[], render_diff_js[];
extern const size_t render_svg_css_size, render_svg_js_size;
extern const size_t render_diff_css_size, render_diff_js_size;
extern const char render_diff_js_digest[]; /* "sha256-…", for a content security policy */

/* The page (page/), with bytes 1 to 3 where html.c puts what is its own; tools/embed-page.py.
 */
extern const unsigned char render_page[];
extern const size_t render_page_size;

#endif
