/*
 * errors.h: what is wrong with a configuration, said so that it can be mended.
 *
 * Up to 20 errors of one run are kept, each as
 *   FILE:LINE:COL: error: ITEM: REASON
 *   SOURCE LINE
 *        ^
 * and, where a name was not known, the nearest known one. A secret is never part of one.
 */
#ifndef CORE_CONFIG_ERRORS_H
#define CORE_CONFIG_ERRORS_H

#include "core/text_out.h"

enum { CONFIG_ERRORS_MAX = 20 };

/* A place in a file. The file's name and content live in the arena of the configuration. */
struct config_file {
  const char *path; /* as the admin gave it, for messages */
  struct text content;
};

struct config_mark {
  const struct config_file *file; /* NULL: no place, a property of the whole */
  unsigned line, column;          /* from 1 */
};

struct config_errors {
  struct text_out text;      /* ready for the terminal */
  unsigned errors, warnings; /* all, also those over the 20 */
};

#define CONFIG_ERRORS_INIT ((struct config_errors){0})
void config_errors_deinit(struct config_errors *);

/* item: the option or name in question ("http.path", "route edoc"); format: what is wrong and what to write
 * instead. */
void config_error(struct config_errors *, struct config_mark, const char *item, const char *format, ...)
    printf_like(4, 5);
void config_warning(struct config_errors *, struct config_mark, const char *item, const char *format, ...)
    printf_like(4, 5);

/* A foreign text for an error: in quotes, on one line, shortened, runs of hex digits that may be a key
 * masked. */
#define CONFIG_QUOTED_SIZE 320
const char *config_quoted(struct text, char buffer[static CONFIG_QUOTED_SIZE]);

/* Whether a key or a text speaks of something that must not stand in a configuration file (password, token
 * …). */
bool config_secret_name(struct text name);

/* The entry of the NULL-terminated list that is nearest to name (at most a third of its letters away), or
 * NULL. */
const char *config_nearest(struct text name, const char *const *known);

#endif
