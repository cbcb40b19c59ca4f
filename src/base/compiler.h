#ifndef FIQ_BASE_COMPILER_H
#define FIQ_BASE_COMPILER_H

/* The compiler attributes that fiq uses, so that a header reads without underscores. */

#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* Runs `end(&variable)` when the variable goes out of scope. */

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
