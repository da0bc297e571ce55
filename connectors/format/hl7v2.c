/*
 * hl7v2.c: a payload into messages, a message into segments.
 *
 * A payload is walked line by line, and each line end is looked for once, so that no input is slow. The frame
 * of batches is judged before the first message is handed out: whoever reads on may publish at once.
 *
 * Surprising: segments are found before the character set is known and decoded one by one. That is right
 * for every set whose ASCII bytes mean ASCII, and leaves each segment's place in the input known.
 */
#include "connectors/format/hl7v2.h"

#include <errno.h>
#include <stdio.h>

#define VT '\x0B'
#define FS '\x1C'

/* ---- Lines ---- */

static const char *find(const char *from, const char *end, char c) {
  const char *found = from == end ? NULL : memchr(from, c, (size_t)(end - from));
  return found == NULL ? end : found;
}

static struct hl7v2_lines lines_of(struct text text, size_t line) {
  const char *at = text.data, *end = text.data + text.length;
  if (line == 0 && text.length >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3;
  return (struct hl7v2_lines){at, end, find(at, end, '\r'), find(at, end, '\n'), line == 0 ? 1 : line};
}

/* The next line that holds anything, without the bytes of MLLP; false: there is none. */
static bool next_line(struct hl7v2_lines *l, struct text *ret, size_t *ret_line) {
  while (l->at < l->end) {
    if (l->cr < l->at) l->cr = find(l->at, l->end, '\r');
    if (l->lf < l->at) l->lf = find(l->at, l->end, '\n');
    const char *begin = l->at, *stop = l->cr < l->lf ? l->cr : l->lf;
    *ret_line = l->line++;
    l->at = stop == l->end ? stop : stop + 1 + (*stop == '\r' && stop + 1 < l->end && stop[1] == '\n');
    while (begin < stop && (*begin == VT || *begin == ' ' || *begin == '\t')) begin++;
    if (stop > begin && stop[-1] == FS) stop--;
    *ret = (struct text){begin, (size_t)(stop - begin)};
    if (stop != begin) return true;
  }
  return false;
}

static enum hl7v2_kind kind_of(struct text line) {
  static const struct {
    char name[4];
    enum hl7v2_kind kind;
  } kinds[] = {{"MSH", HL7V2_MESSAGE},
               {"FHS", HL7V2_FILE_HEADER},
               {"BHS", HL7V2_BATCH_HEADER},
               {"BTS", HL7V2_BATCH_TRAILER},
               {"FTS", HL7V2_FILE_TRAILER}};
  for (size_t i = 0; line.length >= 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
    if (memcmp(line.data, kinds[i].name, 3) == 0) return kinds[i].kind;
  return 0;
}

bool hl7v2_is(struct text input) {
  struct hl7v2_lines lines = lines_of(input, 0);
  struct text line;
  size_t number;
  if (!next_line(&lines, &line, &number)) return false;
  enum hl7v2_kind kind = kind_of(line);
  return kind != 0 && kind <= HL7V2_BATCH_HEADER;
}

int hl7v2_next(struct hl7v2 *payload, struct hl7v2_unit *ret) {
  struct text line;
  size_t number;
  if (!next_line(&payload->lines, &line, &number)) return HL7V2_END;
  *ret = (struct hl7v2_unit){kind_of(line), line, number};
  if (ret->kind != HL7V2_MESSAGE) return 0;
  struct hl7v2_lines before = payload->lines;
  while (next_line(&payload->lines, &line, &number) && kind_of(line) == 0) {
    ret->bytes.length = (size_t)(line.data + line.length - ret->bytes.data);
    before = payload->lines;
  }
  payload->lines = before;
  return 0;
}

void hl7v2_rewind(struct hl7v2 *payload) { payload->lines = lines_of(payload->input, 0); }

/* ---- The frame ---- */

struct frame {
  bool in_file, in_batch;
  size_t messages, batches; /* of the open batch and file */
};

static int refuse(struct hl7v2_problem *problem, int error, size_t line, size_t column, const char *path,
                  const char *detail) {
  problem->detail = detail;
  snprintf(problem->at, sizeof(problem->at), "%zu:%zu%s%s", line, column, path[0] == 0 ? "" : " ", path);
  return error;
}

/* Field 1 of a trailer against what was counted; a trailer may leave the count out. */
static int check_count(const struct hl7v2_unit *unit, size_t counted, struct hl7v2_problem *problem) {
  const char *path = unit->kind == HL7V2_BATCH_TRAILER ? "BTS-1" : "FTS-1";
  if (unit->bytes.length <= 4) return 0;
  struct text field = {unit->bytes.data + 4, unit->bytes.length - 4};
  field = text_trim(hl7v2_piece(field, unit->bytes.data[3], 1));
  size_t said = 0;
  if (field.length == 0 || hl7v2_is_null(field)) return 0;
  for (size_t i = 0; i < field.length; i++) {
    if (field.data[i] < '0' || field.data[i] > '9' || said > 1000000000)
      return refuse(problem, HL7V2_E_MALFORMED, unit->line, 5, path, "the count of a trailer is no number");
    said = said * 10 + (size_t)(field.data[i] - '0');
  }
  if (said == counted) return 0;
  return refuse(problem, HL7V2_E_INCOMPLETE, unit->line, 5, path,
                unit->kind == HL7V2_BATCH_TRAILER ? "the batch holds another number of messages"
                                                  : "the file holds another number of batches");
}

static int open_batch(struct frame *frame, const struct hl7v2_unit *unit, struct hl7v2_problem *problem) {
  struct hl7v2_delimiters delimiters;
  bool is_file = unit->kind == HL7V2_FILE_HEADER;
  if (frame->in_batch || (is_file && frame->in_file))
    return refuse(problem, HL7V2_E_INCOMPLETE, unit->line, 1, is_file ? "FHS" : "BHS",
                  "the batch or file before has no trailer");
  if (is_file) frame->in_file = true, frame->batches = 0;
  else frame->in_batch = true, frame->messages = 0, frame->batches++;
  return hl7v2_read_delimiters(unit, &delimiters, problem);
}

static int close_batch(struct frame *frame, const struct hl7v2_unit *unit, struct hl7v2_problem *problem) {
  bool is_file = unit->kind == HL7V2_FILE_TRAILER;
  if (is_file ? !frame->in_file : !frame->in_batch)
    return refuse(problem, HL7V2_E_MALFORMED, unit->line, 1, is_file ? "FTS" : "BTS",
                  "a trailer without its header");
  if (is_file && frame->in_batch)
    return refuse(problem, HL7V2_E_INCOMPLETE, unit->line, 1, "FTS", "the batch before has no trailer");
  if (is_file) frame->in_file = false;
  else frame->in_batch = false;
  return check_count(unit, is_file ? frame->batches : frame->messages, problem);
}

static int check_unit(struct hl7v2 *payload, struct frame *frame, const struct hl7v2_unit *unit,
                      struct hl7v2_problem *problem) {
  switch (unit->kind) {
    case HL7V2_MESSAGE:
      frame->messages++;
      payload->messages++;
      return 0;
    case HL7V2_FILE_HEADER:
    case HL7V2_BATCH_HEADER: payload->has_batches = true; return open_batch(frame, unit, problem);
    case HL7V2_FILE_TRAILER:
    case HL7V2_BATCH_TRAILER: return close_batch(frame, unit, problem);
  }
  return refuse(problem, HL7V2_E_MALFORMED, unit->line, 1, "", "MSH, FHS or BHS must stand here");
}

int hl7v2_open(struct hl7v2 *payload, struct text input, struct hl7v2_problem *reterr) {
  struct frame frame = {0};
  struct hl7v2_unit unit = {.line = 1};
  *payload = (struct hl7v2){.input = input, .lines = lines_of(input, 0)};
  while (hl7v2_next(payload, &unit) == 0) {
    int r = check_unit(payload, &frame, &unit, reterr);
    if (r != 0) return r;
  }
  if (frame.in_batch || frame.in_file)
    return refuse(reterr, HL7V2_E_INCOMPLETE, payload->lines.line, 1, frame.in_batch ? "BTS" : "FTS",
                  "the batch or file has no trailer");
  if (payload->messages == 0 && !payload->has_batches)
    return refuse(reterr, HL7V2_E_MALFORMED, 1, 1, "", "there is no message");
  hl7v2_rewind(payload);
  return 0;
}

/* ---- Segments ---- */

static bool is_delimiter(char c) {
  return c > ' ' && c < 0x7F && (c < '0' || c > '9') && ((c | 0x20) < 'a' || (c | 0x20) > 'z');
}

int hl7v2_read_delimiters(const struct hl7v2_unit *unit, struct hl7v2_delimiters *ret,
                          struct hl7v2_problem *reterr) {
  char names[4] = {0}, path[6];
  char *const places[] = {&ret->field,  &ret->component,    &ret->repetition,
                          &ret->escape, &ret->subcomponent, &ret->truncation};
  const char *c = unit->bytes.data + 3, *end = unit->bytes.data + unit->bytes.length;
  *ret = (struct hl7v2_delimiters){0};
  memcpy(names, unit->bytes.data, 3);
  size_t count = 0;
  for (; c < end && *c != '\r' && *c != '\n' && (count == 0 || *c != ret->field); c++, count++) {
    snprintf(path, sizeof(path), "%.3s-%c", names, count == 0 ? '1' : '2');
    if (count == sizeof(places) / sizeof(places[0]) || !is_delimiter(*c) ||
        memchr(unit->bytes.data + 3, *c, count) != NULL)
      return refuse(reterr, HL7V2_E_MALFORMED, unit->line, count + 4, path,
                    "two to five different encoding characters must stand here");
    *places[count] = *c;
  }
  snprintf(path, sizeof(path), "%.3s-2", names);
  if (count >= 3) return 0;
  return refuse(reterr, HL7V2_E_MALFORMED, unit->line, count + 4, path,
                "two to five different encoding characters must stand here");
}

static bool is_name(struct text line, char separator) {
  if (line.length < 3 || (line.length > 3 && line.data[3] != separator)) return false;
  for (size_t i = 0; i < 3; i++) {
    bool digit = line.data[i] >= '0' && line.data[i] <= '9';
    if (!(line.data[i] >= 'A' && line.data[i] <= 'Z') && !(digit && i > 0)) return false;
  }
  return true;
}

/* Numbers each segment among those of its name: few names, many segments. */
struct names {
  char name[64][3];
  unsigned times[64];
  size_t count;
};

static unsigned count_name(struct names *names, const char *name) {
  size_t i = 0;
  while (i < names->count && memcmp(names->name[i], name, 3) != 0) i++;
  if (i == sizeof(names->times) / sizeof(names->times[0])) return 1;
  if (i == names->count) memcpy(names->name[names->count++], name, 3);
  return ++names->times[i];
}

static int split_segments(const struct hl7v2_unit *unit, const struct hl7v2_message *message,
                          struct hl7v2_segment *segments, struct hl7v2_problem *problem) {
  struct hl7v2_lines lines = lines_of(unit->bytes, unit->line);
  struct names names = {.count = 0};
  struct text line;
  for (size_t i = 0, number; next_line(&lines, &line, &number); i++) {
    if (!is_name(line, message->delimiters.field))
      return refuse(problem, HL7V2_E_MALFORMED, number, 1, "",
                    "the name of a segment must stand here: three letters or digits and the separator");
    segments[i] = (struct hl7v2_segment){line, line, number, count_name(&names, line.data)};
  }
  return 0;
}

static bool is_ascii(struct text text) {
  const char *at = text.data, *end = text.data + text.length;
  for (uint64_t word; end - at >= (ptrdiff_t)sizeof(word); at += sizeof(word)) {
    memcpy(&word, at, sizeof(word));
    if ((word & UINT64_C(0x8080808080808080)) != 0) return false;
  }
  for (; at < end; at++)
    if ((unsigned char)*at >= 0x80) return false;
  return true;
}

/* The place of a byte that is not of the set, as the field that it stands in. */
static int refuse_byte(const struct hl7v2_message *message, const struct hl7v2_segment *segment,
                       size_t offset, struct hl7v2_problem *problem, const char *detail) {
  struct hl7v2_path path = {.field = segment == message->segments ? 1 : 0};
  for (size_t i = 0; i < offset; i++) path.field += segment->text.data[i] == message->delimiters.field;
  hl7v2_place(message, segment, path, problem->at);
  problem->detail = detail;
  return HL7V2_E_CHARSET;
}

/* MSH-18 by its first repetition; UTF-8 where nothing is said. */
static enum charset charset_of(const struct hl7v2_message *message) {
  struct text name = hl7v2_get(message, message->segments, (struct hl7v2_path){.field = 18, .repetition = 1});
  name = text_trim(name);
  if (name.length == 0 || hl7v2_is_null(name)) return CHARSET_UTF_8;
  enum charset charset = charset_by_name(name);
  return charset == CHARSET_UTF_16 ? CHARSET_UNKNOWN : charset;
}

static int decode(const struct allocator *allocator, const struct hl7v2_message *message,
                  struct hl7v2_segment *segments, struct hl7v2_problem *problem) {
  for (size_t i = 0; i < message->count; i++) {
    size_t offset = 0;
    if (is_ascii(segments[i].bytes)) continue;
    if (message->charset == CHARSET_UNKNOWN) {
      while ((unsigned char)segments[i].bytes.data[offset] < 0x80) offset++;
      (void)refuse_byte(message, &segments[i], offset, problem, "bytes of a character set not known here");
      return HL7V2_E_UNSUPPORTED;
    }
    int r = charset_decode(allocator, message->charset, segments[i].bytes, &segments[i].text, &offset);
    if (r < 0) return r;
    if (r != 0)
      return refuse_byte(message, &segments[i], offset, problem,
                         "a byte that the message's character set does not define");
  }
  return 0;
}

int hl7v2_read(const struct allocator *allocator, const struct hl7v2_unit *unit, struct hl7v2_message *ret,
               struct hl7v2_problem *reterr) {
  struct hl7v2_message message = {.bytes = unit->bytes};
  struct hl7v2_lines lines = lines_of(unit->bytes, unit->line);
  struct text line;
  size_t number;
  int r = hl7v2_read_delimiters(unit, &message.delimiters, reterr);
  if (r != 0) return r;
  while (next_line(&lines, &line, &number)) {
    const char *nul = memchr(line.data, 0, line.length);
    if (nul != NULL)
      return refuse(reterr, HL7V2_E_MALFORMED, number, (size_t)(nul - line.data) + 1, "",
                    "a NUL stands in this segment");
    if (++message.count > HL7V2_SEGMENTS_MAX)
      return refuse(reterr, HL7V2_E_TOO_LARGE, number, 1, "", "too many segments");
  }
  struct hl7v2_segment *segments = allocate(allocator, message.count * sizeof(*segments));
  if (segments == NULL) return -ENOMEM;
  r = split_segments(unit, &message, segments, reterr);
  if (r != 0) return r;
  message.segments = segments;
  message.charset = charset_of(&message);
  r = decode(allocator, &message, segments, reterr);
  if (r != 0) return r;
  *ret = message;
  return 0;
}
