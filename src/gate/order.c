#include "base/hash.h"
#include "base/xalloc.h"
#include "gate/gate.h"

unsigned *interleave(unsigned arms, unsigned rounds, uint64_t seed)
{
    unsigned *order = xalloc(((size_t)arms * rounds + 1) * sizeof(*order));

    for (unsigned round = 0; round < rounds; round++) {
        unsigned *of = order + (size_t)round * arms;

        for (unsigned i = 0; i < arms; i++) {
            unsigned at = (unsigned)(hash_u64(++seed) % (i + 1));

            of[i] = of[at];
            of[at] = i;
        }
    }
    return order;
}
