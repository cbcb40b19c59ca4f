/*
 * dlopen_late [SECONDS [MODULE]]: half of its CPU time (2 s) in itself, half in a module that
 * it loads, unloads and loads again while it runs.
 */
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "truth.h"

FUNCTION uint64_t early_work(void);

FUNCTION uint64_t early_work(void)
{
    return burn(300000);
}

static uint64_t busy(uint64_t function(void), uint64_t for_ns)
{
    uint64_t start = thread_ns(), sink = 0;

    while (thread_ns() - start < for_ns)
        sink ^= function();
    return thread_ns() - start + (sink & 0);
}

/* The module beside this program. */
static const char *module_path(int argc, char **argv)
{
    static char self[PATH_MAX], path[PATH_MAX + 32];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (argc > 2)
        return argv[2];
    self[length < 0 ? 0 : length] = '\0';
    snprintf(path, sizeof(path), "%s/late_module.so", dirname(self));
    return path;
}

int main(int argc, char **argv)
{
    uint64_t each = (uint64_t)(number_argument(argc, argv, 1, 2) * 1e9) / 4;
    uint64_t early = 0, late = 0;

    for (int i = 0; i < 2; i++) {
        void *module;
        uint64_t (*late_work)(void) = NULL;

        early += busy(early_work, each);
        module = dlopen(module_path(argc, argv), RTLD_NOW);
        if (!module) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        *(void **)&late_work = dlsym(module, "late_work");
        late += busy(late_work, each);
        dlclose(module);
    }
    printf("{\"workload\": \"dlopen_late\", \"cpu_ns\": %" PRIu64 ", \"functions\": "
           "{\"early_work\": %" PRIu64 ", \"late_work\": %" PRIu64 "}}\n",
           process_ns(), early, late);
    return 0;
}
