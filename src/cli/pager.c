#include "cli/pager.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *pager_command(void)
{
    const char *command = getenv("PAGER"), *terminal = getenv("TERM");

    if (!isatty(STDOUT_FILENO) || !terminal || !strcmp(terminal, "dumb"))
        return NULL;
    if (!command)
        command = "less";
    return *command && strcmp(command, "cat") ? command : NULL;
}

static void run_pager(const char *command, int input)
{
    dup2(input, STDIN_FILENO);
    /* What git sets as well: quit when it fits, pass colours, leave the screen. */
    setenv("LESS", "FRX", 0);
    setenv("LV", "-c", 0);
    signal(SIGPIPE, SIG_DFL);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

void pager_begin(struct pager *pager, bool wanted)
{
    const char *command = wanted ? pager_command() : NULL;
    int ends[2];

    *pager = (struct pager){.out = stdout};
    if (!command || (!getenv("PAGER") && access("/usr/bin/less", X_OK)) || pipe(ends))
        return;
    fflush(NULL);
    pager->pid = fork();
    if (pager->pid == 0) {
        close(ends[1]);
        run_pager(command, ends[0]);
    }
    close(ends[0]);
    if (pager->pid > 0)
        pager->out = fdopen(ends[1], "w");
    if (pager->pid > 0 && pager->out) {
        signal(SIGPIPE, SIG_IGN); /* quitting the pager early is no accident */
        return;
    }
    close(ends[1]);
    *pager = (struct pager){.out = stdout};
}

int pager_end(struct pager *pager)
{
    int failed = 0;

    if (fflush(pager->out) || ferror(pager->out))
        failed = errno ? -errno : -EIO;
    if (!pager->pid)
        return failed;
    fclose(pager->out);
    while (waitpid(pager->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    return failed == -EPIPE ? 0 : failed;
}
