#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "elf/lazy_section.h"

/* An ELF file of one section, compressed, and the table of names. */
enum { PLAIN = 1 << 20, ROOM = 2 * PLAIN };

static uint8_t plain[PLAIN], file[ROOM];
static size_t file_size, data_at, data_size;
static const char names[] = "\0.debug_info\0.zdebug_str\0.shstrtab";
enum { NAME_INFO = 1, NAME_OLD = 13, NAME_NAMES = 25 };

static void fill(void)
{
    uint32_t state = 1;

    for (size_t i = 0; i < PLAIN; i++) {
        state = state * 1664525 + 1013904223;
        plain[i] = (uint8_t)(state >> 28); /* half of it is redundant */
    }
}

static void make_file(uint32_t name)
{
    Elf64_Ehdr header = {.e_ident = ELFMAG "\2\1\1",
                         .e_type = ET_DYN,
                         .e_machine = EM_X86_64,
                         .e_version = EV_CURRENT,
                         .e_ehsize = sizeof(header),
                         .e_shentsize = sizeof(Elf64_Shdr),
                         .e_shnum = 3,
                         .e_shstrndx = 2};
    Elf64_Chdr packed = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = PLAIN, .ch_addralign = 1};
    uint8_t old[12] = {'Z', 'L', 'I', 'B', 0, 0, 0, 0, 0, PLAIN >> 16, 0, 0};
    bool is_old = name == NAME_OLD;
    uLongf size = ROOM - 4096;

    data_at = 4096 + (is_old ? sizeof(old) : sizeof(packed));
    memcpy(file + 4096, is_old ? (const void *)old : &packed, data_at - 4096);
    cr_assert(eq(int, compress(file + data_at, &size, plain, PLAIN), Z_OK));
    data_size = size;
    Elf64_Shdr sections[3] = {[1] = {.sh_name = name,
                                     .sh_type = SHT_PROGBITS,
                                     .sh_flags = is_old ? 0 : SHF_COMPRESSED,
                                     .sh_offset = 4096,
                                     .sh_size = data_at - 4096 + size},
                              [2] = {.sh_name = NAME_NAMES,
                                     .sh_type = SHT_STRTAB,
                                     .sh_offset = 1024,
                                     .sh_size = sizeof(names)}};
    header.e_shoff = 2048;
    memcpy(file, &header, sizeof(header));
    memcpy(file + 1024, names, sizeof(names));
    memcpy(file + 2048, sections, sizeof(sections));
    file_size = data_at + size;
}

static struct image *image;
static struct lazy_section section;

static int open_section(const char *name)
{
    size_t budget = 2 * PLAIN;

    cr_assert(eq(int, image_open_memory(&image, file, file_size, "test", NULL), 0));
    return lazy_section_open(&section, image, name, &budget, NULL);
}

static void close_section(void)
{
    lazy_section_close(&section);
    image_close(image);
}

static void expect_bytes(size_t offset, size_t size)
{
    const uint8_t *bytes = lazy_section_bytes(&section, offset, size);

    cr_assert_not_null(bytes);
    cr_expect(memcmp(bytes, plain + offset, size) == 0, "at %zu", offset);
}

TestSuite(lazy_section, .init = fill, .fini = close_section);

Test(lazy_section, is_inflated_as_far_as_it_is_read)
{
    make_file(NAME_INFO);
    cr_assert(eq(int, open_section(".debug_info"), 0));

    expect_bytes(10, 100);
    cr_expect(eq(u8, section.bytes[PLAIN - 1], 0), "the end was inflated, too");
    expect_bytes(400000, 200000);
    expect_bytes(5, 300000);
    expect_bytes(0, PLAIN);
    cr_expect_not(section.damaged);
    cr_expect_null(lazy_section_bytes(&section, PLAIN - 1, 2));
}

Test(lazy_section, of_the_old_kind_too)
{
    make_file(NAME_OLD);
    cr_assert(eq(int, open_section(".debug_str"), 0));

    expect_bytes(PLAIN - 1000, 1000);
}

Test(lazy_section, damage_shows_when_it_is_reached)
{
    make_file(NAME_INFO);
    memset(file + data_at + data_size / 2, 0xff, data_size / 4);
    cr_assert(eq(int, open_section(".debug_info"), 0));

    expect_bytes(0, 1000);
    cr_expect_not(section.damaged);
    cr_expect_not_null(lazy_section_bytes(&section, 0, PLAIN));
    cr_expect(section.damaged);
}

Test(lazy_section, that_is_shorter_than_it_says_is_damaged)
{
    Elf64_Chdr packed = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = PLAIN + 1};

    make_file(NAME_INFO);
    memcpy(file + 4096, &packed, sizeof(packed));
    cr_assert(eq(int, open_section(".debug_info"), 0));

    lazy_section_bytes(&section, 0, PLAIN);
    cr_expect_not(section.damaged);
    lazy_section_bytes(&section, 0, PLAIN + 1);
    cr_expect(section.damaged);
}

Test(lazy_section, without_a_zlib_header_is_an_error)
{
    make_file(NAME_INFO);
    file[data_at] ^= 1;

    cr_expect(eq(int, open_section(".debug_info"), -EBADMSG));
}
