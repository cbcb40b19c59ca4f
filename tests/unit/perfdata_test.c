#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "perf/perfdata.h"
#include "perfdata_file.h"

static struct maker maker;
static struct perfdata *file;
static struct source *source;
static struct error err;
static char seen[4096];

static void tear_down(void)
{
    perfdata_close(file);
    source_close(source);
}

/* What comes, in short: "C app 1 | S 10 @100>200 e0 | …". */
static void take(const struct record *record, size_t event, void *data)
{
    char text[256] = "";

    (void)data;
    switch ((int)record->kind) {
    case RECORD_COMM:
        snprintf(text, sizeof(text), "comm %s", record->comm);
        break;
    case RECORD_MAPPING:
        snprintf(text, sizeof(text), "map %s %llx inode %llu id %02x%s", record->mapping.path,
                 (unsigned long long)record->mapping.start,
                 (unsigned long long)record->mapping.inode, record->mapping.build_id[0],
                 record->mapping.executable ? " x" : "");
        break;
    case RECORD_SAMPLE:
        snprintf(text, sizeof(text), "sample %d:%llu %llx<%llx e%zu w%llu", record->tid,
                 (unsigned long long)record->time,
                 (unsigned long long)record->sample.callchain[1],
                 (unsigned long long)record->sample.callchain[2], event,
                 (unsigned long long)record->sample.period);
        break;
    default:
        snprintf(text, sizeof(text), "other %u", record->type);
        break;
    }
    if (strlen(seen) + strlen(text) + 4 < sizeof(seen))
        strcat(strcat(seen, *seen ? " | " : ""), text);
}

static int open_file(void)
{
    source = source_over("in.data", maker.bytes, maker.size);
    return perfdata_open(&file, source, &err);
}

static int read_all(void)
{
    int failed = open_file();

    *seen = '\0';
    return failed ? failed : perfdata_read(file, take, NULL, &err);
}

static void a_small_file(bool swapped, size_t attr_size)
{
    begin_file(&maker, swapped, false, attr_size);
    put_comm(&maker, "app", 1);
    put_mmap(&maker, "/bin/app", 0x10000, 2);
    put_sample(&maker, 10, 1, 0x10100, 0x10200);
    end_data(&maker);
}

static const char small_file[] = "comm app | map /bin/app 10000 inode 1234 id 00 x | "
                                 "sample 8:10 10100<10200 e0 w1000";

TestSuite(perfdata, .fini = tear_down);

Test(perfdata, a_file_of_this_byte_order)
{
    a_small_file(false, 64);

    cr_expect(eq(int, read_all(), 0));
    cr_expect(eq(str, seen, (char *)small_file));
    cr_expect(not(perfdata_facts(file)->foreign));
}

Test(perfdata, a_file_of_the_other_byte_order)
{
    a_small_file(true, 64);

    cr_expect(eq(int, read_all(), 0));
    cr_expect(eq(str, seen, (char *)small_file));
    cr_expect(perfdata_facts(file)->foreign);
}

Test(perfdata, attributes_of_new_and_future_kernels)
{
    size_t sizes[] = {72, 96, 112, 136, 200};

    for (size_t i = 0; i < 5; i++) {
        a_small_file(false, sizes[i]);
        cr_expect(eq(int, read_all(), 0));
        cr_expect(eq(str, seen, (char *)small_file), "%zu", sizes[i]);
        tear_down();
    }
    file = NULL;
    source = NULL;
}

Test(perfdata, events_have_names_and_kinds)
{
    begin_file(&maker, false, true, 64);
    end_data(&maker);
    size_t count;

    cr_assert(eq(int, open_file(), 0));
    const struct perfdata_event *events = perfdata_events(file, &count);
    cr_assert(eq(sz, count, 2));
    cr_expect(eq(str, events[0].name, "cpu-clock"));
    cr_expect(events[0].is_clock);
    cr_expect(eq(u64, events[0].period, 1000000));
    cr_expect(eq(str, events[1].name, "page-faults"));
    cr_expect(not(events[1].is_clock));
}

Test(perfdata, samples_know_their_event)
{
    for (int swapped = 0; swapped < 2; swapped++) {
        begin_file(&maker, swapped, true, 64);
        put_sample(&maker, 10, 2, 0x1, 0x2);
        put_sample(&maker, 11, 1, 0x3, 0x4);
        end_data(&maker);

        cr_expect(eq(int, read_all(), 0));
        cr_expect(eq(str, seen, "sample 8:10 1<2 e1 w1000 | sample 8:11 3<4 e0 w1000"));
        if (!swapped)
            tear_down();
    }
}

