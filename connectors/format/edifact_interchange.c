/*
 * edifact_interchange.c: what holds an interchange together: UNB and UNZ, UNG and UNE, UNH and UNT.
 *
 * The first pass (edifact_open) looks at service segments only and decides about the interchange; the second
 * (edifact_next) trusts it and decides about each message. A message that lacks its UNT ends where the next
 * service segment begins: it is one wrong message, since every other one can still be told apart.
 */
#include "connectors/format/edifact_scan.h"

enum service { NO_SERVICE, UNA, UNB, UNG, UNH, UNT, UNE, UNZ, PACKAGE };

/* Error codes of code list 0085. */
enum {
  CODE_LEVEL = 2,
  CODE_INVALID = 12,
  CODE_MISSING = 13,
  CODE_CONSTITUENTS = 16,
  CODE_UNSPECIFIED = 18,
  CODE_SERVICE_CHARACTER = 20,
  CODE_REFERENCE = 28,
  CODE_COUNT = 29,
  CODE_MIXED = 30,
  CODE_OUTSIDE = 33,
  CODE_TYPE = 37,
};

static enum service service_of(const struct edifact *e, size_t start, size_t end) {
  static const struct {
    char tag[4];
    enum service service;
  } services[] = {{"UNB", UNB}, {"UNG", UNG}, {"UNH", UNH},     {"UNT", UNT},
                  {"UNE", UNE}, {"UNZ", UNZ}, {"UNO", PACKAGE}, {"UNP", PACKAGE}};
  if (e->data[start] != 'U') return NO_SERVICE;
  if (end - start >= 3 && memcmp(e->data + start, "UNA", 3) == 0)
    return UNA; /* its separators may be others */
  if (!edifact_has_tag(e, start, end)) return NO_SERVICE;
  for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
    if (memcmp(e->data + start, services[i].tag, 3) == 0) return services[i].service;
  return NO_SERVICE;
}

struct edifact_where edifact_here(const struct edifact *e, unsigned element, unsigned component) {
  struct edifact_where where = {
      .offset = (size_t)(e->segment.data - e->data), .element = element, .component = component};
  if (e->segment.length >= 3) memcpy(where.tag, e->segment.data, 3);
  return where;
}

static int problem_at(const struct edifact *e, struct edifact_problem *problem, int kind, unsigned code,
                      unsigned element, unsigned component, const char *detail) {
  *problem = (struct edifact_problem){kind, code, detail, edifact_here(e, element, component)};
  return kind;
}

static struct text piece(const struct edifact *e, unsigned element, unsigned component) {
  return edifact_raw(e, element, 0, component);
}

/* ---- Trailers: a count and a reference ---- */

/* Up to 18 digits. */
static bool read_count(struct text text, uint64_t *ret) {
  uint64_t value = 0;
  if (text.length == 0 || text.length > 18) return false;
  for (size_t i = 0; i < text.length; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    value = 10 * value + (uint64_t)(text.data[i] - '0');
  }
  *ret = value;
  return true;
}

/* The current segment is the trailer of what has `count` parts and that reference. */
static int check_trailer(const struct edifact *e, uint64_t count, struct text reference,
                         struct edifact_problem *problem) {
  struct text given = piece(e, 1, 1);
  uint64_t announced;
  if (given.length == 0)
    return problem_at(e, problem, EDIFACT_E_MISSING, CODE_MISSING, 1, 0, "the trailer has no count");
  if (piece(e, 2, 1).length == 0)
    return problem_at(e, problem, EDIFACT_E_MISSING, CODE_MISSING, 2, 0, "the trailer has no reference");
  if (!edifact_equal(e, piece(e, 2, 1), reference))
    return problem_at(e, problem, EDIFACT_E_CONFLICT, CODE_REFERENCE, 2, 0,
                      "the trailer's reference is not the header's");
  if (!read_count(given, &announced))
    return problem_at(e, problem, EDIFACT_E_INVALID, CODE_TYPE, 1, 0, "the trailer's count is no number");
  if (announced != count)
    return problem_at(e, problem, EDIFACT_E_INCOMPLETE, CODE_COUNT, 1, 0,
                      "the trailer's count is not what was received");
  return 0;
}

/* ---- Header: UNA and UNB ---- */

