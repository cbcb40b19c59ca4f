/* A table of Go's functions in, wrapped into the ELF file that it would lie in: no crash, and
 * each address has frames with harmless texts or none. */
#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "symbolize/go_names.h"

enum {
    TABLE_AT = 0x500000,
    TEXT_OFFSET = 24, /* of the text's address in the table's header */
    TREES = 256,      /* where inline trees begin in the table */
    MODULE_TEXT = 176,
    MODULE_TREES = 320 /* in the program's moduledata */
};

/* The file: header, sections' names, moduledata, the table, section headers. */
struct program {
    Elf64_Ehdr header;
    char names[32];
    uint64_t module[42];
    Elf64_Shdr sections[4];
};

static void describe(Elf64_Shdr *section, uint32_t name, uint32_t type, uint64_t address,
                     size_t offset, size_t size)
{
    *section = (Elf64_Shdr){.sh_name = name,
                            .sh_type = type,
                            .sh_addr = address,
                            .sh_offset = offset,
                            .sh_size = size,
                            .sh_addralign = 1};
}

static uint8_t *wrap(const uint8_t *data, size_t size, size_t *file_size)
{
    static const char names[] = "\0.gopclntab\0.noptrdata\0.names";
    struct program program = {.header = {.e_type = ET_EXEC,
                                         .e_machine = EM_X86_64,
                                         .e_version = EV_CURRENT,
                                         .e_shoff = offsetof(struct program, sections),
                                         .e_ehsize = sizeof(Elf64_Ehdr),
                                         .e_shentsize = sizeof(Elf64_Shdr),
                                         .e_shnum = 4,
                                         .e_shstrndx = 3}};
    uint64_t table_address = TABLE_AT, trees = TABLE_AT + TREES;
    uint8_t *file = malloc(sizeof(program) + size);

    memcpy(program.header.e_ident, ELFMAG, SELFMAG);
    program.header.e_ident[EI_CLASS] = ELFCLASS64;
    program.header.e_ident[EI_DATA] = ELFDATA2LSB;
    program.header.e_ident[EI_VERSION] = EV_CURRENT;
    memcpy(program.names, names, sizeof(names));
    memcpy(program.module, &table_address, 8);
    if (size >= TEXT_OFFSET + 8)
        memcpy((uint8_t *)program.module + MODULE_TEXT, data + TEXT_OFFSET, 8);
    memcpy((uint8_t *)program.module + MODULE_TREES, &trees, 8);
    describe(&program.sections[1], 1, SHT_PROGBITS, TABLE_AT, sizeof(program), size);
    describe(&program.sections[2], 12, SHT_PROGBITS, TABLE_AT / 2,
             offsetof(struct program, module), sizeof(program.module));
    describe(&program.sections[3], 23, SHT_STRTAB, 0, offsetof(struct program, names),
             sizeof(program.names));
    memcpy(file, &program, sizeof(program));
    memcpy(file + sizeof(program), data, size);
    *file_size = sizeof(program) + size;
    return file;
}

static size_t look_up(struct go_names *table)
{
    size_t length = 0;

    for (uint64_t offset = 0; offset < 512; offset += 7) {
        struct dwarf_frame *frames = NULL;
        size_t count = 0, room = 0;

        go_names_find(table, table->text + offset, true, &frames, &count, &room);
        for (size_t i = 0; i < count; i++)
            length += (frames[i].name ? strlen(frames[i].name) : 0) +
                      (frames[i].path ? strlen(frames[i].path) : 0);
        free(frames);
    }
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t file_size;
    uint8_t *file = wrap(data, size, &file_size);
    struct image *image;
    struct go_names table;
    volatile size_t length = 0;

    if (!image_open_memory(&image, file, file_size, "fuzz", NULL)) {
        if (go_names_open(&table, image)) {
            length = look_up(&table);
            go_names_close(&table);
        }
        image_close(image);
    }
    (void)length;
    free(file);
    return 0;
}
