#include "perf/inflater.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"

#ifdef HAVE_ZSTD

#include <zstd.h>

/* More than any real stack gives: what lies beyond is an attempt to keep us busy. */
enum { WINDOW_LOG_MAX = 27, RATIO_MAX = 8192, FREE_BYTES = 64 << 20 };

struct inflater {
    ZSTD_DStream *stream;
    ZSTD_inBuffer input;
    uint64_t taken, given;
};

int inflater_new(struct inflater **inflater, struct error *err)
{
    struct inflater *made = xcalloc(1, sizeof(*made));

    made->stream = ZSTD_createDStream();
    if (!made->stream || ZSTD_isError(ZSTD_initDStream(made->stream))) {
        inflater_free(made);
        return error_set(err, ENOMEM, "no memory to inflate records");
    }
    ZSTD_DCtx_setParameter(made->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    *inflater = made;
    return 0;
}

void inflater_free(struct inflater *inflater)
{
    if (!inflater)
        return;
    ZSTD_freeDStream(inflater->stream);
    free(inflater);
}

void inflater_feed(struct inflater *inflater, const uint8_t *bytes, size_t size)
{
    inflater->input = (ZSTD_inBuffer){.src = bytes, .size = size};
    inflater->taken += size;
}

int inflater_next(struct inflater *inflater, uint8_t *into, size_t room, size_t *got,
                  struct error *err)
{
    ZSTD_outBuffer output = {.dst = into, .size = room};
    size_t result;

    *got = 0;
    /* A call may take input and give nothing; what the stream holds back comes with none. */
    do {
        size_t before = inflater->input.pos;

        result = ZSTD_decompressStream(inflater->stream, &output, &inflater->input);
        if (ZSTD_isError(result))
            return error_set(err, EBADMSG, "the compressed records are damaged: %s",
                             ZSTD_getErrorName(result));
        if (!output.pos && inflater->input.pos == before)
            return 0;
    } while (!output.pos);
    inflater->given += output.pos;
    if (inflater->given > FREE_BYTES && inflater->given / RATIO_MAX > inflater->taken)
        return error_set(err, EBADMSG, "the compressed records inflate without measure");
    *got = output.pos;
    return 0;
}

#else

int inflater_new(struct inflater **inflater, struct error *err)
{
    (void)inflater;
    return error_set(err, ENOTSUP,
                     "its records are compressed, and this fiq was built without "
                     "libzstd; perf inject -i FILE -o FILE2 inflates them");
}

void inflater_free(struct inflater *inflater)
{
    (void)inflater;
}

void inflater_feed(struct inflater *inflater, const uint8_t *bytes, size_t size)
{
    (void)inflater;
    (void)bytes;
    (void)size;
}

int inflater_next(struct inflater *inflater, uint8_t *into, size_t room, size_t *got,
                  struct error *err)
{
    (void)inflater;
    (void)into;
    (void)room;
    (void)err;
    *got = 0;
    return 0;
}

#endif