static bool is_separator(char c) {
  return c > 0 && c != ' ' && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

/* A blank may stand for the release character and for the repetition. */
static bool are_separators(const char una[6]) {
  static const uint8_t used[] = {0, 1, 3, 5};
  for (size_t i = 0; i < sizeof(used); i++) {
    char c = una[used[i]];
    if (used[i] == 3 && c == ' ') continue;
    if (!is_separator(c)) return false;
    for (size_t j = 0; j < i; j++)
      if (una[used[j]] == c) return false;
  }
  return true;
}

static int read_una(struct edifact *e) {
  const char *una = e->data + e->offset + 3;
  e->segment = (struct text){una - 3, 3};
  if (e->length - e->offset < 9)
    return problem_at(e, &e->problem, EDIFACT_E_INCOMPLETE, CODE_MISSING, 0, 0, "the interchange is cut");
  if (!are_separators(una))
    return problem_at(e, &e->problem, EDIFACT_E_MALFORMED, CODE_SERVICE_CHARACTER, 0, 0,
                      "UNA names separators that are none");
  edifact_set_separators(e, una);
  e->offset += 9;
  return 0;
}

static enum charset charset_of(char level) {
  static const enum charset sets[26] = {
      ['A' - 'A'] = CHARSET_ASCII,       ['B' - 'A'] = CHARSET_ASCII,      ['C' - 'A'] = CHARSET_ISO_8859_1,
      ['D' - 'A'] = CHARSET_ISO_8859_2,  ['E' - 'A'] = CHARSET_ISO_8859_5, ['F' - 'A'] = CHARSET_ISO_8859_7,
      ['L' - 'A'] = CHARSET_ISO_8859_15, ['W' - 'A'] = CHARSET_UTF_8,      ['Y' - 'A'] = CHARSET_UTF_8,
  };
  return sets[level - 'A'];
}

/* UNOA to UNOL, UNOW, UNOX, UNOY; syntax 1 to 4. */
static int read_level(struct edifact *e) {
  struct text level = piece(e, 1, 1), version = piece(e, 1, 2);
  if (level.length == 0 || version.length == 0)
    return problem_at(e, &e->problem, EDIFACT_E_MISSING, CODE_MISSING, 1, level.length == 0 ? 1 : 2,
                      "UNB does not name its syntax");
  char letter = level.length == 4 && memcmp(level.data, "UNO", 3) == 0 ? level.data[3] : 0;
  if (!((letter >= 'A' && letter <= 'L') || (letter >= 'W' && letter <= 'Y')))
    return problem_at(e, &e->problem, EDIFACT_E_UNSUPPORTED, CODE_LEVEL, 1, 1,
                      "a character set that is not known here");
  if (version.length != 1 || version.data[0] < '1' || version.data[0] > '4')
    return problem_at(e, &e->problem, EDIFACT_E_UNSUPPORTED, CODE_LEVEL, 1, 2,
                      "a syntax version that is not known here");
  e->level = letter;
  e->charset = charset_of(letter);
  e->syntax = (unsigned)(version.data[0] - '0');
  return 0;
}

/* From that element on: sender, recipient, date and time, reference. */
static void read_header(const struct edifact *e, unsigned element, struct edifact_header *header) {
  *header = (struct edifact_header){.date = piece(e, element + 2, 1),
                                    .time = piece(e, element + 2, 2),
                                    .reference = piece(e, element + 3, 1)};
  for (unsigned i = 0; i < EDIFACT_PARTY_PIECES; i++) {
    header->sender[i] = piece(e, element, i + 1);
    header->recipient[i] = piece(e, element + 1, i + 1);
  }
}

static int check_unb(struct edifact *e) {
  static const struct {
    uint8_t element, component;
    const char *detail;
  } mandatory[] = {{2, 1, "UNB does not name its sender"},
                   {3, 1, "UNB does not name its recipient"},
                   {4, 1, "UNB has no date"},
                   {5, 0, "UNB has no reference"}};
  for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++)
    if (piece(e, mandatory[i].element, 1).length == 0)
      return problem_at(e, &e->problem, EDIFACT_E_MISSING, CODE_MISSING, mandatory[i].element,
                        mandatory[i].component, mandatory[i].detail);
  return 0;
}

/* Level B as the standard has it: information separators of ISO 646, and no release character. */
static void guess_separators(struct edifact *e, size_t start) {
  if (e->length - start > 3 && e->data[start + 3] == '\x1D') {
    edifact_set_separators(e, "\x1F\x1D.  \x1C");
  } else {
    edifact_set_separators(e, ":+.? '");
  }
}

