/*
 * YAML as a tree with places, built from libyaml's events.
 *
 * Invariant: a node in the tree came from exactly one place of the file. What would break that (anchors,
 * aliases, merge keys) or would be read in two ways (tags, duplicate keys, directives) is an error that is
 * told, after which the walk goes on, so that one run shows all mistakes. Only broken syntax ends a file.
 */
#include "core/config/yaml.h"

#include <stdio.h>
#include <yaml.h>

#include "core/config/file.h"

enum { DEPTH_MAX = 32, FILE_MAX = 1024 * 1024, MEMBERS_MAX = 4096, KEYS_MAX = 256, KEY_LENGTH_MAX = 200 };

struct frame {
  struct yaml_node *node;
  struct yaml_node *last;
  bool key_next; /* in a map: the next event is a key */
  struct text key;
  struct config_mark key_mark;
};

struct builder {
  struct arena *arena;
  struct config_errors *errors;
  const struct config_file *file;
  struct yaml_node *root;
  struct frame frames[DEPTH_MAX];
  size_t depth;
  unsigned documents, mistakes;
};

static struct config_mark mark_of(const struct builder *builder, yaml_mark_t mark) {
  return (struct config_mark){builder->file, (unsigned)mark.line + 1, (unsigned)mark.column + 1};
}

#define mistake(builder, mark, ...)                             \
  do {                                                          \
    (builder)->mistakes++;                                      \
    config_error((builder)->errors, (mark), NULL, __VA_ARGS__); \
  } while (0)

struct yaml_node *yaml_peek(const struct yaml_node *map, const char *key) {
  if (map == NULL || map->kind != YAML_MAP) return NULL;
  for (struct yaml_node *node = map->first; node != NULL; node = node->next) {
    if (text_is(node->key, key)) return node;
  }
  return NULL;
}

struct yaml_node *yaml_get(struct yaml_node *map, const char *key) {
  struct yaml_node *node = yaml_peek(map, key);
  if (node != NULL) node->used = true;
  return node;
}

struct config_mark yaml_mark(const struct yaml_node *map, const char *key) {
  const struct yaml_node *node = yaml_peek(map, key);
  if (node != NULL) return node->mark;
  return map == NULL ? (struct config_mark){0} : map->mark;
}

struct config_mark yaml_path_mark(struct arena *arena, const char *path) {
  struct config_file *file = arena_alloc(arena, sizeof *file);
  if (file == NULL || path == NULL) return (struct config_mark){0};
  file->path = path;
  return (struct config_mark){file, 1, 1};
}

const char *yaml_kind_name(enum yaml_kind kind) {
  return kind == YAML_MAP ? "a map" : kind == YAML_LIST ? "a list" : "a text";
}

/* ---- The tree ---- */

static int node_new(struct builder *builder, enum yaml_kind kind, struct config_mark mark,
                    struct yaml_node **ret_node) {
  struct yaml_node *node = arena_alloc(builder->arena, sizeof *node);
  if (node == NULL) return -ENOMEM;
  node->kind = kind;
  node->mark = mark;
  *ret_node = node;
  return 0;
}

/* Adds a value to the map or list that is open, or makes it the root. */
static void node_place(struct builder *builder, struct yaml_node *node) {
  if (builder->depth == 0) {
    if (builder->root == NULL) builder->root = node;
    return;
  }
  struct frame *frame = &builder->frames[builder->depth - 1];
  struct yaml_node *parent = frame->node;
  if (parent->kind == YAML_MAP) {
    node->key = frame->key;
    node->key_mark = frame->key_mark;
    frame->key_next = true;
    if (frame->key.data == NULL) return; /* its key was a mistake: the value is read and dropped */
  }
  if (++parent->count == MEMBERS_MAX + 1) {
    mistake(builder, node->mark, "more than %d members; write fewer, or split them over several files",
            MEMBERS_MAX);
  }
  if (frame->last == NULL) parent->first = node;
  else frame->last->next = node;
  frame->last = node;
}

static bool key_is_good(struct builder *builder, const struct frame *frame, struct text key,
                        struct config_mark mark) {
  char quoted[CONFIG_QUOTED_SIZE];
  if (key.length == 0) {
    mistake(builder, mark, "a value without a key; write `key: value`");
  } else if (key.length > KEY_LENGTH_MAX) {
    mistake(builder, mark, "a key of more than %d bytes; write a name from the reference", KEY_LENGTH_MAX);
  } else if (text_is(key, "<<")) {
    mistake(builder, mark, "merge keys are not read here; write the keys out");
  } else if (frame->node->count >= KEYS_MAX) {
    mistake(builder, mark, "more than %d keys in one map; write fewer", KEYS_MAX);
  } else {
    for (const struct yaml_node *node = frame->node->first; node != NULL; node = node->next) {
      if (!text_equal(node->key, key)) continue;
      mistake(builder, mark, "the key %s stands twice in this map, first in line %u; remove one",
              config_quoted(key, quoted), node->key_mark.line);
      return false;
    }
    return true;
  }
  return false;
}

