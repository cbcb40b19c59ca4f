#ifndef FIQ_RENDER_HTML_DATA_H
#define FIQ_RENDER_HTML_DATA_H

#include "base/markup.h"
#include "render/render.h"

/*
 * A whole profile as columns of small numbers, for the page's script to read (page/data.js says
 * how they lie).  Unlike a view they keep what is needed to look at single threads, stretches
 * of time and other values.  zlib, then base64: nothing in it can end a script element.
 */
void html_data_write(const struct view *view, const struct render_options *options,
                     struct markup *markup);

#endif