Test(perfdata, records_come_in_the_order_of_time)
{
    begin_file(&maker, false, false, 64);
    put_sample(&maker, 30, 1, 3, 0); /* ring of one CPU … */
    put_sample(&maker, 50, 1, 5, 0);
    put_sample(&maker, 20, 1, 2, 0); /* … and of another */
    put_round(&maker);
    put_sample(&maker, 60, 1, 6, 0);
    put_sample(&maker, 40, 1, 4, 0);
    put_round(&maker);
    end_data(&maker);

    cr_expect(eq(int, read_all(), 0));
    cr_expect(
        eq(str, seen,
           "sample 8:20 2<0 e0 w1000 | sample 8:30 3<0 e0 w1000 | sample 8:40 4<0 e0 w1000 | "
           "sample 8:50 5<0 e0 w1000 | sample 8:60 6<0 e0 w1000"));
}

static uint64_t samples_seen, late_samples, last_time;

static void take_time(const struct record *record, size_t event, void *data)
{
    (void)event;
    (void)data;
    samples_seen++;
    late_samples += record->time < last_time;
    last_time = record->time;
}

/* As perf record --threads writes: a file a thread, without rounds; more than one of the rounds
 * that are made up for them. */
Test(perfdata, records_of_several_files_come_in_the_order_of_time)
{
    enum { SAMPLES = 200000, TIME_AT = 32 };
    struct source *sources[2];
    uint8_t *parts[2];
    size_t sizes[2] = {0}, size;

    put_sample(&maker, 1, 1, 7, 0);
    size = maker.size;
    for (size_t i = 0; i < 2; i++)
        parts[i] = malloc(SAMPLES * size);
    for (uint64_t time = 1; time <= SAMPLES; time++) {
        size_t part = time % 3 == 0 || time < SAMPLES / 2;
        uint8_t *to = parts[part] + sizes[part];

        memcpy(to, maker.bytes, size);
        memcpy(to + TIME_AT, &time, sizeof(time));
        sizes[part] += size;
    }
    begin_file(&maker, false, false, 64);
    end_data(&maker);
    cr_assert(zero(int, open_file()));
    for (size_t i = 0; i < 2; i++)
        perfdata_add_part(file, sources[i] = source_over("part", parts[i], sizes[i]));

    cr_expect(zero(int, perfdata_read(file, take_time, NULL, &err)), "%s", err.message);
    cr_expect(eq(u64, samples_seen, SAMPLES));
    cr_expect(eq(u64, last_time, SAMPLES));
    cr_expect(zero(u64, late_samples));
    for (size_t i = 0; i < 2; i++) {
        source_close(sources[i]);
        free(parts[i]);
    }
}

Test(perfdata, records_of_one_time_keep_their_order)
{
    begin_file(&maker, false, false, 64);
    for (uint64_t i = 1; i <= 3; i++)
        put_sample(&maker, 5, 1, i, 0);
    put_sample(&maker, 4, 1, 9, 0);
    end_data(&maker);

    cr_expect(eq(int, read_all(), 0));
    cr_expect(
        eq(str, seen,
           "sample 8:4 9<0 e0 w1000 | sample 8:5 1<0 e0 w1000 | sample 8:5 2<0 e0 w1000 | "
           "sample 8:5 3<0 e0 w1000"));
}

Test(perfdata, what_has_no_date_comes_at_once)
{
    begin_file(&maker, false, false, 64);
    put_sample(&maker, 5, 1, 1, 0);
    put_comm(&maker, "early", 0);
    end_data(&maker);

    cr_expect(eq(int, read_all(), 0));
    cr_expect(eq(str, seen, "comm early | sample 8:5 1<0 e0 w1000"));
}

Test(perfdata, features_give_host_and_build_ids)
{
    static const uint8_t id[20] = {0xab, 0xcd};

    for (int swapped = 0; swapped < 2; swapped++) {
        a_small_file(swapped, 64);
        put_features(&maker, "box", "/bin/app", id);

        cr_expect(eq(int, read_all(), 0));
        cr_expect(eq(str, perfdata_facts(file)->host, "box"));
        cr_expect(ne(ptr, strstr(seen, "id ab"), NULL), "%s", seen);
        if (!swapped)
            tear_down();
    }
}

static void begin_pipe(bool swapped)
{
    size_t at;

    maker.size = 0;
    maker.swapped = swapped;
    put_bytes(&maker, swapped ? "2ELIFREP" : "PERFILE2", 8);
    put64(&maker, 16);
    at = begin_record(&maker, 64, 0);
    put_attr(&maker, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 72);
    put64(&maker, 1);
    end_record(&maker, at);
}