static int read_unb(struct edifact *e, bool has_una) {
  size_t start, end;
  enum scan scan = edifact_find_segment(e, e->offset, &start, &end);
  if (!has_una) guess_separators(e, start), scan = edifact_find_segment(e, e->offset, &start, &end);
  e->segment = (struct text){e->data + start, 0};
  if (scan != SCAN_SEGMENT || service_of(e, start, end) != UNB) {
    if (end - start >= 3 && memcmp(e->data + start, "UNB", 3) == 0 && scan == SCAN_CUT)
      return problem_at(e, &e->problem, EDIFACT_E_INCOMPLETE, CODE_MISSING, 0, 0, "the interchange is cut");
    return problem_at(e, &e->problem, EDIFACT_E_MALFORMED, CODE_MISSING, 0, 0,
                      "an interchange begins with UNB");
  }
  char repetition = has_una ? e->repetition : '*';
  e->repetition = 0;
  edifact_set_classes(e);
  if (edifact_split(e, start, end) != 0)
    return problem_at(e, &e->problem, EDIFACT_E_TOO_LARGE, CODE_CONSTITUENTS, 0, 0, "UNB is too long");
  e->offset = end + 1;
  read_header(e, 2, &e->header);
  e->test = text_is(piece(e, 11, 1), "1");
  e->has_header = e->header.sender[0].length != 0 && e->header.recipient[0].length != 0 &&
                  e->header.reference.length != 0;
  int r = read_level(e);
  if (r != 0) return r;
  bool usable = is_separator(repetition) && repetition != e->component && repetition != e->element &&
                repetition != e->release && repetition != e->terminator;
  if (e->syntax == 4 && usable) e->repetition = repetition;
  edifact_set_classes(e);
  return check_unb(e);
}

/* ---- First pass ---- */

struct pass {
  uint64_t segments, groups, messages, group_messages;
  bool in_message, in_group, bare; /* bare: a message outside of groups was seen */
};

static int refuse_at(struct edifact *e, size_t start, size_t end, int kind, unsigned code,
                     const char *detail) {
  e->segment = (struct text){e->data + start, edifact_has_tag(e, start, end) ? end - start : 0};
  return problem_at(e, &e->problem, kind, code, 0, 0, detail);
}

static int pass_group(struct edifact *e, struct pass *pass, size_t start, size_t end) {
  if (pass->in_group)
    return refuse_at(e, start, end, EDIFACT_E_INCOMPLETE, CODE_MISSING, "a group has no UNE");
  if (pass->bare)
    return refuse_at(e, start, end, EDIFACT_E_MALFORMED, CODE_MIXED, "groups stand beside messages");
  if (edifact_split(e, start, end) != 0)
    return problem_at(e, &e->problem, EDIFACT_E_TOO_LARGE, CODE_CONSTITUENTS, 0, 0, "UNG is too long");
  read_header(e, 2, &e->group);
  if (e->group.reference.length == 0)
    return problem_at(e, &e->problem, EDIFACT_E_MISSING, CODE_MISSING, 5, 0, "UNG has no reference");
  pass->in_group = true;
  pass->in_message = false;
  pass->groups++;
  pass->group_messages = 0;
  return 0;
}

static int pass_group_end(struct edifact *e, struct pass *pass, size_t start, size_t end) {
  if (!pass->in_group)
    return refuse_at(e, start, end, EDIFACT_E_MALFORMED, CODE_OUTSIDE, "UNE stands outside of a group");
  if (edifact_split(e, start, end) != 0)
    return problem_at(e, &e->problem, EDIFACT_E_TOO_LARGE, CODE_CONSTITUENTS, 0, 0, "UNE is too long");
  pass->in_group = pass->in_message = false;
  return check_trailer(e, pass->group_messages, e->group.reference, &e->problem);
}

static int pass_message(struct edifact *e, struct pass *pass, size_t start, size_t end) {
  if (!pass->in_group && pass->groups != 0)
    return refuse_at(e, start, end, EDIFACT_E_MALFORMED, CODE_MIXED, "messages stand beside groups");
  pass->bare = !pass->in_group;
  pass->in_message = true;
  pass->messages++;
  pass->group_messages++;
  return 0;
}

