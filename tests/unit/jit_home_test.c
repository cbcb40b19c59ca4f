#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/jit_home.h"

static char directory[] = "/tmp/fiq-jit-home-XXXXXX";
static char path[64];
static struct jit_home home;

static void set_up(void)
{
    cr_assert_not_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/perf-4711.map", directory);
    home = (struct jit_home){.tmp = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC),
                             .inner_pid = 4711,
                             .owner = geteuid()};
}

static void tear_down(void)
{
    close(home.tmp);
    unlink(path);
    rmdir(directory);
}

static void expect_refused(int why)
{
    cr_expect(eq(int, jit_home_open_map(&home), -1));
    cr_expect(eq(int, errno, why));
}

TestSuite(jit_home, .init = set_up, .fini = tear_down);

Test(jit_home, a_map_of_the_process_is_opened)
{
    int fd;

    close(open(path, O_CREAT | O_WRONLY, 0600));
    fd = jit_home_open_map(&home);

    cr_expect(ge(int, fd, 0));
    close(fd);
}

Test(jit_home, no_map)
{
    expect_refused(ENOENT);
}

Test(jit_home, links_and_fifos_are_not_followed)
{
    cr_assert(eq(int, symlink("/etc/passwd", path), 0));
    expect_refused(EPERM);
    unlink(path);
    cr_assert(eq(int, mkfifo(path, 0600), 0));
    expect_refused(EPERM);
}

Test(jit_home, a_map_older_than_the_process_is_of_another)
{
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

    close(open(path, O_CREAT | O_WRONLY, 0600));
    utimensat(AT_FDCWD, path, times, 0);
    home.started = 2000;
    expect_refused(ESTALE);
}

Test(jit_home, this_process_knows_itself)
{
    struct jit_home *own = jit_home_open(getpid(), getpid());

    cr_expect(own->seen && own->inner_pid == getpid() && own->owner == geteuid());
    cr_expect_str_eq(own->program, "jit_home_test");
    cr_expect(own->started > 1000000000);
    jit_home_close(own);
}
