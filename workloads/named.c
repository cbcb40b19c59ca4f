/*
 * named [SECONDS]: spends its CPU time (1 s) in a function whose name it gets when it is
 * compiled, -DWORK=name: for telling versions of one program apart.
 */
#include "truth.h"

#ifndef WORK
#define WORK named_work
#endif
#define TEXT(name)    TEXT_OF(name)
#define TEXT_OF(name) #name

FUNCTION uint64_t WORK(void);

FUNCTION uint64_t WORK(void)
{
    return burn(50000);
}

int main(int argc, char **argv)
{
    uint64_t for_ns = (uint64_t)(number_argument(argc, argv, 1, 1) * 1e9), start = thread_ns();
    uint64_t sink = 0, work;

    while (thread_ns() - start < for_ns)
        sink ^= WORK();
    work = thread_ns() - start + (sink & 0);
    printf("{\"workload\": \"named\", \"cpu_ns\": %" PRIu64
           ", \"functions\": {\"" TEXT(WORK) "\": %" PRIu64 "}}\n",
           process_ns(), work);
    return 0;
}
