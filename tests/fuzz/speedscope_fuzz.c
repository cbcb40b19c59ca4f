/* A speedscope file in; what is read can be written and read again, and stays the same. */
#include "round_trip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    round_trip(&speedscope_format, bytes, size);
    return 0;
}