static int pass_end(struct edifact *e, struct pass *pass, size_t start, size_t end) {
  if (pass->in_group)
    return refuse_at(e, start, end, EDIFACT_E_INCOMPLETE, CODE_MISSING, "a group has no UNE");
  if (edifact_split(e, start, end) != 0)
    return problem_at(e, &e->problem, EDIFACT_E_TOO_LARGE, CODE_CONSTITUENTS, 0, 0, "UNZ is too long");
  return check_trailer(e, pass->groups != 0 ? pass->groups : pass->messages, e->header.reference,
                       &e->problem);
}

static int pass_segment(struct edifact *e, struct pass *pass, enum service service, size_t start,
                        size_t end) {
  if (++pass->segments > EDIFACT_SEGMENTS_MAX)
    return refuse_at(e, start, end, EDIFACT_E_TOO_LARGE, CODE_UNSPECIFIED, "too many segments");
  switch (service) {
    case UNG: return pass_group(e, pass, start, end);
    case UNE: return pass_group_end(e, pass, start, end);
    case UNH: return pass_message(e, pass, start, end);
    case UNZ: return pass_end(e, pass, start, end);
    case UNA:
    case UNB:
      return refuse_at(e, start, end, EDIFACT_E_INCOMPLETE, CODE_MISSING,
                       "the interchange before has no UNZ");
    case PACKAGE:
      return refuse_at(e, start, end, EDIFACT_E_UNSUPPORTED, CODE_OUTSIDE, "packages are not taken here");
    default: break;
  }
  if (!pass->in_message)
    return refuse_at(e, start, end, EDIFACT_E_MALFORMED, CODE_OUTSIDE,
                     "a segment stands outside of a message");
  if (service == UNT) pass->in_message = false;
  return 0;
}

/* Behind the UNB: every segment up to the UNZ. */
static int look_over(struct edifact *e) {
  struct pass pass = {0};
  size_t offset = e->offset, start, end;
  for (;;) {
    enum scan scan = edifact_find_segment(e, offset, &start, &end);
    if (scan != SCAN_SEGMENT)
      return refuse_at(e, start, end, EDIFACT_E_INCOMPLETE, CODE_MISSING, "the interchange is cut");
    enum service service = service_of(e, start, end);
    int r = pass_segment(e, &pass, service, start, end);
    if (r != 0) return r;
    offset = end + 1;
    if (service == UNZ) break;
  }
  e->end = offset;
  return 0;
}

/* Behind what was refused: where its UNZ ends, or the next interchange begins. */
static void look_further(struct edifact *e) {
  size_t offset = e->offset, start, end;
  for (; edifact_find_segment(e, offset, &start, &end) == SCAN_SEGMENT; offset = end + 1) {
    enum service service = service_of(e, start, end);
    if (service != UNA && service != UNB && service != UNZ) continue;
    e->end = service == UNZ ? end + 1 : start;
    return;
  }
}

static size_t skip_noise(const struct edifact *e, size_t offset) {
  while (offset != e->length && edifact_is_noise(e->data[offset])) offset++;
  return offset;
}

/* What may stand behind an interchange and is none. */
static bool is_padding(const struct edifact *e, size_t offset) {
  while (offset != e->length &&
         (edifact_is_noise(e->data[offset]) || e->data[offset] == 0 || e->data[offset] == '\x1A'))
    offset++;
  return offset == e->length;
}

void edifact_init(struct edifact *e, const char *data, size_t length) {
  *e = (struct edifact){.data = data, .length = length, .place_line = 1, .place_column = 1};
  if (length >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) e->end = e->place_offset = 3;
}

int edifact_open(struct edifact *e) {
  e->start = e->offset = skip_noise(e, e->end);
  e->end = e->length;
  e->number++;
  e->level = 0;
  e->syntax = 0;
  e->has_header = e->test = e->in_group = e->in_message = false;
  e->header = e->group = (struct edifact_header){0};
  e->message = (struct edifact_message){0};
  e->problem = (struct edifact_problem){0};
  bool has_una = e->length - e->offset >= 3 && memcmp(e->data + e->offset, "UNA", 3) == 0;
  int r = has_una ? read_una(e) : 0;
  if (r == 0) r = read_unb(e, has_una);
  bool has_unb = e->offset > e->start + (has_una ? 9 : 0);
  if (r == 0) r = look_over(e);
  if (r != 0 && has_unb) look_further(e);
  if (is_padding(e, e->end)) e->end = e->length;
  return r;
}

