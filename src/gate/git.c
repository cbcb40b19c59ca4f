/* What git, or else the environment of a CI system, says of the working directory. */
#include <ctype.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "gate/gate.h"

extern char **environ;

enum { HISTORY = 500 };

enum { DIGITS = 12, SHORTEST_HASH = 40 };

const char *git_short(const char *commit, char text[64])
{
    size_t length = strlen(commit);
    bool hash = length >= SHORTEST_HASH && strspn(commit, "0123456789abcdef") == length;

    snprintf(text, 64, "%.*s", hash ? DIGITS : 63, *commit ? commit : "an unknown commit");
    return text;
}

/* Runs git and keeps up to `most` lines of what it prints; to be freed with git_free(). */
static size_t git_lines(const char *const *arguments, size_t most, char ***lines)
{
    posix_spawn_file_actions_t actions;
    char line[512];
    int fds[2], status;
    size_t count = 0;
    pid_t pid;
    FILE *out;

    *lines = NULL;
    if (pipe2(fds, O_CLOEXEC))
        return 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (posix_spawnp(&pid, "git", &actions, NULL, (char *const *)(uintptr_t)arguments, environ))
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(fds[1]);
    out = fdopen(fds[0], "re");
    *lines = xcalloc(most, sizeof(char *));
    while (out && fgets(line, sizeof(line), out))
        if (count < most) {
            line[strcspn(line, "\n")] = '\0';
            (*lines)[count++] = xstrdup(line);
        }
    if (out)
        fclose(out);
    if (pid > 0 && (waitpid(pid, &status, 0) != pid || status)) {
        git_free(*lines, count);
        *lines = NULL;
        return 0;
    }
    return count;
}

static void first_line(const char *const *arguments, char *text, size_t size)
{
    char **lines;
    size_t count = git_lines(arguments, 1, &lines);

    if (count)
        snprintf(text, size, "%s", lines[0]);
    git_free(lines, count);
}

/* The first of these variables that is set and not empty. */
static void from_environment(const char *const *names, char *text, size_t size)
{
    for (; *names && !*text; names++) {
        const char *value = getenv(*names);

        if (value)
            snprintf(text, size, "%s", value);
    }
}

void git_here(char commit[64], char branch[128])
{
    static const char *const head[] = {"git", "rev-parse", "HEAD", NULL};
    static const char *const name[] = {"git", "symbolic-ref", "--short", "-q", "HEAD", NULL};
    static const char *const commits[] = {"GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", NULL};
    static const char *const branches[] = {"GITHUB_HEAD_REF", "GITHUB_REF_NAME",
                                           "CI_COMMIT_REF_NAME", "GIT_BRANCH", NULL};

    *commit = *branch = '\0';
    first_line(head, commit, 64);
    first_line(name, branch, 128);
    if (!*commit)
        from_environment(commits, commit, 64);
    if (!*branch)
        from_environment(branches, branch, 128);
}

size_t git_history(const char *revision, char ***commits)
{
    char most[16];
    const char *arguments[] = {"git", "rev-list", "-n", most, revision, "--", NULL};

    /* What looks like an option is no revision. */
    if (*revision == '-') {
        *commits = NULL;
        return 0;
    }
    snprintf(most, sizeof(most), "%d", HISTORY);
    return git_lines(arguments, HISTORY, commits);
}

void git_free(char **commits, size_t count)
{
    for (size_t i = 0; commits && i < count; i++)
        free(commits[i]);
    free(commits);
}