static int key_take(struct builder *builder, struct text key, struct config_mark mark) {
  struct frame *frame = &builder->frames[builder->depth - 1];
  frame->key_next = false;
  frame->key = TEXT_NONE;
  frame->key_mark = mark;
  if (!key_is_good(builder, frame, key, mark)) return 0;
  char *copy = arena_text(builder->arena, key);
  if (copy == NULL) return -ENOMEM;
  frame->key = (struct text){copy, key.length};
  return 0;
}

static bool expects_key(const struct builder *builder) {
  if (builder->depth == 0) return false;
  const struct frame *frame = &builder->frames[builder->depth - 1];
  return frame->node->kind == YAML_MAP && frame->key_next;
}

/* ---- Events ---- */

static void refuse_properties(struct builder *builder, struct config_mark mark, const yaml_char_t *anchor,
                              const yaml_char_t *tag) {
  if (anchor != NULL)
    mistake(builder, mark, "anchors are not read here; remove \"&…\" and write the value where it is used");
  if (tag != NULL) mistake(builder, mark, "tags are not read here; remove \"!…\" (quotes make a text)");
}

static int on_scalar(struct builder *builder, const yaml_event_t *event) {
  struct config_mark mark = mark_of(builder, event->start_mark);
  struct text value = {(const char *)event->data.scalar.value, event->data.scalar.length};
  refuse_properties(builder, mark, event->data.scalar.anchor, event->data.scalar.tag);
  if (value.length != 0 && memchr(value.data, 0, value.length) != NULL) {
    mistake(builder, mark, "a NUL character in a text; remove \"\\0\"");
    value.length = strlen(value.data);
  }
  if (expects_key(builder)) return key_take(builder, value, mark);
  struct yaml_node *node = NULL;
  int r = node_new(builder, YAML_TEXT, mark, &node);
  if (r < 0) return r;
  char *copy = arena_text(builder->arena, value);
  if (copy == NULL) return -ENOMEM;
  node->text = (struct text){copy, value.length};
  node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  node_place(builder, node);
  return 0;
}

static int on_alias(struct builder *builder, const yaml_event_t *event) {
  struct config_mark mark = mark_of(builder, event->start_mark);
  mistake(builder, mark, "aliases are not read here; write the value itself instead of \"*…\"");
  if (expects_key(builder)) {
    struct frame *frame = &builder->frames[builder->depth - 1];
    frame->key_next = false;
    frame->key = TEXT_NONE;
    return 0;
  }
  struct yaml_node *node = NULL;
  int r = node_new(builder, YAML_TEXT, mark, &node);
  if (r < 0) return r;
  node->text = (struct text){"", 0};
  node->quoted = true;
  node_place(builder, node);
  return 0;
}

static int on_open(struct builder *builder, const yaml_event_t *event, enum yaml_kind kind) {
  struct config_mark mark = mark_of(builder, event->start_mark);
  bool map = kind == YAML_MAP;
  refuse_properties(builder, mark, map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
                    map ? event->data.mapping_start.tag : event->data.sequence_start.tag);
  if (expects_key(builder)) {
    mistake(builder, mark, "%s as a key; write a plain text as key", yaml_kind_name(kind));
    return CONFIG_E_INVALID;
  }
  if (builder->depth == DEPTH_MAX) {
    mistake(builder, mark, "nested deeper than %d levels; write it flatter", DEPTH_MAX);
    return CONFIG_E_INVALID;
  }
  struct yaml_node *node = NULL;
  int r = node_new(builder, kind, mark, &node);
  if (r < 0) return r;
  node_place(builder, node);
  builder->frames[builder->depth++] = (struct frame){.node = node, .key_next = map};
  return 0;
}

static int on_document(struct builder *builder, const yaml_event_t *event) {
  struct config_mark mark = mark_of(builder, event->start_mark);
  if (++builder->documents > 1) {
    mistake(builder, mark, "a second document; write one document a file, without a further \"---\"");
    return CONFIG_E_INVALID;
  }
  if (event->data.document_start.version_directive != NULL ||
      event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end) {
    mistake(builder, mark, "directives are not read here; remove the lines that begin with \"%%\"");
  }
  return 0;
}

static int on_event(struct builder *builder, const yaml_event_t *event) {
  switch (event->type) {
    case YAML_DOCUMENT_START_EVENT: return on_document(builder, event);
    case YAML_SCALAR_EVENT: return on_scalar(builder, event);
    case YAML_ALIAS_EVENT: return on_alias(builder, event);
    case YAML_MAPPING_START_EVENT: return on_open(builder, event, YAML_MAP);
    case YAML_SEQUENCE_START_EVENT: return on_open(builder, event, YAML_LIST);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: builder->depth--; return 0;
    default: return 0;
  }
}

/* ---- Broken syntax ---- */

