#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/output.h"

static char directory[] = "/tmp/fiq-output-XXXXXX";
static struct output output;
static struct error err;

static void set_up(void)
{
    cr_assert(ne(ptr, mkdtemp(directory), NULL));
    cr_assert(eq(int, chdir(directory), 0));
}

static void tear_down(void)
{
    DIR *open_directory = opendir(".");
    struct dirent *entry;

    while ((entry = readdir(open_directory)))
        unlink(entry->d_name);
    closedir(open_directory);
    rmdir(directory);
}

static int entries(void)
{
    DIR *open_directory = opendir(".");
    int count = -2; /* . and .. */

    while (readdir(open_directory))
        count++;
    closedir(open_directory);
    return count;
}

static char *content(const char *path)
{
    static char text[256];
    FILE *file = fopen(path, "r");

    cr_assert(ne(ptr, file, NULL), "%s is missing", path);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
}

TestSuite(output, .init = set_up, .fini = tear_down);

Test(output, the_file_appears_at_commit_and_not_before)
{
    cr_assert(eq(int, output_open(&output, "new.svg", &err), 0));
    fputs("<svg/>", output.stream);
    cr_expect(ne(int, access("new.svg", F_OK), 0));

    cr_expect(eq(int, output_commit(&output, &err), 0));

    cr_expect(eq(str, content("new.svg"), "<svg/>"));
    cr_expect(eq(int, entries(), 1));
}

Test(output, what_was_there_stays_when_it_is_discarded)
{
    put("old.svg", "old");
    cr_assert(eq(int, output_open(&output, "old.svg", &err), 0));
    fputs("half", output.stream);
    fflush(output.stream);

    output_discard(&output);

    cr_expect(eq(str, content("old.svg"), "old"));
    cr_expect(eq(int, entries(), 1), "nothing is left beside it");
    output_discard(&output); /* once more does no harm */
}

Test(output, nothing_is_left_when_the_writer_is_killed)
{
    int unnamed = open(".", O_TMPFILE | O_RDWR, 0600), status;
    pid_t child;

    if (unnamed < 0)
        cr_skip("this file system has no files without a name");
    close(unnamed);
    child = fork();
    if (!child) {
        output_open(&output, "out", &err);
        fputs("half of it", output.stream);
        fflush(output.stream);
        raise(SIGKILL);
    }
    cr_assert(eq(int, waitpid(child, &status, 0), child));

    cr_assert(eq(int, WTERMSIG(status), SIGKILL));
    cr_expect(eq(int, entries(), 0));
}

Test(output, names_that_are_taken_are_passed_over)
{
    char *taken;

    cr_assert(gt(int, asprintf(&taken, ".fiq-%d-0", (int)getpid()), 0));
    put(taken, "another's");
    cr_assert(zero(i32, output_open(&output, "out", &err)));
    fputs("mine", output.stream);

    cr_expect(zero(i32, output_commit(&output, &err)));

    cr_expect(eq(str, content("out"), "mine"));
    cr_expect(eq(str, content(taken), "another's"));
    free(taken);
}

Test(output, the_mode_of_an_earlier_file_and_the_umask_are_kept)
{
    struct stat file;

    put("private.svg", "old");
    chmod("private.svg", 0600);
    cr_assert(eq(int, output_open(&output, "private.svg", &err), 0));
    cr_assert(eq(int, output_commit(&output, &err), 0));
    stat("private.svg", &file);
    cr_expect(eq(u32, file.st_mode & 0777, 0600));

    umask(027);
    cr_assert(eq(int, output_open(&output, "new.svg", &err), 0));
    cr_assert(eq(int, output_commit(&output, &err), 0));
    stat("new.svg", &file);
    cr_expect(eq(u32, file.st_mode & 0777, 0640));
}

Test(output, a_link_stays_a_link_to_the_new_content)
{
    struct stat file;

    put("real.svg", "old");
    cr_assert(eq(int, symlink("real.svg", "link.svg"), 0));
    cr_assert(eq(int, output_open(&output, "link.svg", &err), 0));
    fputs("new", output.stream);
    cr_assert(eq(int, output_commit(&output, &err), 0));

    lstat("link.svg", &file);
    cr_expect(eq(u32, file.st_mode & S_IFMT, S_IFLNK));
    cr_expect(eq(str, content("real.svg"), "new"));
}

Test(output, a_missing_directory_and_a_directory_are_named)
{
    cr_expect(eq(int, output_open(&output, "none/x.svg", &err), -ENOENT));
    cr_expect(ne(ptr, strstr(err.message, "none/x.svg"), NULL));
    cr_expect(eq(int, output_open(&output, ".", &err), -EISDIR));
}

Test(output, a_full_device_is_an_error)
{
    cr_assert(eq(int, output_open(&output, "/dev/full", &err), 0));
    fputs("x", output.stream);

    cr_expect(eq(int, output_commit(&output, &err), -ENOSPC));

    cr_expect(ne(ptr, strstr(err.message, "/dev/full"), NULL));
}

Test(output, a_pipe_without_a_reader_is_refused_at_once, .timeout = 120)
{
    cr_assert(eq(int, mkfifo("pipe", 0600), 0));
    cr_expect(eq(int, output_open(&output, "pipe", &err), -ENXIO));
}

Test(output, under_sudo_the_file_belongs_to_the_user)
{
    struct stat file;

    if (geteuid())
        cr_skip("only root can give files away");
    setenv("SUDO_UID", "65534", 1);
    setenv("SUDO_GID", "65533", 1);
    cr_assert(eq(int, output_open(&output, "mine.svg", &err), 0));
    cr_assert(eq(int, output_commit(&output, &err), 0));
    stat("mine.svg", &file);
    cr_expect(eq(u32, file.st_uid, 65534));
    cr_expect(eq(u32, file.st_gid, 65533));
}
