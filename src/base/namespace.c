#include "base/namespace.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int in_first_pid_namespace(void)
{
    char name[64] = "";
    ssize_t length = readlink("/proc/self/ns/pid", name, sizeof(name) - 1);

    return length < 0 ? -errno : !strcmp(name, "pid:[4026531836]");
}
