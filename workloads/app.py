#!/usr/bin/env python3
"""app.py [SECONDS]: a Python program of ordinary parts, which says at its end, as one line of
JSON, what CPU time each part took (function and all it calls)."""
import functools
import json
import sys
import time

took = {}


def timed(function):
    """Adds the thread's CPU time of each outermost call to `took`."""

    @functools.wraps(function)
    def measured(*arguments):
        start = time.thread_time_ns()
        result = function(*arguments)
        name = function.__name__
        took[name] = took.get(name, 0) + time.thread_time_ns() - start
        return result

    return measured


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@timed
def recursive_fibonacci():
    return fib(18)


@functools.lru_cache(maxsize=None)
def fib_cached(n):
    return n if n < 2 else fib_cached(n - 1) + fib_cached(n - 2)


@timed
def cached_fibonacci():
    # Each level takes some 500 bytes of the C stack; twice as many levels would be deeper than
    # the 64 KiB of it that the kernel copies with a sample.
    for _ in range(50):
        fib_cached.cache_clear()
        fib_cached(60)


@timed
def primes():
    limit = 20000
    sieve = bytearray([1]) * (limit + 1)
    for n in range(2, int(limit**0.5) + 1):
        if sieve[n]:
            for multiple in range(n * n, limit + 1, n):
                sieve[multiple] = 0
    return sum(sieve[2:])


@timed
def matrix_product():
    size = 28
    a = [[i * j % 7 for j in range(size)] for i in range(size)]
    b = [[i + j for j in range(size)] for i in range(size)]
    return [[sum(a[i][k] * b[k][j] for k in range(size)) for j in range(size)]
            for i in range(size)]


@timed
def strings():
    words = [f"word-{n}" for n in range(3000)]
    return len(" ".join(w.upper().replace("-", "_")[::-1] for w in words).split())


@timed
def json_round_trip():
    data = {"rows": [{"id": n, "name": f"row {n}", "tags": ["a", "b"]} for n in range(300)]}
    return json.loads(json.dumps(data))


def simulated_io():
    time.sleep(0.005)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    while time.process_time() < seconds:
        recursive_fibonacci()
        cached_fibonacci()
        primes()
        matrix_product()
        strings()
        json_round_trip()
        simulated_io()
    print(json.dumps({"workload": "app.py", "cpu_ns": time.process_time_ns(),
                      "functions": took}))


if __name__ == "__main__":
    main()
