/* A function with two levels of inlined calls, on lines that matrix.py knows.  As C++, where
 * compilers make units of types, its names are the same. */
#ifdef __cplusplus
extern "C" {
#endif
struct pair {
    int a, b;
};

static inline __attribute__((always_inline)) int innermost(int x)
{
    int y = x;

    for (int i = 0; i < x; i++)
        y = y * 31 + i; /* line 15 */
    return y;
}

static inline __attribute__((always_inline)) int middle(struct pair *pair)
{
    return innermost(pair->a) - pair->b; /* line 21 */
}

__attribute__((noinline)) int outermost(struct pair *pair)
{
    return middle(pair) ^ 5; /* line 26 */
}

int main(int count, char **arguments)
{
    struct pair pair = {count, (int)(unsigned long)arguments};

    return outermost(&pair) == 0;
}
#ifdef __cplusplus
}
#endif