Test(perfdata, pipe_mode)
{
    for (int swapped = 0; swapped < 2; swapped++) {
        begin_pipe(swapped);
        size_t at = begin_record(&maker, 78, 0); /* EVENT_UPDATE: a name */
        put64(&maker, 2);
        put64(&maker, 1);
        put_text(&maker, "mine");
        end_record(&maker, at);
        put_sample(&maker, 10, 1, 1, 2);
        size_t count;

        cr_expect(eq(int, read_all(), 0));
        cr_expect(eq(str, seen, "sample 8:10 1<2 e0 w1000"));
        cr_expect(eq(str, perfdata_events(file, &count)[0].name, "mine"));
        if (!swapped)
            tear_down();
    }
}

Test(perfdata, trace_data_behind_a_record_is_skipped)
{
    begin_pipe(false);
    size_t at = begin_record(&maker, 66, 0);
    put32(&maker, 13);
    put32(&maker, 0);
    end_record(&maker, at);
    put_bytes(&maker, "0123456789abcdef", 16);
    put_sample(&maker, 10, 1, 1, 2);

    cr_expect(eq(int, read_all(), 0));
    cr_expect(eq(str, seen, "sample 8:10 1<2 e0 w1000"));
}

Test(perfdata, a_recording_that_was_killed_is_read_to_its_end)
{
    a_small_file(false, 64);
    patch64(&maker, DATA_SIZE_AT, 0);
    maker.size -= 3;

    cr_expect(eq(int, read_all(), 0));
    cr_expect(eq(str, seen, "comm app | map /bin/app 10000 inode 1234 id 00 x"));
    cr_expect(perfdata_facts(file)->cut_short);
}

Test(perfdata, a_record_without_size_is_an_error_with_its_place)
{
    a_small_file(false, 64);
    memset(maker.bytes + data_at(&maker) + 6, 0, 2);

    cr_expect(eq(int, read_all(), -EBADMSG));
    cr_expect(ne(ptr, strstr(err.message, "in.data, record at byte"), NULL), "%s", err.message);
}

Test(perfdata, records_that_lie_about_their_content_are_counted)
{
    begin_file(&maker, false, false, 64);
    put_sample(&maker, 10, 1, 1, 2);
    patch64(&maker, maker.size - 32, UINT64_MAX); /* frames in the chain */
    put_sample(&maker, 11, 1, 3, 4);
    end_data(&maker);

    cr_expect(eq(int, read_all(), 0));
    cr_expect(eq(str, seen, "sample 8:11 3<4 e0 w1000"));
    cr_expect(eq(u64, perfdata_facts(file)->unexplained, 1));
}

Test(perfdata, headers_that_lie_are_refused)
{
    size_t places[] = {8, 16, 24, 32, 40};

    for (size_t i = 0; i < 5; i++) {
        a_small_file(false, 64);
        patch64(&maker, places[i], UINT64_MAX - 7);
        cr_expect(eq(int, open_file(), -EBADMSG), "byte %zu", places[i]);
        source_close(source);
        file = NULL;
        source = NULL;
    }
}

#ifdef HAVE_ZSTD
Test(perfdata, compressed_records_may_be_cut_anywhere)
{
    static uint8_t records[4096], packed[4096];
    size_t size, packed_size, at;

    a_small_file(false, 64);
    size = maker.size - data_at(&maker);
    memcpy(records, maker.bytes + data_at(&maker), size);
    packed_size = ZSTD_compress(packed, sizeof(packed), records, size, 1);
    begin_file(&maker, false, false, 64);
    for (size_t from = 0; from < packed_size; from += 7) { /* many pieces of one stream */
        at = begin_record(&maker, 81, 0);
        put_bytes(&maker, packed + from, packed_size - from < 7 ? packed_size - from : 7);
        end_record(&maker, at);
    }
    end_data(&maker);

    cr_expect(eq(int, read_all(), 0), "%s", err.message);
    cr_expect(eq(str, seen, (char *)small_file));
}

Test(perfdata, damaged_compressed_records_are_an_error)
{
    begin_file(&maker, false, false, 64);
    size_t at = begin_record(&maker, 81, 0);
    put_bytes(&maker, "this is not zstd", 16);
    end_record(&maker, at);
    end_data(&maker);

    cr_expect(eq(int, read_all(), -EBADMSG));
}
#endif