static const struct {
  const char *problem, *ours;
} problems[] = {
    {"mapping values are not allowed",
     "a \": \" where no key may stand; put the text in quotes or mend the indentation"},
    {"did not find expected key",
     "this line does not belong to the block above; mend its indentation or close the quote"},
    {"did not find expected '-'", "a list goes on without \"- \"; mend the indentation"},
    {"could not find expected ':'", "a key without \": \"; write `key: value`"},
    {"found character that cannot start", "no text may begin with this character; put the text in quotes"},
    {"found unexpected end of stream", "the file ends inside a quoted text; close the quote"},
    {"did not find expected ',' or ']'", "the list is not closed; write \",\" or \"]\""},
    {"did not find expected ',' or '}'", "the map is not closed; write \",\" or \"}\""},
    {"block sequence entries are not allowed", "a \"- \" where no list may begin; put it on its own line"},
    {"found unknown escape character", "an unknown \\ escape; write \\\\ or use single quotes"},
    {"found undefined tag handle", "tags are not read here; remove \"!…\""},
    {"control characters are not allowed", "a control character; remove it"},
    {"did not find expected alphabetic",
     "an anchor or alias, or a text that begins with & or *; put the text in quotes"},
};

static void syntax_error(struct builder *builder, const yaml_parser_t *parser) {
  struct config_mark mark = mark_of(builder, parser->problem_mark);
  if (parser->error == YAML_READER_ERROR) {
    size_t line = 1, column = 1;
    text_place(builder->file->content.data, builder->file->content.length, parser->problem_offset, &line,
               &column);
    mark = (struct config_mark){builder->file, (unsigned)line, (unsigned)column};
  }
  const char *problem = parser->problem == NULL ? "broken syntax" : parser->problem;
  for (size_t i = 0; i < LENGTH_OF(problems); i++) {
    if (strstr(problem, problems[i].problem) == NULL) continue;
    mistake(builder, mark, "%s", problems[i].ours);
    return;
  }
  mistake(builder, mark, "not YAML (%s); write it as the shipped example does", problem);
}

static int events_read(struct builder *builder, yaml_parser_t *parser) {
  for (;;) {
    yaml_event_t event;
    if (!yaml_parser_parse(parser, &event)) {
      if (parser->error == YAML_MEMORY_ERROR) return -ENOMEM;
      syntax_error(builder, parser);
      return CONFIG_E_INVALID;
    }
    bool end = event.type == YAML_STREAM_END_EVENT;
    int r = on_event(builder, &event);
    yaml_event_delete(&event);
    if (r != 0 || end) return r;
  }
}

/* Mistakes that are easier to see in the bytes than in libyaml's complaints about them. */
static bool bytes_are_good(struct builder *builder) {
  struct text content = builder->file->content;
  size_t line = 1, column = 1;
  if (content.length > FILE_MAX) {
    mistake(builder, ((struct config_mark){builder->file, 1, 1}),
            "larger than 1 MiB; split it over several files");
    return false;
  }
  size_t bad = text_find_bad_utf8(content);
  if (bad != SIZE_MAX) {
    text_place(content.data, content.length, bad, &line, &column);
    mistake(builder, ((struct config_mark){builder->file, (unsigned)line, (unsigned)column}),
            "bytes that are not UTF-8; save the file as UTF-8");
    return false;
  }
  const char *tab = content.length == 0 ? NULL : memchr(content.data, '\t', content.length);
  if (tab != NULL) {
    text_place(content.data, content.length, (size_t)(tab - content.data), &line, &column);
    mistake(builder, ((struct config_mark){builder->file, (unsigned)line, (unsigned)column}),
            "a tab; write spaces (and \\t inside double quotes)");
    return false;
  }
  return true;
}

int yaml_parse(struct arena *arena, const char *path, struct text content, struct config_errors *errors,
               struct yaml_node **ret_root) {
  *ret_root = NULL;
  struct config_file *file = arena_alloc(arena, sizeof *file);
  if (file == NULL) return -ENOMEM;
  *file = (struct config_file){arena_text(arena, text_of(path)), content};
  if (file->path == NULL) return -ENOMEM;
  struct builder builder = {.arena = arena, .errors = errors, .file = file};
  if (!bytes_are_good(&builder)) return CONFIG_E_INVALID;
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) return -ENOMEM;
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  size_t skip = content.length >= 3 && memcmp(content.data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  const char *start = content.data == NULL ? "" : content.data + skip;
  yaml_parser_set_input_string(&parser, (const unsigned char *)start, content.length - skip);
  int r = events_read(&builder, &parser);
  yaml_parser_delete(&parser);
  if (r < 0) return r;
  *ret_root = r == 0 ? builder.root : NULL;
  return builder.mistakes != 0 ? CONFIG_E_INVALID : 0;
}

int yaml_load(struct arena *arena, const char *path, struct config_errors *errors,
              struct yaml_node **ret_root) {
  *ret_root = NULL;
  struct text content = TEXT_NONE;
  int r = config_file_read(arena, path, FILE_MAX, &content);
  if (r == -ENOMEM) return r;
  if (r < 0) {
    config_error(errors, yaml_path_mark(arena, path), NULL, "cannot be read: %s; %s", strerrordesc_np(-r),
                 r == -ENOENT ? "write this file, or name the right one"
                              : "it must be a file that the hub's user may read");
    return CONFIG_E_INVALID;
  }
  return yaml_parse(arena, path, content, errors, ret_root);
}
