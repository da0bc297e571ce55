/*
 * Reading dead letters. Their topics are compacted, but a broker compacts when it likes: the latest message
 * of each key counts, and a key whose latest message has no value is gone.
 */
#include <search.h>

#include "core/cli/dead_letters.h"
#include "core/publish/reader.h"

struct reading {
  void *tree; /* of struct letter, by key */
  size_t keys;
};

static int text_compare(struct text a, struct text b) {
  int order = memcmp(a.data, b.data, MIN(a.length, b.length));
  return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int by_key(const void *a, const void *b) {
  return text_compare(((const struct letter *)a)->key, ((const struct letter *)b)->key);
}

static int text_copy(struct text text, struct text *ret_copy) {
  char *copy = malloc(text.length + 1);
  if (copy == NULL) return -ENOMEM;
  if (text.length != 0) memcpy(copy, text.data, text.length);
  copy[text.length] = '\0';
  *ret_copy = (struct text){copy, text.length};
  return 0;
}

static void letter_free(void *pointer) {
  struct letter *letter = pointer;
  free((char *)letter->key.data);
  free((char *)letter->value.data);
  free(letter);
}

static int letter_find(struct reading *reading, struct text key, struct letter **ret_letter) {
  struct letter wanted = {.key = key};
  struct letter **found = tfind(&wanted, &reading->tree, by_key);
  if (found != NULL) {
    *ret_letter = *found;
    return 0;
  }
  struct letter *letter = calloc(1, sizeof *letter);
  if (letter == NULL || text_copy(key, &letter->key) < 0 || tsearch(letter, &reading->tree, by_key) == NULL) {
    if (letter != NULL) letter_free(letter);
    return -ENOMEM;
  }
  reading->keys++;
  *ret_letter = letter;
  return 0;
}

static int on_message(void *context, const struct reader_message *message) {
  if (message->key.data == NULL) return 0;
  struct letter *letter;
  int r = letter_find(context, message->key, &letter);
  if (r < 0) return r;
  free((char *)letter->value.data);
  letter->value = TEXT_NONE;
  return message->value.data == NULL ? 0 : text_copy(message->value, &letter->value);
}

static void collect(const void *node, VISIT visit, void *context) {
  struct letters *letters = context;
  if (visit != postorder && visit != leaf) return;
  struct letter *letter = *(struct letter *const *)node;
  if (letter->value.data == NULL) return;
  letter->message =
      ioc__hub__v1__dead_letter__unpack(NULL, letter->value.length, (const uint8_t *)letter->value.data);
  if (letter->message == NULL) {
    letters->unreadable++;
    return;
  }
  letters->list[letters->count++] = *letter;
  letter->key = letter->value = TEXT_NONE; /* the list's now */
}

static int by_time(const void *a, const void *b) {
  const struct letter *left = a, *right = b;
  int64_t left_us = letter_time_us(left->message), right_us = letter_time_us(right->message);
  return left_us != right_us ? (left_us > right_us) - (left_us < right_us) : by_key(a, b);
}

int letters_read(const struct letters_source *source, struct letters *ret_letters,
                 struct text_out *reterr_reason) {
  struct reading reading = {0};
  struct reader_options options = {
      .bootstrap = source->bootstrap,
      .properties = source->properties,
      .topics = source->topics,
      .topics_count = source->topics_count,
      .skip_missing = true,
      .from_start = true,
  };
  int r = reader_run(&options, on_message, &reading, reterr_reason);
  struct letters letters = {0};
  if (r == 0) {
    letters.list = calloc(reading.keys + 1, sizeof *letters.list);
    if (letters.list == NULL) r = -ENOMEM;
  }
  if (r == 0) {
    twalk_r(reading.tree, collect, &letters);
    qsort(letters.list, letters.count, sizeof *letters.list, by_time);
    *ret_letters = letters;
  }
  tdestroy(reading.tree, letter_free);
  return r;
}

void letters_deinit(struct letters *letters) {
  for (size_t i = 0; i < letters->count; i++) {
    free((char *)letters->list[i].key.data);
    free((char *)letters->list[i].value.data);
    ioc__hub__v1__dead_letter__free_unpacked(letters->list[i].message, NULL);
  }
  free(letters->list);
  *letters = (struct letters){0};
}

const char *letter_state(const Ioc__Hub__V1__DeadLetter *message) {
  switch (message->state) {
    case IOC__HUB__V1__DEAD_LETTER_STATE__DEAD_LETTER_STATE_OPEN: return "open";
    case IOC__HUB__V1__DEAD_LETTER_STATE__DEAD_LETTER_STATE_RETRIED: return "retried";
    case IOC__HUB__V1__DEAD_LETTER_STATE__DEAD_LETTER_STATE_SUPERSEDED: return "superseded";
    case IOC__HUB__V1__DEAD_LETTER_STATE__DEAD_LETTER_STATE_DISCARDED: return "discarded";
    default: return "unknown";
  }
}

int64_t letter_time_us(const Ioc__Hub__V1__DeadLetter *message) {
  const Google__Protobuf__Timestamp *at = message->received_at;
  if (at == NULL || at->seconds > INT64_MAX / SECOND_US - 1 || at->seconds < INT64_MIN / SECOND_US + 1)
    return 0;
  return at->seconds * SECOND_US + at->nanos / 1000;
}