/* ---- Second pass ---- */

static void spoil(struct edifact *e, int kind, unsigned code, unsigned element, unsigned component,
                  const char *detail) {
  if (e->message.problem.kind == 0)
    problem_at(e, &e->message.problem, kind, code, element, component, detail);
}

static enum edifact_event start_message(struct edifact *e, size_t start, size_t end) {
  e->message = (struct edifact_message){
      .offset = start, .length = end + 1 - start, .number = e->message.number + 1, .segments = 1};
  e->in_message = true;
  if (edifact_split(e, start, end) != 0) {
    spoil(e, EDIFACT_E_TOO_LARGE, CODE_CONSTITUENTS, 0, 0, "a segment is too long");
    return EDIFACT_MESSAGE;
  }
  e->message.reference = piece(e, 1, 1);
  for (unsigned i = 0; i < EDIFACT_TYPE_PIECES; i++) e->message.type[i] = piece(e, 2, i + 1);
  if (e->message.reference.length == 0)
    spoil(e, EDIFACT_E_MISSING, CODE_MISSING, 1, 0, "UNH has no reference");
  for (unsigned i = 0; i < 4; i++)
    if (e->message.type[i].length == 0)
      spoil(e, EDIFACT_E_MISSING, CODE_MISSING, 2, i + 1, "UNH does not say which message it begins");
  return EDIFACT_MESSAGE;
}

static enum edifact_event end_message(struct edifact *e, size_t start, size_t end) {
  e->in_message = false;
  e->message.segments++;
  e->message.length = end + 1 - e->message.offset;
  struct edifact_problem problem = {0};
  if (edifact_split(e, start, end) != 0)
    problem_at(e, &problem, EDIFACT_E_TOO_LARGE, CODE_CONSTITUENTS, 0, 0, "a segment is too long");
  else check_trailer(e, e->message.segments, e->message.reference, &problem);
  if (e->message.problem.kind == 0) e->message.problem = problem;
  return EDIFACT_MESSAGE_END;
}

/* The message before is not ended: the segment at start is looked at again afterwards. */
static enum edifact_event break_message(struct edifact *e, size_t start) {
  e->in_message = false;
  e->segment = (struct text){e->data + start, 0};
  if (e->message.problem.kind == 0) {
    spoil(e, EDIFACT_E_INCOMPLETE, CODE_MISSING, 0, 0, "a message has no UNT");
    memcpy(e->message.problem.where.tag, "UNT", 4);
  }
  e->offset = start;
  return EDIFACT_MESSAGE_END;
}

static enum edifact_event start_group(struct edifact *e, size_t start, size_t end) {
  (void)!edifact_split(e, start, end); /* the first pass did it already */
  read_header(e, 2, &e->group);
  e->in_group = true;
  return EDIFACT_GROUP;
}

/* Whether it is one to hand out. */
static bool take_segment(struct edifact *e, size_t start, size_t end) {
  e->message.segments++;
  e->message.length = end + 1 - e->message.offset;
  if (e->message.problem.kind != 0) return false;
  if (!edifact_has_tag(e, start, end)) {
    e->segment = (struct text){e->data + start, 0};
    spoil(e, EDIFACT_E_MALFORMED, CODE_INVALID, 0, 0, "a segment without a tag");
  } else if (edifact_split(e, start, end) != 0) {
    spoil(e, EDIFACT_E_TOO_LARGE, CODE_CONSTITUENTS, 0, 0, "a segment is too long");
  }
  return e->message.problem.kind == 0;
}

enum edifact_event edifact_next(struct edifact *e) {
  for (;;) {
    size_t start, end;
    edifact_find_segment(e, e->offset, &start, &end);
    enum service service = service_of(e, start, end);
    if (e->in_message && service != NO_SERVICE && service != UNT) return break_message(e, start);
    e->offset = end + 1;
    switch (service) {
      case UNG: return start_group(e, start, end);
      case UNH: return start_message(e, start, end);
      case UNT: return end_message(e, start, end);
      case UNE: e->in_group = false; return EDIFACT_GROUP_END;
      case UNZ: return EDIFACT_END;
      default: break;
    }
    if (take_segment(e, start, end)) return EDIFACT_SEGMENT;
  }
}
