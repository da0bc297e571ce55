/*
 * Secrets from files. The file is opened first and judged by what was opened, so that nobody can swap it in
 * between; a symbolic link is followed, because secrets are often mounted that way, and what it leads to is
 * judged.
 *
 * Invariant: no byte of a secret's content reaches an error text, and buffers that held it are wiped.
 */
#include "core/config/secret.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>

enum { SECRET_FILE_MAX = 64 * 1024, HASHES_MAX = 1024 };

struct secret_file {
  char *data;
  size_t length;
};

static void secret_file_deinit(struct secret_file *file) {
  if (file->data != NULL) secret_wipe(file->data, file->length);
  free(file->data);
}

void secret_wipe(void *memory, size_t bytes) { OPENSSL_cleanse(memory, bytes); }

struct saying { /* where and about what an error is told */
  const char *path, *item;
  struct config_mark mark;
  struct config_errors *errors;
};

#define say(saying, format, ...)                                         \
  config_error((saying)->errors, (saying)->mark, (saying)->item, format, \
               (saying)->path __VA_OPT__(, ) __VA_ARGS__)

static bool file_is_safe(const struct saying *saying, const struct stat *status) {
  if (!S_ISREG(status->st_mode)) {
    say(saying, "%s is not a regular file; name a file");
  } else if ((status->st_mode & 077) != 0) {
    say(saying, "%s may be read or written by others (mode %04o); run: chmod 600 %s",
        (unsigned)status->st_mode & 07777, saying->path);
  } else if (status->st_uid != 0 && status->st_uid != geteuid()) {
    say(saying, "%s belongs to another user (uid %u); it must belong to root or to the hub's user",
        (unsigned)status->st_uid);
  } else if (status->st_size > SECRET_FILE_MAX) {
    say(saying, "%s is larger than 64 KiB; is it the right file?");
  } else {
    return true;
  }
  return false;
}

static int file_load(const struct saying *saying, struct secret_file *ret_file) {
  cleanup(closep) int fd = open(saying->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    int error = errno;
    say(saying, "%s cannot be read: %s%s", strerrordesc_np(error),
        error == ENOENT ? "; make the file (README.md of the configuration says how)"
                        : "; the hub's user must be able to");
    return SECRET_E_INVALID;
  }
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  if (!file_is_safe(saying, &status)) return SECRET_E_INVALID;
  ret_file->data = malloc(SECRET_FILE_MAX);
  if (ret_file->data == NULL) return -ENOMEM;
  while (ret_file->length < SECRET_FILE_MAX) {
    ssize_t n = read(fd, ret_file->data + ret_file->length, SECRET_FILE_MAX - ret_file->length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) break;
    ret_file->length += (size_t)n;
  }
  return 0;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static bool hex_read(struct text text, uint8_t ret_bytes[static SECRET_KEY_BYTES]) {
  if (text.length != 2 * SECRET_KEY_BYTES) return false;
  for (size_t i = 0; i < SECRET_KEY_BYTES; i++) {
    int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    ret_bytes[i] = (uint8_t)(high << 4 | low);
  }
  return true;
}

static bool all_equal(const uint8_t *bytes, size_t count) { return memcmp(bytes, bytes + 1, count - 1) == 0; }

int secret_key_load(const char *path, struct config_mark mark, const char *item, struct config_errors *errors,
                    struct secret_key *ret_key) {
  struct saying saying = {path, item, mark, errors};
  cleanup(secret_file_deinit) struct secret_file file = {0};
  int r = file_load(&saying, &file);
  if (r != 0) return r;
  struct secret_key key = {0};
  r = SECRET_E_INVALID;
  if (!hex_read(text_trim((struct text){file.data, file.length}), key.bytes)) {
    say(&saying, "%s does not hold 64 hex digits; make it with: openssl rand -hex 32");
  } else if (all_equal(key.bytes, sizeof key.bytes)) {
    say(&saying, "%s holds one byte repeated, which is no key; make it with: openssl rand -hex 32");
  } else {
    *ret_key = key;
    r = 0;
  }
  secret_wipe(&key, sizeof key);
  return r;
}

/* One line of an API key file. 1: a hash; 0: nothing; -1: wrong. */
static int hash_line(struct text line, struct secret_hash *ret_hash) {
  static const struct text prefix = {"sha256:", 7};
  line = text_trim(line);
  if (line.length == 0 || line.data[0] == '#') return 0;
  if (line.length < prefix.length || memcmp(line.data, prefix.data, prefix.length) != 0) return -1;
  size_t end = prefix.length;
  while (end < line.length && line.data[end] != ' ' && line.data[end] != '\t') end++;
  return hex_read((struct text){line.data + prefix.length, end - prefix.length}, ret_hash->sha256) ? 1 : -1;
}

/* SHA-256 of nothing: what a script writes when the key it wanted to hash was empty. */
static bool is_hash_of_nothing(const struct secret_hash *hash) {
  static const uint8_t nothing[4] = {0xe3, 0xb0, 0xc4, 0x42};
  return memcmp(hash->sha256, nothing, sizeof nothing) == 0;
}

static bool hashes_read(const struct saying *saying, struct text rest, struct secret_hash *hashes,
                        size_t *ret_count) {
  size_t count = 0;
  for (unsigned line = 1; rest.length != 0; line++) {
    const char *end = memchr(rest.data, '\n', rest.length);
    size_t length = end == NULL ? rest.length : (size_t)(end - rest.data);
    struct secret_hash hash = {0};
    int found = hash_line((struct text){rest.data, length}, &hash);
    size_t skip = length + (end != NULL);
    rest = (struct text){rest.data + skip, rest.length - skip};
    if (found < 0) {
      say(saying,
          "%s, line %u: not \"sha256:\" and 64 hex digits; write the SHA-256 of the key, never the key",
          line);
      return false;
    }
    if (found == 1 && is_hash_of_nothing(&hash)) {
      say(saying, "%s, line %u: is the hash of an empty key; hash the key itself", line);
      return false;
    }
    if (found == 1 && count == HASHES_MAX) {
      say(saying, "%s holds more than %d keys; split the source", HASHES_MAX);
      return false;
    }
    if (found == 1) hashes[count++] = hash;
  }
  if (count == 0) say(saying, "%s holds no key; write a line \"sha256:HEX name\"");
  *ret_count = count;
  return count != 0;
}

int secret_hashes_load(const char *path, struct config_mark mark, const char *item,
                       struct config_errors *errors, struct secret_hash **ret_hashes, size_t *ret_count) {
  struct saying saying = {path, item, mark, errors};
  cleanup(secret_file_deinit) struct secret_file file = {0};
  int r = file_load(&saying, &file);
  if (r != 0) return r;
  cleanup(freep) struct secret_hash *hashes = calloc(HASHES_MAX, sizeof *hashes);
  if (hashes == NULL) return -ENOMEM;
  if (!hashes_read(&saying, (struct text){file.data, file.length}, hashes, ret_count))
    return SECRET_E_INVALID;
  struct secret_hash *exact = realloc(hashes, *ret_count * sizeof *hashes);
  *ret_hashes = exact == NULL ? hashes : exact;
  hashes = NULL;
  return 0;
}

int secret_derive(const struct secret_key *master, const char *label, struct secret_key *ret_key) {
  unsigned length = 0;
  uint8_t *made = HMAC(EVP_sha256(), master->bytes, sizeof master->bytes, (const uint8_t *)label,
                       strlen(label), ret_key->bytes, &length);
  return made == NULL || length != sizeof ret_key->bytes ? -ENOMEM : 0;
}
