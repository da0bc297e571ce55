/*
 * A connector that does nothing, in many wrong ways: the build makes one shared object for each
 * (meson.build), with NAME, MESSAGE and one word of what is wrong.
 */
#include "connectors/iochub_connector.h"

#include <errno.h>

#ifndef MESSAGE
#define MESSAGE "test.v1.Sample"
#endif

HUB_EXPORT int second_symbol(void);

struct settings {
  int64_t limit;
  const char *word;
};

#ifdef SETTINGS_TOO_SMALL
#define SETTINGS_BYTES 4
#else
#define SETTINGS_BYTES sizeof(struct settings)
#endif

static const struct hub_option *const options[] = {
    &(const struct hub_option){.size = sizeof(struct hub_option),
                               .key = "limit",
                               .type = HUB_OPTION_INT,
                               .fallback = "5",
                               .min = 1,
                               .max = 10,
                               .help = "A limit.",
                               .offset = offsetof(struct settings, limit)},
    &(const struct hub_option){.size = sizeof(struct hub_option),
                               .key = "word",
                               .type = HUB_OPTION_TEXT,
                               .help = "A word; \"refuse\" makes open() fail.",
                               .offset = offsetof(struct settings, word)},
    NULL};

static const char *const messages[] = {MESSAGE, NULL};

__attribute__((unused)) static int open_sample(const struct hub_host *host, const void *settings,
                                               void **ret_self) {
  const struct settings *given = (const struct settings *)settings;
  if (given->word != NULL && given->word[0] == 'r') return -EINVAL;
  *ret_self = (void *)given;
  return 0;
}

__attribute__((unused)) static int translate_nothing(const void *self, const struct hub_payload *payload,
                                                     struct hub_sink *sink) {
  return 0;
}

__attribute__((unused)) static void close_sample(void *self) {}

#ifdef SECOND_SYMBOL
int second_symbol(void) { return 2; }
#endif

#ifndef MAJOR
#define MAJOR HUB_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR HUB_ABI_MINOR
#endif
#ifndef MORE_BYTES
#define MORE_BYTES 0
#endif

#ifdef NO_CONNECTOR
int second_symbol(void) { return options[0] == NULL || messages[0] == NULL; }
#else
HUB_EXPORT extern const struct hub_connector hub_connector;
const struct hub_connector hub_connector = {
    .size = sizeof(struct hub_connector) + MORE_BYTES,
    .abi_major = MAJOR,
    .abi_minor = MINOR,
    .name = NAME,
    .version = "1.0",
    .summary = "does nothing",
    .messages = messages,
    .options = options,
    .settings_size = SETTINGS_BYTES,
#ifndef NO_OPEN
    .open = open_sample,
#endif
#ifndef NO_TRANSLATE
    .translate = translate_nothing,
#endif
    .close = close_sample,
};
#endif
