#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child, between fork and exec: only async-signal-safe calls. */
static void become(char **command, const struct given *given, int go, int report)
{
    char byte;
    ssize_t got;
    int failed;

    do
        got = read(go, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1) /* fiq could not start its measurement */
        _exit(125);
    signal(SIGPIPE, given->pipe_handler);
    setrlimit(RLIMIT_NOFILE, &given->files);
    sigprocmask(SIG_SETMASK, &given->mask, NULL);
    execvp(command[0], command);
    failed = errno;
    if (write(report, &failed, sizeof(failed)) < 0)
        _exit(126);
    _exit(failed == ENOENT ? 127 : 126);
}

int child_start(struct child *child, char **command, const struct given *given,
                struct error *err)
{
    int go[2], report[2];

    *child = (struct child){.pid = -1, .go = -1, .report = -1};
    if (pipe2(go, O_CLOEXEC))
        return error_set(err, errno, "cannot make a pipe: %s", strerror(errno));
    if (pipe2(report, O_CLOEXEC)) {
        int failed = error_set(err, errno, "cannot make a pipe: %s", strerror(errno));

        close(go[0]);
        close(go[1]);
        return failed;
    }
    child->go = go[1];
    child->report = report[0];
    child->pid = fork();
    if (child->pid == 0) {
        close(go[1]);
        become(command, given, go[0], report[1]);
    }
    close(go[0]);
    close(report[1]);
    if (child->pid < 0) {
        int failed = error_set(err, errno, "cannot start a process: %s", strerror(errno));

        child_abandon(child);
        return failed;
    }
    return 0;
}

/* A name without a slash, which was looked for along PATH. */
static int explain_search(struct error *err, const char *name, int failed)
{
    if (failed == ENOENT)
        error_set(err, failed, "cannot execute %s: no directory of PATH has it", name);
    else
        error_set(err, failed, "cannot execute %s: %s", name, strerror(failed));
    if ((failed == ENOENT || failed == EACCES) && !access(name, X_OK))
        error_hint(err, "the one in this directory is ./%s", name);
    else if (failed == EACCES)
        error_hint(err, "what PATH has of that name may not be executed, or a directory of "
                        "PATH may not be read");
    return -failed;
}

/* The kernel's words alone would send the user to look for a file that is there. */
static int explain_exec(struct error *err, const char *name, int failed)
{
    struct stat file;

    if (!strchr(name, '/'))
        return explain_search(err, name, failed);
    error_set(err, failed, "cannot execute %s: %s", name, strerror(failed));
    if (stat(name, &file))
        return -failed;
    if (failed == ENOENT)
        error_set(err, failed,
                  "cannot execute %s: the interpreter that its first line or its ELF header "
                  "names is missing",
                  name);
    else if (failed == EACCES && S_ISDIR(file.st_mode))
        error_set(err, failed, "cannot execute %s: it is a directory", name);
    else if (failed == EACCES && access(name, X_OK))
        error_hint(err,
                   "it may not be executed: chmod +x, or name its interpreter, as in: "
                   "fiq run -- python3 %s",
                   name);
    return -failed;
}

int child_release(struct child *child, const char *name, struct error *err)
{
    int failed = 0;
    ssize_t got;

    if (write(child->go, "g", 1) != 1)
        failed = errno;
    close(child->go);
    child->go = -1;
    /* A successful exec closes the other end. */
    do
        got = read(child->report, &failed, sizeof(failed));
    while (got < 0 && errno == EINTR);
    close(child->report);
    child->report = -1;
    if (!failed)
        return 0;
    waitpid(child->pid, NULL, 0);
    child->pid = -1;
    return explain_exec(err, name, failed);
}

void child_abandon(struct child *child)
{
    if (child->go >= 0)
        close(child->go); /* it reads the end of the pipe and exits */
    if (child->report >= 0)
        close(child->report);
    if (child->pid > 0)
        waitpid(child->pid, NULL, 0);
    *child = (struct child){.pid = -1, .go = -1, .report = -1};
}
