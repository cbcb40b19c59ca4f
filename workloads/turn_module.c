/* What modules loads in turns: work() calls a function with a name of its own, -DWORK=name. */
#include "truth.h"

FUNCTION uint64_t WORK(void);
FUNCTION uint64_t work(void);

FUNCTION uint64_t WORK(void)
{
    return burn(10000);
}

FUNCTION uint64_t work(void)
{
    return WORK() + 1;
}
