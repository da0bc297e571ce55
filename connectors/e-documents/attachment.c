/*
 * attachment.c: base64 → SHA-256 and size, and of a ZIP archive at the same time those of its only entry.
 *
 * Nothing is kept but digests, so an attachment of any size costs the same memory. ContentType may stand
 * behind the bytes: so whatever begins like an archive is followed as one until it is known not to be, and
 * both digests are there to choose from at the end.
 */
#include "connectors/e-documents/attachment.h"

#include "connectors/format/base64.h"
#include "connectors/format/zip_entry.h"

#include <errno.h>
#include <strings.h>

enum { DECODED_SIZE = 12 * 1024 };

struct attachment_reader {
  EVP_MD_CTX *digest, *entry_digest;
  const EVP_MD *sha256;
  struct base64 base64;
  uint64_t size;
  bool may_be_zip, in_zip;
  uint64_t entry_size;
  struct zip_entry *zip; /* made when the first archive comes */
  struct hub_sink *sink;
};

int attachment_reader_new(struct hub_sink *sink, const EVP_MD *sha256,
                          struct attachment_reader **ret_reader) {
  struct attachment_reader *a = hub_alloc(sink, sizeof(*a));
  if (a == NULL) return -ENOMEM;
  a->sha256 = sha256;
  a->sink = sink;
  a->digest = EVP_MD_CTX_new();
  a->entry_digest = EVP_MD_CTX_new();
  if (a->digest == NULL || a->entry_digest == NULL) {
    attachment_reader_free(a);
    return -ENOMEM;
  }
  *ret_reader = a;
  return 0;
}

void attachment_reader_free(struct attachment_reader *a) {
  if (a == NULL) return;
  if (a->zip != NULL) zip_entry_close(a->zip);
  EVP_MD_CTX_free(a->digest);
  EVP_MD_CTX_free(a->entry_digest);
}

static int digest(EVP_MD_CTX *context, struct text piece) {
  return EVP_DigestUpdate(context, piece.data, piece.length) == 1 ? 0 : -ENOMEM;
}

static int take_entry(void *context, struct text piece) {
  struct attachment_reader *a = context;
  a->entry_size += piece.length;
  return digest(a->entry_digest, piece);
}

int attachment_begin(struct attachment_reader *a, bool may_be_zip) {
  a->base64 = (struct base64){.held_count = 0};
  a->size = a->entry_size = 0;
  a->may_be_zip = may_be_zip;
  a->in_zip = false;
  if (EVP_DigestInit_ex2(a->digest, a->sha256, NULL) != 1) return -ENOMEM;
  return 0;
}

static int begin_zip(struct attachment_reader *a) {
  if (a->zip == NULL) a->zip = hub_alloc(a->sink, sizeof(*a->zip));
  if (a->zip == NULL || EVP_DigestInit_ex2(a->entry_digest, a->sha256, NULL) != 1) return -ENOMEM;
  zip_entry_close(a->zip);
  zip_entry_open(a->zip, &(struct inflate_output){a, take_entry});
  a->in_zip = true;
  return 0;
}

static int take_decoded(struct attachment_reader *a, struct text piece) {
  int r = digest(a->digest, piece);
  if (r == 0 && a->size == 0 && a->may_be_zip && piece.data[0] == 'P') r = begin_zip(a);
  a->size += piece.length;
  if (r == 0 && a->in_zip) r = zip_entry_feed(a->zip, piece);
  return r;
}

int attachment_take(struct attachment_reader *a, struct text base64) {
  char decoded[DECODED_SIZE];
  while (base64.length != 0) {
    size_t taken = 0, made = 0;
    int bad = base64_decode(&a->base64, base64, decoded, sizeof(decoded), &taken, &made);
    int r = made == 0 ? 0 : take_decoded(a, (struct text){decoded, made});
    if (r < 0) return r;
    if (bad != 0) return ATTACHMENT_E_BASE64;
    base64.data += taken, base64.length -= taken;
  }
  return 0;
}

static int finish_digest(EVP_MD_CTX *context, char ret_hex[65]) {
  static const char digits[] = "0123456789abcdef";
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_DigestFinal_ex(context, bytes, &length) != 1 || length != 32) return -ENOMEM;
  for (unsigned i = 0; i < 32; i++) {
    ret_hex[2 * i] = digits[bytes[i] >> 4];
    ret_hex[2 * i + 1] = digits[bytes[i] & 15];
  }
  ret_hex[64] = 0;
  return 0;
}

int attachment_digest(const EVP_MD *sha256, struct text bytes, char ret_hex[65]) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  int r =
      context == NULL || EVP_DigestInit_ex2(context, sha256, NULL) != 1 ? -ENOMEM : digest(context, bytes);
  if (r == 0) r = finish_digest(context, ret_hex);
  EVP_MD_CTX_free(context);
  return r;
}

/* The entry's name, unless it is in one of the old code pages: those are not told apart. */
static int copy_name(struct hub_sink *sink, struct text name, struct text *ret_name) {
  char *copy = NULL;
  if (text_find_bad_utf8(name) != SIZE_MAX) return 0;
  int r = hub_string(sink, name.data, name.length, &copy);
  if (r == 0) *ret_name = (struct text){copy, name.length};
  return r < 0 ? r : 0;
}

static int end_zip(struct attachment_reader *a, struct edxml_attachment *attachment) {
  struct text name = TEXT_NONE;
  attachment->zip = zip_entry_finish(a->zip, &name);
  zip_entry_close(a->zip);
  if (attachment->zip != 0) return 0;
  attachment->entry.size = a->entry_size;
  int r = copy_name(a->sink, name, &attachment->entry_name);
  return r == 0 ? finish_digest(a->entry_digest, attachment->entry.sha256) : r;
}

int attachment_end(struct attachment_reader *a, struct edxml_attachment *attachment) {
  if (base64_finish(&a->base64) != 0) return ATTACHMENT_E_BASE64;
  attachment->present = true;
  attachment->file.size = a->size;
  attachment->zip = ZIP_E_NOT_ONE;
  int r = a->in_zip ? end_zip(a, attachment) : 0;
  return r == 0 ? finish_digest(a->digest, attachment->file.sha256) : r;
}

bool attachment_is_zip(struct text content_type) {
  static const char zip[] = "application/zip";
  size_t length = sizeof(zip) - 1;
  if (content_type.length < length || strncasecmp(content_type.data, zip, length) != 0) return false;
  struct text rest = text_trim((struct text){content_type.data + length, content_type.length - length});
  return rest.length == 0 || rest.data[0] == ';';
}
