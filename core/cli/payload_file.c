/*
 * The whole file in memory, with the zero bytes behind it that every payload has.
 */
#include "core/cli/payload_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/net/form_payload.h"

#define INPUT_BYTES_MAX (64 * MIB)

static int read_all(struct arena *arena, int fd, struct text *ret_input) {
  struct stat about;
  size_t capacity = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? (size_t)about.st_size + 1 : 64 * KIB;
  size_t length = 0;
  char *data = NULL;
  for (;;) {
    if (capacity > INPUT_BYTES_MAX + 1) capacity = INPUT_BYTES_MAX + 1;
    char *larger = arena_alloc(arena, capacity + FORM_PAYLOAD_BEHIND);
    if (larger == NULL) return -ENOMEM;
    if (length != 0) memcpy(larger, data, length);
    data = larger;
    while (length < capacity) {
      ssize_t n = read(fd, data + length, capacity - length);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return -errno;
      if (n == 0) {
        *ret_input = (struct text){data, length};
        return 0;
      }
      length += (size_t)n;
    }
    if (length > INPUT_BYTES_MAX) return -EFBIG;
    capacity *= 2;
  }
}

/* Path and query of the target, and the form that the body may be. */
static int read_request(struct arena *arena, const struct payload_file_options *options, struct text body,
                        struct hub_payload *payload, const char **reterr_detail) {
  struct text query = TEXT_NONE;
  struct form form = {0};
  struct form_cover cover = {0};
  char *path = options->target == NULL ? NULL : arena_text(arena, text_of(options->target));
  if (options->target != NULL && path == NULL) return -ENOMEM;
  char *mark = path == NULL ? NULL : strchr(path, '?');
  if (mark != NULL) {
    *mark = '\0';
    query = text_of(mark + 1);
  }
  payload->path = path;
  int r = form_read(arena, text_of(options->content_type), query, body, &form, reterr_detail);
  if (r != 0) return r < 0 ? r : PAYLOAD_FILE_E_FORM;
  payload->parts = form.parts;
  payload->parts_count = form.parts_count;
  payload->fields = form.fields;
  payload->fields_count = form.fields_count;
  if (options->part == NULL) return 0;
  r = form_choose_payload(arena, &form, options->part, payload, &cover, reterr_detail);
  return r > 0 ? PAYLOAD_FILE_E_FORM : r;
}

int payload_file_read(struct arena *arena, const struct payload_file_options *options,
                      struct hub_payload *ret_payload, const char **reterr_detail) {
  cleanup(closep) int opened = -1;
  int fd = STDIN_FILENO;
  if (strcmp(options->file, "-") != 0) fd = opened = open(options->file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  struct text input = TEXT_NONE;
  int r = read_all(arena, fd, &input);
  if (r < 0) return r;
  *ret_payload = (struct hub_payload){.size = sizeof *ret_payload,
                                      .data = input.data,
                                      .length = input.length,
                                      .content_type = options->content_type,
                                      .method = options->method != NULL ? options->method : "POST",
                                      .name = options->name};
  return read_request(arena, options, input, ret_payload, reterr_detail);
}
