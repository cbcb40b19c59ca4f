/* What dlopen_late loads while it runs. */
#include "truth.h"

FUNCTION uint64_t late_work(void);

FUNCTION uint64_t late_work(void)
{
    return burn(300000);
}
