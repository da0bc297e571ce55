/*
 * A source's cursor as bytes: a head (mark, length, SHA-256 of what follows), a sequence number, then the
 * files with their batches. Numbers are little-endian, as the machine that wrote them will read them again.
 *
 * The digest stands in front, so a write that was cut, or one that is shorter than what stood there before,
 * is told from a whole one.
 */
#include "core/cursor_state.h"

enum { MARK_BYTES = 8, HEAD_BYTES = MARK_BYTES + 8 + 32, BATCHES_MAX = 64, RECORDS_MAX = 1 << 20 };

static const char mark[MARK_BYTES + 1] = "iochubc1";

static void put(struct text_out *out, const void *data, size_t length) {
  text_out_bytes(out, (struct text){data, length});
}

static void put_u64(struct text_out *out, uint64_t value) { put(out, &value, sizeof value); }

static void put_file(struct text_out *out, const struct cursor_file *file) {
  uint64_t batches = 0;
  for (const struct cursor_batch *batch = file->batches; batch != NULL; batch = batch->next) batches++;
  put(out, file->key, sizeof file->key);
  put_u64(out, file->durable);
  put_u64(out, file->trace);
  put_u64(out, (uint64_t)file->touched_us);
  put_u64(out, batches);
  for (const struct cursor_batch *batch = file->batches; batch != NULL; batch = batch->next) {
    put_u64(out, batch->first);
    put_u64(out, batch->count);
    put_u64(out, (uint64_t)batch->accepted_us);
    put(out, batch->ids, batch->count * sizeof *batch->ids);
  }
}

int cursor_state_write(const struct cursor_file *files, uint64_t sequence, struct text_out *out) {
  static const uint8_t room[HEAD_BYTES];
  size_t start = out->length;
  put(out, room, sizeof room);
  put_u64(out, sequence);
  for (; files != NULL; files = files->next) put_file(out, files);
  int r = text_out_result(out);
  if (r < 0) return r;
  char *head = out->data + start;
  uint64_t length = out->length - start - HEAD_BYTES;
  memcpy(head, mark, MARK_BYTES);
  memcpy(head + MARK_BYTES, &length, 8);
  return sha256((struct text){head + HEAD_BYTES, length}, (uint8_t *)head + MARK_BYTES + 8);
}

/* ---- Reading ---- */

static bool take(struct text *rest, void *to, size_t length) {
  if (rest->length < length) return false;
  if (length != 0) memcpy(to, rest->data, length);
  *rest = (struct text){rest->data + length, rest->length - length};
  return true;
}

static int take_batch(struct text *rest, struct cursor_batch **ret_batch) {
  uint64_t numbers[3];
  if (!take(rest, numbers, sizeof numbers) || numbers[1] == 0 || numbers[1] > RECORDS_MAX)
    return CURSOR_STATE_E_BAD;
  cleanup(freep) struct cursor_batch *batch = NULL;
  int r = cursor_batch_new(numbers[0], (uint32_t)numbers[1], &batch);
  if (r < 0) return r;
  batch->accepted_us = (int64_t)numbers[2];
  if (!take(rest, batch->ids, batch->count * sizeof *batch->ids)) return CURSOR_STATE_E_BAD;
  *ret_batch = TAKE(batch);
  return 0;
}

static int take_file(struct text *rest, struct cursor_file *file) {
  uint64_t numbers[4];
  if (!take(rest, file->key, sizeof file->key) || !take(rest, numbers, sizeof numbers))
    return CURSOR_STATE_E_BAD;
  file->durable = numbers[0];
  file->trace = numbers[1];
  file->touched_us = (int64_t)numbers[2];
  if (numbers[3] > BATCHES_MAX) return CURSOR_STATE_E_BAD;
  struct cursor_batch **end = &file->batches;
  for (uint64_t i = 0; i < numbers[3]; i++) {
    int r = take_batch(rest, end);
    if (r != 0) return r;
    end = &(*end)->next;
  }
  return 0;
}

void cursor_files_free(struct cursor_file *file) {
  while (file != NULL) {
    struct cursor_file *next = file->next;
    cursor_reset(file);
    free(file);
    file = next;
  }
}

static int take_files(struct text rest, struct cursor_file **ret_files) {
  struct cursor_file *files = NULL, **end = &files;
  int r = 0;
  while (r == 0 && rest.length != 0) {
    *end = calloc(1, sizeof **end);
    if (*end == NULL) r = -ENOMEM;
    if (r == 0) r = take_file(&rest, *end);
    if (r == 0) end = &(*end)->next;
  }
  if (r != 0) {
    cursor_files_free(files);
    return r;
  }
  *ret_files = files;
  return 0;
}

int cursor_state_read(struct text text, uint64_t *ret_sequence, struct cursor_file **ret_files) {
  char head[MARK_BYTES];
  uint8_t digest[32], wanted[32];
  uint64_t length;
  bool whole = take(&text, head, sizeof head) && memcmp(head, mark, MARK_BYTES) == 0 &&
               take(&text, &length, 8) && take(&text, wanted, 32) && length <= text.length;
  if (!whole) return CURSOR_STATE_E_BAD;
  text.length = length;
  int r = sha256(text, digest);
  if (r < 0) return r;
  if (memcmp(digest, wanted, 32) != 0 || !take(&text, ret_sequence, 8)) return CURSOR_STATE_E_BAD;
  return take_files(text, ret_files);
}
