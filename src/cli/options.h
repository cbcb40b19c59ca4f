#ifndef FIQ_CLI_OPTIONS_H
#define FIQ_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/*
 * Options of a command as tables: parsing, --help, shell completions and the check of the man
 * pages all come from them.
 *
 * An option sets something in the command's settings.  Tables may be shared: `settings` is then
 * the part at `offset` of the command's own struct.
 */
enum option_sets {
    SETS_BY_FUNCTION, /* option_spec.set */
    SETS_TRUE,        /* a bool */
    SETS_FALSE,       /* a bool */
    SETS_TEXT         /* a const char *, whatever the text is */
};

/* The member of the settings that an option sets, where that is all there is to it. */
struct option_member {
    enum option_sets sets;
    size_t at;
};

#define OPTION_MEMBER(type, name, member_type, how)                                            \
    .member = {.sets = _Generic(((type *)0)->name, member_type                                 \
                                : how),                                                        \
               .at = offsetof(type, name)}
#define OPTION_SETS(type, name)   OPTION_MEMBER(type, name, bool, SETS_TRUE)
#define OPTION_CLEARS(type, name) OPTION_MEMBER(type, name, bool, SETS_FALSE)
#define OPTION_TEXT(type, name)   OPTION_MEMBER(type, name, const char *, SETS_TEXT)

struct option_spec {
    const char *name;     /* "duration": --duration */
    char letter, also;    /* -d; a second letter or 0 */
    const char *argument; /* "TIME", or NULL for a switch */
    const char *help;     /* one line, without a full stop */
    /* `value` is NULL for a switch.  Returns 0 or a negative errno with a message. */
    int (*set)(void *settings, const char *value, struct error *err);
    const char *group;           /* heading in --help, on the first option of a group */
    struct option_member member; /* set instead, unless SETS_BY_FUNCTION */
    /* The i-th word that the value may be, NULL behind the last; for shells to complete.  NULL
     * where any text may stand. */
    const char *(*word)(size_t i);
};

struct option_table {
    const struct option_spec *options; /* ended by one without a name */
    size_t offset;                     /* of its settings in the command's */
};

/* What is left of the command line when the options are taken out; it lies in argv. */
struct operands {
    char **words; /* ended by NULL */
    size_t count;
    size_t behind;    /* how many of them stand behind a "--"; all where options stop at one */
    const char *verb; /* of command.verbs, or NULL */
};

enum { COMMAND_TABLES = 8, COMMAND_VERBS = 2 };

struct command {
    const char *name;
    const char *alias;   /* another full name, or NULL */
    const char *summary; /* for the list of commands */
    const char *usage;   /* "run [OPTIONS] [--] COMMAND [ARGUMENT…]" */
    const char *about;   /* a paragraph or more for --help, examples last */
    struct option_table tables[COMMAND_TABLES];
    bool stops_at_operand; /* what follows the first operand belongs to another program */
    const char *verbs[COMMAND_VERBS]; /* one of them stands in front of all else */
    int usage_code;                   /* exit code for wrong usage; EXIT_USAGE where 0 */
    size_t settings_size;             /* of the struct that the tables set; zero at first */
    void (*begin)(void *settings);    /* sets what is neither zero nor an option; or NULL */
    void (*configured)(
        void *settings); /* after the user's defaults, before the rest; or NULL */
    int (*run)(void *settings, const struct operands *operands); /* returns the exit code */
    void (*end)(void *settings); /* frees what the settings hold, after all; or NULL */
};

enum options_result {
    OPTIONS_OK,
    OPTIONS_DONE, /* --help was printed */
    OPTIONS_BAD   /* the message has been printed */
};

/* What an option is when the command line does not give it. */
struct option_default {
    const struct command *command;
    char *name, *value; /* of a switch: true or false */
    char *origin;       /* for messages: where it was said */
};

/* From now on options_parse() takes these; they are kept where they are, and values lead into
 * them, so they live as long as the program.  Set once, before the first call. */
void options_set_defaults(const struct option_default *defaults, size_t count);

/* Sets what the options say.  argv is the command line from the command's name on; its words
 * are put in another order. */
enum options_result options_parse(const struct command *command, int argc, char **argv,
                                  void *settings, struct operands *operands);

void options_print_help(const struct command *command);

/* ---- values ---- */

/* "5", "500ms", "2m", "1h" (seconds without a unit) to nanoseconds, more than 0. */
int option_duration(const char *text, unsigned long long *ns, struct error *err);
/* A whole number between the limits; K, M and G are powers of 1024 where `suffixes`. */
int option_number(const char *text, unsigned long long least, unsigned long long most,
                  bool suffixes, unsigned long long *number, struct error *err);
int option_real(const char *text, double least, double most, double *number, struct error *err);

#endif
