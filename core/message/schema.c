/*
 * The schema: what all descriptor sets together define, sorted by full name. A set that is refused leaves
 * nothing behind: it is read completely (descriptor_set.c) before the first of its types is shown. Types
 * never move once they are there, so pointers to them live as long as the schema.
 */
#include "core/message/schema.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "core/message/descriptor_set.h"

enum { FILE_BYTES_MAX = 16 * 1024 * 1024 };

struct schema {
  struct arena *arena;
  const struct schema_message **messages; /* by full name */
  const struct schema_enum **enums;       /* by full name */
  size_t messages_count, enums_count;
  struct set_file *files;
};

int schema_new(struct schema **ret_schema) {
  cleanup(schema_freep) struct schema *schema = calloc(1, sizeof *schema);
  if (schema == NULL) return -ENOMEM;
  int r = arena_new(&schema->arena);
  if (r < 0) return r;
  *ret_schema = TAKE(schema);
  return 0;
}

void schema_free(struct schema *schema) {
  if (schema == NULL) return;
  arena_free(schema->arena);
  free(schema->messages);
  free(schema->enums);
  free(schema);
}

bool schema_has_file(const struct schema *schema, const char *name) {
  for (const struct set_file *file = schema->files; file != NULL; file = file->next) {
    if (strcmp(file->name, name) == 0) return true;
  }
  return false;
}

static int message_compare(const void *a, const void *b) {
  return strcmp((*(const struct schema_message *const *)a)->full_name,
                (*(const struct schema_message *const *)b)->full_name);
}

static int enum_compare(const void *a, const void *b) {
  return strcmp((*(const struct schema_enum *const *)a)->full_name,
                (*(const struct schema_enum *const *)b)->full_name);
}

/* Makes room for what a set adds, so that adding cannot fail half way. */
static int make_room(struct schema *schema, const struct descriptor_set *set) {
  const struct schema_message **messages =
      reallocarray(schema->messages, schema->messages_count + set->messages_count + 1, sizeof *messages);
  if (messages == NULL) return -ENOMEM;
  schema->messages = messages;
  const struct schema_enum **enums =
      reallocarray(schema->enums, schema->enums_count + set->enums_count + 1, sizeof *enums);
  if (enums == NULL) return -ENOMEM;
  schema->enums = enums;
  return 0;
}

static void add_all(struct schema *schema, const struct descriptor_set *set) {
  for (const struct set_message *message = set->messages; message != NULL; message = message->next) {
    schema->messages[schema->messages_count++] = message->type;
  }
  for (const struct set_enum *one = set->enums; one != NULL; one = one->next) {
    schema->enums[schema->enums_count++] = one->type;
  }
  if (schema->messages_count != 0) {
    qsort(schema->messages, schema->messages_count, sizeof *schema->messages, message_compare);
  }
  if (schema->enums_count != 0)
    qsort(schema->enums, schema->enums_count, sizeof *schema->enums, enum_compare);
  for (struct set_file *file = set->files, *next; file != NULL; file = next) {
    next = file->next;
    file->next = schema->files;
    schema->files = file;
  }
}

int schema_add(struct schema *schema, struct text bytes, const char **reterr_reason) {
  struct descriptor_set set = {.arena = schema->arena, .known = schema};
  int r = descriptor_set_read(&set, bytes);
  if (r == SCHEMA_E_INVALID) *reterr_reason = set.reason;
  if (r != 0) return r;
  r = make_room(schema, &set);
  if (r < 0) return r;
  add_all(schema, &set);
  return 0;
}

static int read_all(int fd, char *data, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = read(fd, data + done, length - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return -EIO;
    done += (size_t)n;
  }
  return 0;
}

static int refuse_file(struct schema *schema, const char *what, const char **reterr_reason) {
  *reterr_reason = arena_printf(schema->arena, "%s", what);
  return *reterr_reason == NULL ? -ENOMEM : SCHEMA_E_INVALID;
}

int schema_add_file(struct schema *schema, const char *path, const char **reterr_reason) {
  cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return refuse_file(schema, strerrordesc_np(errno), reterr_reason);
  struct stat about;
  if (fstat(fd, &about) < 0) return -errno;
  if (!S_ISREG(about.st_mode)) return refuse_file(schema, "not a regular file", reterr_reason);
  if (about.st_size > FILE_BYTES_MAX) return refuse_file(schema, "larger than 16 MiB", reterr_reason);
  size_t length = (size_t)about.st_size;
  char *data = arena_alloc(schema->arena, length);
  if (data == NULL) return -ENOMEM;
  int r = read_all(fd, data, length);
  if (r < 0) return refuse_file(schema, strerrordesc_np(-r), reterr_reason);
  return schema_add(schema, (struct text){data, length}, reterr_reason);
}

const struct schema_message *schema_message(const struct schema *schema, const char *full_name) {
  size_t low = 0, high = schema->messages_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(full_name, schema->messages[middle]->full_name);
    if (order == 0) return schema->messages[middle];
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NULL;
}

const struct schema_enum *schema_enum(const struct schema *schema, const char *full_name) {
  size_t low = 0, high = schema->enums_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(full_name, schema->enums[middle]->full_name);
    if (order == 0) return schema->enums[middle];
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NULL;
}

size_t schema_messages(const struct schema *schema, const struct schema_message ***ret_list) {
  *ret_list = schema->messages;
  return schema->messages_count;
}

const struct schema_field *schema_field(const struct schema_message *message, uint32_t number) {
  const struct schema_field *fields = message->fields;
  if (number - 1 < message->count && fields[number - 1].number == number) return &fields[number - 1];
  size_t low = 0, high = message->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (fields[middle].number == number) return &fields[middle];
    if (fields[middle].number < number) low = middle + 1;
    else high = middle;
  }
  return NULL;
}

const struct schema_field *schema_field_named(const struct schema_message *message, struct text name) {
  for (size_t i = 0; i < message->count; i++) {
    if (text_is(name, message->fields[i].name)) return &message->fields[i];
  }
  return NULL;
}

int schema_path(const struct schema_message *message, const char *path, struct schema_path *ret_path,
                size_t *reterr_at) {
  struct schema_path found = {0};
  for (const char *segment = path;;) {
    size_t length = strcspn(segment, ".");
    *reterr_at = (size_t)(segment - path);
    if (message == NULL || found.count == LENGTH_OF(found.fields)) return SCHEMA_E_FIELD;
    const struct schema_field *field = schema_field_named(message, (struct text){segment, length});
    if (field == NULL) return SCHEMA_E_FIELD;
    if (field->repeated) return SCHEMA_E_REPEATED;
    found.fields[found.count++] = field;
    message = field->message;
    if (segment[length] == '\0') break;
    segment += length + 1;
  }
  *ret_path = found;
  return 0;
}
