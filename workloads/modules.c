/*
 * modules SECONDS MODULE MODULE: loads and unloads two modules in turns, works a while in each,
 * and tells in which turns the code of one lay where that of the other had been.
 */
#include <dlfcn.h>

#include "truth.h"

static void *load(const char *path, uint64_t (**work)(void))
{
    void *module = dlopen(path, RTLD_NOW);

    if (module)
        *(void **)work = dlsym(module, "work");
    if (!module || !*work) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return module;
}

int main(int argc, char **argv)
{
    enum { TURNS = 40 };
    uint64_t each = (uint64_t)(number_argument(argc, argv, 1, 2) * 1e9) / TURNS, sink = 0;
    unsigned shared = 0;
    uint64_t (*before)(void) = NULL;

    if (argc != 4)
        return 2;
    for (int i = 0; i < TURNS; i++) {
        uint64_t (*work)(void) = NULL;
        void *module = load(argv[2 + i % 2], &work);
        uint64_t start = thread_ns();

        while (thread_ns() - start < each)
            sink ^= work();
        shared += before == work;
        before = work;
        dlclose(module);
    }
    printf("{\"workload\": \"modules\", \"cpu_ns\": %" PRIu64
           ", \"shared\": %u, \"turns\": %d}\n",
           process_ns() + (sink & 0), shared, TURNS);
    return 0;
}
