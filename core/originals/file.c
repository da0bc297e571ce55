/*
 * Writing and reading the files of originals, a chunk at a time.
 *
 * A body may have 64 MiB and is borrowed from its owner: it is sealed through one buffer of a chunk straight
 * into the file, never copied whole. The length of a record is known before the first byte is written, so the
 * head never has to be gone back to.
 */
#include "core/originals/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>

#include "core/message/seal.h"

enum { VERSION = 1, KEY_FILE_BYTES = 72, KEY_HEAD_BYTES = 12, META_TEXTS = 6, TAIL_BYTES = 5 };
#define PLAIN_MAX (512 * MIB)

static const char file_magic[8] = "IOCHORIG", key_magic[8] = "IOCHOKEY", record_magic[4] = "orec";

static void put_u32(uint8_t *out, uint32_t value) {
  for (int i = 0; i < 4; i++) out[i] = (uint8_t)(value >> (8 * i));
}

static void put_u64(uint8_t *out, uint64_t value) {
  put_u32(out, (uint32_t)value);
  put_u32(out + 4, (uint32_t)(value >> 32));
}

static uint32_t get_u32(const uint8_t *in) {
  return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static uint64_t get_u64(const uint8_t *in) { return get_u32(in) | (uint64_t)get_u32(in + 4) << 32; }

static int write_at(int fd, const void *data, size_t length, uint64_t offset) {
  const char *next = data;
  while (length > 0) {
    ssize_t n = pwrite(fd, next, length, (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return -EIO;
    next += n;
    offset += (uint64_t)n;
    length -= (size_t)n;
  }
  return 0;
}

/* -ENODATA: the file ends before. */
static int read_at(int fd, void *out, size_t length, uint64_t offset) {
  char *next = out;
  while (length > 0) {
    ssize_t n = pread(fd, next, length, (off_t)offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return -ENODATA;
    next += n;
    offset += (uint64_t)n;
    length -= (size_t)n;
  }
  return 0;
}

/* ---- The days' keys ------------------------------------------------------------------------------------ */

static struct text key_associated(char buffer[static 64], const char *day) {
  memcpy(buffer, key_magic, sizeof key_magic);
  put_u32((uint8_t *)buffer + sizeof key_magic, VERSION);
  size_t length = strnlen(day, 32);
  memcpy(buffer + KEY_HEAD_BYTES, day, length);
  return (struct text){buffer, KEY_HEAD_BYTES + length};
}

int originals_key_load(int directory, const char *day, const struct secret_key *master,
                       struct secret_key *ret_key) {
  char name[64], associated[64];
  snprintf(name, sizeof name, "%.32s.key", day);
  cleanup(closep) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT ? ORIGINALS_E_MISSING : -errno;
  uint8_t file[KEY_FILE_BYTES];
  int r = read_at(fd, file, sizeof file, 0);
  if (r < 0) return r == -ENODATA ? ORIGINALS_E_KEY : r;
  struct text head = key_associated(associated, day);
  if (memcmp(file, head.data, KEY_HEAD_BYTES) != 0) return ORIGINALS_E_KEY;
  struct text sealed = {(const char *)file + KEY_HEAD_BYTES + SEAL_NONCE_BYTES, SECRET_KEY_BYTES};
  r = seal_open(master, file + KEY_HEAD_BYTES, head, sealed, file + KEY_FILE_BYTES - SEAL_TAG_BYTES,
                ret_key->bytes);
  return r == -EBADMSG ? ORIGINALS_E_KEY : r;
}

static int key_file_write(int directory, const char *temporary, const uint8_t file[static KEY_FILE_BYTES]) {
  cleanup(closep) int fd =
      openat(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -errno;
  int r = write_at(fd, file, KEY_FILE_BYTES, 0);
  if (r < 0) return r;
  return fsync(fd) < 0 ? -errno : 0;
}

int originals_key_make(int directory, const char *day, const struct secret_key *master,
                       struct secret_key *ret_key) {
  uint8_t file[KEY_FILE_BYTES], *nonce = file + KEY_HEAD_BYTES;
  char name[64], temporary[64], associated[64];
  snprintf(name, sizeof name, "%.32s.key", day);
  snprintf(temporary, sizeof temporary, "%.32s.key.new", day);
  struct text head = key_associated(associated, day);
  memcpy(file, head.data, KEY_HEAD_BYTES);
  int r = random_bytes(ret_key->bytes, sizeof ret_key->bytes);
  if (r == 0) r = random_bytes(nonce, SEAL_NONCE_BYTES);
  if (r < 0) return r;
  struct text plain = {(const char *)ret_key->bytes, SECRET_KEY_BYTES};
  r = seal(master, nonce, head, plain, nonce + SEAL_NONCE_BYTES, file + KEY_FILE_BYTES - SEAL_TAG_BYTES);
  if (r == 0) r = key_file_write(directory, temporary, file);
  if (r == 0 && renameat(directory, temporary, directory, name) < 0) r = -errno;
  if (r == 0 && fsync(directory) < 0) r = -errno;
  if (r < 0) unlinkat(directory, temporary, 0);
  return r;
}

static int record_key(const struct secret_key *day_key, const uint8_t salt[static ORIGINALS_SALT_BYTES],
                      struct secret_key *ret_key) {
  char label[16 + 2 * ORIGINALS_SALT_BYTES];
  int length = snprintf(label, sizeof label, "original:");
  for (size_t i = 0; i < ORIGINALS_SALT_BYTES; i++) {
    length += snprintf(label + length, sizeof label - (size_t)length, "%02x", salt[i]);
  }
  return secret_derive(day_key, label, ret_key);
}

/* ---- Writing ------------------------------------------------------------------------------------------- */

struct originals_sealer {
  int fd;
  uint64_t offset;
  struct secret_key key;
  uint8_t associated[ORIGINALS_HEAD_BYTES + ORIGINALS_SOURCE_MAX + TAIL_BYTES];
  size_t head_bytes;
  uint32_t chunk;
  size_t filled;
  uint8_t plain[ORIGINALS_CHUNK_BYTES];
  uint8_t sealed[ORIGINALS_CHUNK_BYTES + SEAL_TAG_BYTES];
};

int originals_sealer_new(struct originals_sealer **ret_sealer) {
  struct originals_sealer *sealer = calloc(1, sizeof *sealer);
  if (sealer == NULL) return -ENOMEM;
  *ret_sealer = sealer;
  return 0;
}

void originals_sealer_free(struct originals_sealer *sealer) {
  if (sealer == NULL) return;
  secret_wipe(sealer, sizeof *sealer);
  free(sealer);
}

static struct text chunk_associated(uint8_t *buffer, size_t head_bytes, uint32_t chunk, bool last) {
  put_u32(buffer + head_bytes, chunk);
  buffer[head_bytes + 4] = last;
  return (struct text){(const char *)buffer, head_bytes + TAIL_BYTES};
}

static void chunk_nonce(uint32_t chunk, uint8_t ret_nonce[static SEAL_NONCE_BYTES]) {
  memset(ret_nonce, 0, SEAL_NONCE_BYTES);
  put_u32(ret_nonce, chunk);
}

static int sealer_flush(struct originals_sealer *sealer, bool last) {
  uint8_t nonce[SEAL_NONCE_BYTES];
  chunk_nonce(sealer->chunk, nonce);
  struct text associated = chunk_associated(sealer->associated, sealer->head_bytes, sealer->chunk, last);
  struct text plain = {(const char *)sealer->plain, sealer->filled};
  int r = seal(&sealer->key, nonce, associated, plain, sealer->sealed, sealer->sealed + sealer->filled);
  if (r == 0) r = write_at(sealer->fd, sealer->sealed, sealer->filled + SEAL_TAG_BYTES, sealer->offset);
  if (r < 0) return r;
  sealer->offset += sealer->filled + SEAL_TAG_BYTES;
  sealer->filled = 0;
  sealer->chunk++;
  return 0;
}

/* A full chunk is sealed only when more comes: the last one is sealed as the last. */
static int sealer_put(struct originals_sealer *sealer, const void *data, size_t length) {
  const char *next = data;
  while (length > 0) {
    if (sealer->filled == ORIGINALS_CHUNK_BYTES) {
      int r = sealer_flush(sealer, false);
      if (r < 0) return r;
    }
    size_t n = MIN(length, ORIGINALS_CHUNK_BYTES - sealer->filled);
    memcpy(sealer->plain + sealer->filled, next, n);
    sealer->filled += n;
    next += n;
    length -= n;
  }
  return 0;
}

static int sealer_put_u32(struct originals_sealer *sealer, uint32_t value) {
  uint8_t bytes[4];
  put_u32(bytes, value);
  return sealer_put(sealer, bytes, sizeof bytes);
}

static int sealer_put_text(struct originals_sealer *sealer, struct text text) {
  int r = sealer_put_u32(sealer, (uint32_t)text.length);
  return r < 0 ? r : sealer_put(sealer, text.data, text.length);
}

static void meta_texts(const struct original *original, struct text texts[static META_TEXTS]) {
  texts[0] = text_of(original->connector);
  texts[1] = original->content_type;
  texts[2] = original->method;
  texts[3] = original->path;
  texts[4] = original->query;
  texts[5] = original->name;
}

static uint64_t meta_bytes(const struct original *original) {
  struct text texts[META_TEXTS];
  meta_texts(original, texts);
  uint64_t bytes = 8 + 4;
  for (size_t i = 0; i < META_TEXTS; i++) bytes += 4 + texts[i].length;
  for (size_t i = 0; i < original->values_count; i++) bytes += 8 + original->values[i].value.length;
  return bytes;
}

static uint64_t sealed_bytes_of(uint64_t plain_bytes) {
  uint64_t chunks = (plain_bytes + ORIGINALS_CHUNK_BYTES - 1) / ORIGINALS_CHUNK_BYTES;
  return plain_bytes + chunks * SEAL_TAG_BYTES;
}

static uint64_t plain_bytes_of(const struct original *original) {
  return 4 + meta_bytes(original) + original->body.length;
}

uint64_t originals_record_bytes(const struct original *original) {
  return ORIGINALS_HEAD_BYTES + strlen(original->source) + sealed_bytes_of(plain_bytes_of(original));
}

static int sealer_put_original(struct originals_sealer *sealer, const struct original *original) {
  struct text texts[META_TEXTS];
  uint8_t received[8];
  meta_texts(original, texts);
  put_u64(received, (uint64_t)original->received_us);
  int r = sealer_put_u32(sealer, (uint32_t)meta_bytes(original));
  if (r == 0) r = sealer_put(sealer, received, sizeof received);
  for (size_t i = 0; i < META_TEXTS && r == 0; i++) r = sealer_put_text(sealer, texts[i]);
  if (r == 0) r = sealer_put_u32(sealer, (uint32_t)original->values_count);
  for (size_t i = 0; i < original->values_count && r == 0; i++) {
    r = sealer_put_u32(sealer, original->values[i].record);
    if (r == 0) r = sealer_put_text(sealer, original->values[i].value);
  }
  if (r == 0) r = sealer_put(sealer, original->body.data, original->body.length);
  return r < 0 ? r : sealer_flush(sealer, true);
}

static uint32_t head_crc(const uint8_t *head, size_t length) {
  return (uint32_t)crc32(0, head + 8, (uInt)(length - 8));
}

static size_t head_fill(uint8_t *head, const uint8_t salt[static ORIGINALS_SALT_BYTES],
                        const struct original *original) {
  size_t source_bytes = strlen(original->source), length = ORIGINALS_HEAD_BYTES + source_bytes;
  memset(head, 0, ORIGINALS_HEAD_BYTES);
  memcpy(head, record_magic, sizeof record_magic);
  put_u64(head + 8, sealed_bytes_of(plain_bytes_of(original)));
  memcpy(head + 16, original->digest, sizeof original->digest);
  memcpy(head + 48, salt, ORIGINALS_SALT_BYTES);
  head[64] = (uint8_t)source_bytes;
  memcpy(head + ORIGINALS_HEAD_BYTES, original->source, source_bytes);
  put_u32(head + 4, head_crc(head, length));
  return length;
}

int originals_record_write(struct originals_sealer *sealer, int fd, uint64_t offset,
                           const struct secret_key *day_key, const struct original *original) {
  if (strlen(original->source) > ORIGINALS_SOURCE_MAX) return -ENAMETOOLONG;
  if (plain_bytes_of(original) > PLAIN_MAX) return -EMSGSIZE;
  uint8_t salt[ORIGINALS_SALT_BYTES];
  int r = random_bytes(salt, sizeof salt);
  if (r == 0) r = record_key(day_key, salt, &sealer->key);
  if (r < 0) return r;
  sealer->head_bytes = head_fill(sealer->associated, salt, original);
  sealer->fd = fd;
  sealer->chunk = 0;
  sealer->filled = 0;
  sealer->offset = offset + sealer->head_bytes;
  r = write_at(fd, sealer->associated, sealer->head_bytes, offset);
  if (r == 0) r = sealer_put_original(sealer, original);
  secret_wipe(&sealer->key, sizeof sealer->key);
  secret_wipe(sealer->plain, sizeof sealer->plain);
  return r;
}

int originals_header_write(int fd) {
  uint8_t header[ORIGINALS_HEADER_BYTES] = {0};
  memcpy(header, file_magic, sizeof file_magic);
  put_u32(header + 8, VERSION);
  return write_at(fd, header, sizeof header, 0);
}

/* ---- Reading ------------------------------------------------------------------------------------------- */

int originals_header_check(int fd) {
  uint8_t header[ORIGINALS_HEADER_BYTES];
  int r = read_at(fd, header, sizeof header, 0);
  if (r < 0) return r == -ENODATA ? -EBADMSG : r;
  bool ours = memcmp(header, file_magic, sizeof file_magic) == 0 && get_u32(header + 8) == VERSION;
  return ours ? 0 : -EBADMSG;
}

int originals_head_read(int fd, uint64_t offset, uint64_t file_bytes, struct originals_head *ret_head) {
  uint8_t *raw = ret_head->raw;
  int r = read_at(fd, raw, ORIGINALS_HEAD_BYTES, offset);
  if (r < 0) return r == -ENODATA ? 0 : r;
  size_t source_bytes = raw[64];
  if (memcmp(raw, record_magic, sizeof record_magic) != 0 || raw[65] != 0) return 0;
  r = read_at(fd, raw + ORIGINALS_HEAD_BYTES, source_bytes, offset + ORIGINALS_HEAD_BYTES);
  if (r < 0) return r == -ENODATA ? 0 : r;
  ret_head->raw_bytes = ORIGINALS_HEAD_BYTES + source_bytes;
  if (get_u32(raw + 4) != head_crc(raw, ret_head->raw_bytes)) return 0;
  ret_head->offset = offset;
  ret_head->sealed_offset = offset + ret_head->raw_bytes;
  ret_head->sealed_bytes = get_u64(raw + 8);
  if (ret_head->sealed_offset > file_bytes || ret_head->sealed_bytes > file_bytes - ret_head->sealed_offset)
    return 0;
  memcpy(ret_head->digest, raw + 16, sizeof ret_head->digest);
  memcpy(ret_head->salt, raw + 48, sizeof ret_head->salt);
  memcpy(ret_head->source, raw + ORIGINALS_HEAD_BYTES, source_bytes);
  ret_head->source[source_bytes] = '\0';
  return 1;
}

struct cursor { /* over the plain text */
  const char *next;
  size_t left;
};

static int cursor_take(struct cursor *cursor, size_t length, struct text *ret_text) {
  if (length > cursor->left) return -EBADMSG;
  *ret_text = (struct text){cursor->next, length};
  cursor->next += length;
  cursor->left -= length;
  return 0;
}

static int cursor_u32(struct cursor *cursor, uint32_t *ret_value) {
  struct text bytes;
  int r = cursor_take(cursor, 4, &bytes);
  if (r == 0) *ret_value = get_u32((const uint8_t *)bytes.data);
  return r;
}

static int cursor_text(struct cursor *cursor, struct text *ret_text) {
  uint32_t length;
  int r = cursor_u32(cursor, &length);
  return r < 0 ? r : cursor_take(cursor, length, ret_text);
}

static int values_parse(struct cursor *cursor, struct arena *arena, struct original *ret_original) {
  uint32_t count;
  int r = cursor_u32(cursor, &count);
  if (r < 0) return r;
  if (count > cursor->left / 8) return -EBADMSG;
  struct original_value *values = arena_alloc(arena, count * sizeof *values);
  if (values == NULL) return -ENOMEM;
  for (uint32_t i = 0; i < count && r == 0; i++) {
    r = cursor_u32(cursor, &values[i].record);
    if (r == 0) r = cursor_text(cursor, &values[i].value);
  }
  ret_original->values = values;
  ret_original->values_count = count;
  return r;
}

static int original_parse(struct text plain, struct arena *arena, struct original *ret_original) {
  struct cursor all = {plain.data, plain.length};
  struct text meta, received, connector;
  int r = cursor_text(&all, &meta);
  if (r < 0) return r;
  ret_original->body = (struct text){all.next, all.left};
  struct cursor cursor = {meta.data, meta.length};
  struct text *texts[META_TEXTS] = {&connector,          &ret_original->content_type, &ret_original->method,
                                    &ret_original->path, &ret_original->query,        &ret_original->name};
  r = cursor_take(&cursor, 8, &received);
  for (size_t i = 0; i < META_TEXTS && r == 0; i++) r = cursor_text(&cursor, texts[i]);
  if (r == 0) r = values_parse(&cursor, arena, ret_original);
  if (r < 0) return r;
  ret_original->received_us = (int64_t)get_u64((const uint8_t *)received.data);
  ret_original->connector = arena_text(arena, connector);
  return ret_original->connector == NULL ? -ENOMEM : 0;
}

static int chunks_open(int fd, const struct originals_head *head, const struct secret_key *key,
                       uint8_t *sealed, uint8_t *plain, size_t *ret_length) {
  uint8_t associated[sizeof head->raw + TAIL_BYTES], nonce[SEAL_NONCE_BYTES];
  memcpy(associated, head->raw, head->raw_bytes);
  uint64_t done = 0;
  size_t length = 0;
  for (uint32_t chunk = 0; done < head->sealed_bytes; chunk++) {
    size_t n = MIN(head->sealed_bytes - done, (uint64_t)ORIGINALS_CHUNK_BYTES + SEAL_TAG_BYTES);
    if (n <= SEAL_TAG_BYTES) return -EBADMSG;
    int r = read_at(fd, sealed, n, head->sealed_offset + done);
    if (r < 0) return r == -ENODATA ? -EBADMSG : r;
    done += n;
    n -= SEAL_TAG_BYTES;
    chunk_nonce(chunk, nonce);
    bool last = done == head->sealed_bytes;
    r = seal_open(key, nonce, chunk_associated(associated, head->raw_bytes, chunk, last),
                  (struct text){(const char *)sealed, n}, sealed + n, plain + length);
    if (r < 0) return r;
    length += n;
  }
  *ret_length = length;
  return 0;
}

int originals_record_read(int fd, const struct originals_head *head, const struct secret_key *day_key,
                          struct arena *arena, struct original *ret_original) {
  if (head->sealed_bytes > PLAIN_MAX + PLAIN_MAX / 1024) return -EBADMSG;
  struct secret_key key;
  int r = record_key(day_key, head->salt, &key);
  if (r < 0) return r;
  cleanup(freep) uint8_t *sealed = malloc(ORIGINALS_CHUNK_BYTES + SEAL_TAG_BYTES);
  uint8_t *plain = arena_alloc(arena, (size_t)head->sealed_bytes);
  size_t length = 0;
  r = sealed == NULL || plain == NULL ? -ENOMEM : chunks_open(fd, head, &key, sealed, plain, &length);
  secret_wipe(&key, sizeof key);
  if (r < 0) return r;
  *ret_original = (struct original){0};
  memcpy(ret_original->digest, head->digest, sizeof head->digest);
  ret_original->source = arena_text(arena, text_of(head->source));
  if (ret_original->source == NULL) return -ENOMEM;
  return original_parse((struct text){(const char *)plain, length}, arena, ret_original);
}
