/* Makes perf.data files in memory, in either byte order. */
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct maker {
    uint8_t bytes[64 * 1024];
    size_t size;
    bool swapped;
};

static void put_bytes(struct maker *maker, const void *bytes, size_t size)
{
    memcpy(maker->bytes + maker->size, bytes, size);
    maker->size += size;
}

static void put16(struct maker *maker, uint16_t value)
{
    value = maker->swapped ? __builtin_bswap16(value) : value;
    put_bytes(maker, &value, sizeof(value));
}

static void put32(struct maker *maker, uint32_t value)
{
    value = maker->swapped ? __builtin_bswap32(value) : value;
    put_bytes(maker, &value, sizeof(value));
}

static void put64(struct maker *maker, uint64_t value)
{
    value = maker->swapped ? __builtin_bswap64(value) : value;
    put_bytes(maker, &value, sizeof(value));
}

/* With its NUL, padded to a multiple of 8. */
static void put_text(struct maker *maker, const char *text)
{
    size_t size = (strlen(text) + 8) / 8 * 8;

    memset(maker->bytes + maker->size, 0, size);
    memcpy(maker->bytes + maker->size, text, strlen(text));
    maker->size += size;
}

static void patch64(struct maker *maker, size_t at, uint64_t value)
{
    size_t size = maker->size;

    maker->size = at;
    put64(maker, value);
    maker->size = size;
}

/* ---- records ---- */

static size_t begin_record(struct maker *maker, uint32_t type, uint16_t misc)
{
    size_t at = maker->size;

    put32(maker, type);
    put16(maker, misc);
    put16(maker, 0);
    return at;
}

static void end_record(struct maker *maker, size_t at)
{
    size_t size = maker->size;

    maker->size = at + 6;
    put16(maker, (uint16_t)(size - at));
    maker->size = size;
}

enum {
    SAMPLE_TYPE = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                  PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN
};

static void put_trailer(struct maker *maker, uint64_t time, uint64_t id)
{
    put32(maker, 7);
    put32(maker, 7);
    put64(maker, time);
    put64(maker, id);
}

static void put_comm(struct maker *maker, const char *comm, uint64_t time)
{
    size_t at = begin_record(maker, PERF_RECORD_COMM, 0);

    put32(maker, 7);
    put32(maker, 7);
    put_text(maker, comm);
    put_trailer(maker, time, 1);
    end_record(maker, at);
}

static void put_mmap(struct maker *maker, const char *path, uint64_t start, uint64_t time)
{
    size_t at = begin_record(maker, PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);

    put32(maker, 7);
    put32(maker, 7);
    put64(maker, start);
    put64(maker, 0x1000);
    put64(maker, 0);
    put32(maker, 8);
    put32(maker, 1);
    put64(maker, 1234); /* inode */
    put64(maker, 0);
    put32(maker, 5); /* PROT_READ | PROT_EXEC */
    put32(maker, 2);
    put_text(maker, path);
    put_trailer(maker, time, 1);
    end_record(maker, at);
}

/* A sample of the user frames `inner` and, outside of it, `outer`. */
static void put_sample(struct maker *maker, uint64_t time, uint64_t id, uint64_t inner,
                       uint64_t outer)
{
    size_t at = begin_record(maker, PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);

    put64(maker, id);
    put64(maker, inner);
    put32(maker, 7);
    put32(maker, 8);
    put64(maker, time);
    put64(maker, 1000); /* period */
    put64(maker, 3);
    put64(maker, PERF_CONTEXT_USER);
    put64(maker, inner);
    put64(maker, outer);
    end_record(maker, at);
}

static void put_round(struct maker *maker)
{
    end_record(maker, begin_record(maker, 68, 0));
}

/* ---- the file around them ---- */

/* 64 bytes, the oldest size, unless more is wanted. */
static void put_attr(struct maker *maker, uint32_t type, uint64_t config, size_t size)
{
    static const uint64_t flags = 1u << 18; /* sample_id_all */
    uint8_t flag_bytes[8] = {0};
    size_t end = maker->size + size;

    for (unsigned i = 0; i < 64; i++)
        if (flags >> i & 1)
            flag_bytes[i / 8] |= (uint8_t)(1u << (maker->swapped ? 7 - i % 8 : i % 8));
    put32(maker, type);
    put32(maker, (uint32_t)size);
    put64(maker, config);
    put64(maker, 1000000); /* period */
    put64(maker, SAMPLE_TYPE);
    put64(maker, 0);
    put_bytes(maker, flag_bytes, sizeof(flag_bytes));
    memset(maker->bytes + maker->size, 0, end - maker->size);
    maker->size = end;
}

enum { DATA_SIZE_AT = 48, FLAGS_AT = 72, FILE_HEADER = 104 };

/* A file with cpu-clock (its number is 1) and, if wanted, page-faults (2).  Records follow. */
static void begin_file(struct maker *maker, bool swapped, bool two_events, size_t attr_size)
{
    size_t events = two_events ? 2 : 1, ids = FILE_HEADER;

    maker->size = 0;
    maker->swapped = swapped;
    put_bytes(maker, swapped ? "2ELIFREP" : "PERFILE2", 8);
    put64(maker, FILE_HEADER);
    put64(maker, attr_size + 16);
    put64(maker, FILE_HEADER + 16); /* attrs, behind two numbers */
    put64(maker, events * (attr_size + 16));
    put64(maker, FILE_HEADER + 16 + events * (attr_size + 16)); /* data */
    put64(maker, 0);
    memset(maker->bytes + maker->size, 0, FILE_HEADER - maker->size);
    maker->size = FILE_HEADER;
    put64(maker, 1);
    put64(maker, 2);
    for (size_t i = 0; i < events; i++) {
        put_attr(maker, PERF_TYPE_SOFTWARE,
                 i ? PERF_COUNT_SW_PAGE_FAULTS : PERF_COUNT_SW_CPU_CLOCK, attr_size);
        put64(maker, ids + 8 * i);
        put64(maker, 8);
    }
}

static size_t data_at(const struct maker *maker)
{
    uint64_t offset;

    memcpy(&offset, maker->bytes + 40, sizeof(offset));
    return maker->swapped ? (size_t)__builtin_bswap64(offset) : (size_t)offset;
}

static void end_data(struct maker *maker)
{
    patch64(maker, DATA_SIZE_AT, maker->size - data_at(maker));
}

/* Two features: the host's name and the build ID of a path. */
static void put_features(struct maker *maker, const char *host, const char *path,
                         const uint8_t id[20])
{
    size_t table = maker->size, at;

    patch64(maker, FLAGS_AT, 1u << 2 | 1u << 3);
    for (int i = 0; i < 4; i++)
        put64(maker, 0);
    patch64(maker, table, maker->size);
    at = begin_record(maker, 0, 0);
    put32(maker, UINT32_MAX);
    put_bytes(maker, id, 20);
    put32(maker, 0);
    put_text(maker, path);
    end_record(maker, at);
    patch64(maker, table + 8, maker->size - at);
    patch64(maker, table + 16, maker->size);
    at = maker->size;
    put32(maker, (uint32_t)(strlen(host) + 8) / 8 * 8);
    put_text(maker, host);
    patch64(maker, table + 24, maker->size - at);
}
