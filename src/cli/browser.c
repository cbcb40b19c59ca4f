#include "cli/browser.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"

enum { WAIT_MS = 1500, STEP_MS = 10 }; /* how long a command may take to say that it fails */

/* "firefox", "firefox --new-window %s": the path is an argument of the shell, so that nothing
 * in it is taken for shell code. */
static char *shell_command(const char *browser, size_t length)
{
    const char *hole = memmem(browser, length, "%s", 2);
    size_t before = hole ? (size_t)(hole - browser) : length;

    if (!hole)
        return xasprintf("%.*s \"$1\"", (int)length, browser);
    return xasprintf("%.*s\"$1\"%.*s", (int)before, browser, (int)(length - before - 2),
                     hole + 2);
}

static void leave_root(void)
{
    const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");

    if (geteuid() || !uid || !gid)
        return;
    if (setgroups(0, NULL) || setgid((gid_t)strtoul(gid, NULL, 10)) ||
        setuid((uid_t)strtoul(uid, NULL, 10)))
        _exit(126);
}

static void run(const char *command, const char *path)
{
    int null = open("/dev/null", O_RDWR);
    sigset_t none;

    /* What a measurement made of signals is not for the browser, nor is a Ctrl-C. */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    leave_root();
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    execl("/bin/sh", "sh", "-c", command, "sh", path, (char *)NULL);
    _exit(127);
}

/* Whether the command did its work or is still at it. */
static bool starts(const char *command, const char *path)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000};
    int status;
    pid_t pid = fork();

    if (pid == 0)
        run(command, path);
    for (int waited = 0; pid > 0 && waited < WAIT_MS; waited += STEP_MS) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) && !WEXITSTATUS(status);
        nanosleep(&step, NULL);
    }
    return pid > 0;
}

int browser_open(const char *path, struct error *err)
{
    const char *browsers = getenv("BROWSER"), *at = browsers;

    if (!browsers || !*browsers)
        at = browsers = "xdg-open";
    while (*at) {
        size_t length = strcspn(at, ":");
        char *command = shell_command(at, length);
        bool started = length && starts(command, path);

        free(command);
        if (started)
            return 0;
        at += length + (at[length] == ':');
    }
    error_set(err, ENOENT, "cannot show %s: %s does not start", path, browsers);
    error_hint(err, "set BROWSER to the command of your browser");
    return -ENOENT;
}
