#include "capture/explain.h"

#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From <linux/capability.h> of 5.8; older headers lack it. */
enum { CAPABILITY_PERFMON = 38 };

/* A number behind a key of /proc/self/status, or 0. */
static unsigned long long own_status(const char *key, int base)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    unsigned long long value = 0;

    while (file && fgets(line, sizeof(line), file))
        if (!strncmp(line, key, strlen(key))) {
            value = strtoull(line + strlen(key), NULL, base);
            break;
        }
    if (file)
        fclose(file);
    return value;
}

static bool has_capability(int number)
{
    return own_status("CapEff:", 16) >> number & 1;
}

static bool is_privileged(void)
{
    /* Where no more file may be opened, the capabilities cannot be read. */
    return !geteuid() || has_capability(CAPABILITY_PERFMON) || has_capability(CAP_SYS_ADMIN);
}

static bool is_filtered_by_seccomp(void)
{
    return own_status("Seccomp:", 10) == 2;
}

static uid_t owner_of(pid_t pid)
{
    char path[32];
    struct stat process;

    snprintf(path, sizeof(path), "/proc/%d", pid);
    return stat(path, &process) ? (uid_t)-1 : process.st_uid;
}

static int explain_permission(struct error *err, int code, const struct capture_target *target)
{
    long paranoid = sysctl_number("perf_event_paranoid", -2);

    if ((code == EPERM || code == ENOSYS) && is_filtered_by_seccomp()) {
        error_set(err, code, "the container's seccomp filter forbids perf_event_open");
        error_hint(err, "start the container with --cap-add PERFMON and a seccomp profile that "
                        "allows perf_event_open, or run fiq on the host");
    } else if (target->kind == CAPTURE_MACHINE) {
        error_set(err, code,
                  "profiling the whole machine is not allowed: kernel.perf_event_paranoid is "
                  "%ld and fiq lacks CAP_PERFMON",
                  paranoid);
        error_hint(err, "run it with sudo, or: sudo setcap cap_perfmon,cap_sys_ptrace+ep "
                        "$(command -v fiq)");
    } else if (target->kind == CAPTURE_PROCESSES && target->count && !is_privileged() &&
               owner_of(target->pids[0]) != geteuid()) {
        uid_t owner = owner_of(target->pids[0]);
        const struct passwd *user = getpwuid(owner);

        error_set(err, code,
                  "permission denied: process %d belongs to another user (%s), and fiq lacks "
                  "CAP_PERFMON",
                  target->pids[0], user ? user->pw_name : "?");
        error_hint(err, "sudo fiq attach -p %d", target->pids[0]);
    } else if (paranoid > 2) {
        error_set(err, code,
                  "perf events are not allowed: kernel.perf_event_paranoid is %ld and fiq "
                  "lacks CAP_PERFMON",
                  paranoid);
        error_hint(err, "sudo sysctl kernel.perf_event_paranoid=2, or run it with sudo");
    } else {
        error_set(err, code,
                  "perf events are not allowed: %s (kernel.perf_event_paranoid is %ld)",
                  strerror(code), paranoid);
        error_hint(err, "the process may have changed its user or be protected "
                        "(prctl PR_SET_DUMPABLE); run it with sudo");
    }
    return -code;
}

int explain_open(struct error *err, int code, const struct capture_target *target,
                 const struct capture_options *options)
{
    switch (code) {
    case EACCES:
    case EPERM:
        return explain_permission(err, code, target);
    case EMFILE:
    case ENFILE:
        error_set(err, code, "too many open files: fiq needs events on each CPU%s",
                  is_privileged() ? "" : ", for each thread");
        error_hint(err, "ulimit -n 65536%s",
                   is_privileged() ? "" : ", or run as root: then one event per CPU is enough");
        return -code;
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
        error_set(err, code, "this machine has no event %s", options->event->name);
        if (options->event->is_hardware)
            error_hint(err, "virtual machines often hide the hardware counters; -e cpu-clock "
                            "works everywhere");
        return -code;
    case ENOSYS:
        if (is_filtered_by_seccomp())
            return explain_permission(err, code, target);
        error_set(err, code,
                  "this kernel was built without perf events "
                  "(CONFIG_PERF_EVENTS)");
        return -code;
    case ESRCH:
        error_set(err, code, "there is no process %d", target->count ? target->pids[0] : 0);
        return -code;
    default:
        return error_set(err, code, "cannot open a perf event (%s): %s", options->event->name,
                         strerror(code));
    }
}

int explain_map(struct error *err, int code)
{
    error_set(err, code, "not even a small ring buffer may be locked in memory: %s",
              strerror(code));
    error_hint(err,
               "kernel.perf_event_mlock_kb is %ld and shared by all of a user's "
               "profilers: end others, raise it, or ulimit -l unlimited",
               sysctl_number("perf_event_mlock_kb", 0));
    return -code;
}
