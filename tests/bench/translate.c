/*
 * CPU time of translating a payload beside reading its format alone, on one thread, in turns.
 *
 * usage: translate CONNECTOR READER FILE [CONTENT-TYPE]     READER: json lines xml bhyt hl7v2 edifact csv
 * xlsx
 *
 * `bhyt` is XML whose parts are XML in base64: it decodes and reads those as well.
 *
 * Translating is what the hub does: the connector, packing, the checks of the schema, pseudonyms. Reading
 * alone visits everything that the format's reader gives out. Prints: µs a payload, MB/s, each of them, and
 * the ratio of the speeds (1: the connector costs nothing beside its reader).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/format/base64.h"
#include "connectors/format/charset.h"
#include "connectors/format/csv.h"
#include "connectors/format/edifact.h"
#include "connectors/format/hl7v2.h"
#include "connectors/format/json.h"
#include "connectors/format/xlsx.h"
#include "connectors/format/xml.h"
#include "core/connector/sink.h"

enum { ROUNDS = 7, ROUND_US = 150000, ZEROS_BEHIND = 64, TIMES_MAX = 1 << 24 };

struct bench {
  struct arena *arena;
  struct instance *instance;
  struct personal personal;
  struct hub_payload payload;
  struct allocator allocator;
  struct text input;
};

static void trouble(const char *what) {
  fprintf(stderr, "translate: %s\n", what);
  exit(1);
}

static int64_t cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec +
         usage.ru_stime.tv_usec;
}

/* ---- Reading alone ---- */

static void read_json_at(struct bench *bench, struct text text) {
  const struct json *root;
  struct json_error error;
  if (json_read(&bench->allocator, text.data, text.length, &root, &error) < 0) trouble("no memory");
}

static void read_json(struct bench *bench) { read_json_at(bench, bench->input); }

static void read_lines(struct bench *bench) {
  for (struct text rest = bench->input; rest.length != 0;) {
    const char *end = memchr(rest.data, '\n', rest.length);
    size_t length = end == NULL ? rest.length : (size_t)(end - rest.data) + 1;
    read_json_at(bench, (struct text){rest.data, length});
    rest.data += length;
    rest.length -= length;
  }
}

static int on_start(void *context, struct xml_reader *reader, struct text name) {
  *(size_t *)context += name.length;
  return 0;
}

static int on_text(void *context, struct xml_reader *reader, struct text piece) {
  *(size_t *)context += piece.length;
  return 0;
}

static int on_end(void *context, struct xml_reader *reader) { return 0; }

static void read_xml(struct bench *bench) {
  size_t seen = 0;
  struct xml_problem problem;
  const struct xml_handler handler = {&seen, on_start, on_text, on_end};
  if (xml_read(bench->input, &handler, &problem) != 0) trouble("the XML cannot be read");
}

struct part { /* what stands in a NOIDUNGFILE */
  struct bench *bench;
  bool open;
  struct base64 base64;
  char *data;
  size_t length, seen;
};

static int on_part_start(void *context, struct xml_reader *reader, struct text name) {
  struct part *part = context;
  if (!text_is(name, "NOIDUNGFILE")) return 0;
  part->open = true;
  part->base64 = (struct base64){0};
  part->length = 0;
  return 0;
}

static int on_part_text(void *context, struct xml_reader *reader, struct text piece) {
  struct part *part = context;
  size_t taken, made;
  if (!part->open) return 0;
  if (base64_decode(&part->base64, piece, part->data + part->length, part->bench->input.length - part->length,
                    &taken, &made) != 0)
    trouble("a part is not base64");
  part->length += made;
  return 0;
}

static int on_part_end(void *context, struct xml_reader *reader) {
  struct part *part = context;
  struct xml_problem problem;
  const struct xml_handler handler = {&part->seen, on_start, on_text, on_end};
  if (part->open && xml_read((struct text){part->data, part->length}, &handler, &problem) != 0)
    trouble("a part cannot be read");
  part->open = false;
  return 0;
}

static void read_bhyt(struct bench *bench) {
  struct part part = {.bench = bench, .data = allocate(&bench->allocator, bench->input.length)};
  struct xml_problem problem;
  const struct xml_handler handler = {&part, on_part_start, on_part_text, on_part_end};
  if (part.data == NULL || xml_read(bench->input, &handler, &problem) != 0)
    trouble("the file cannot be read");
}

static void read_segment(struct bench *bench, const struct hl7v2_message *message,
                         const struct hl7v2_segment *segment) {
  struct text rest = segment->text, field, value;
  while (hl7v2_split(&rest, message->delimiters.field, &field)) {
    struct text pieces = field, piece;
    while (hl7v2_split(&pieces, message->delimiters.component, &piece))
      if (hl7v2_value(message, &bench->allocator, piece, &value) < 0) trouble("no memory");
  }
}

static void read_hl7v2(struct bench *bench) {
  struct hl7v2 payload;
  struct hl7v2_unit unit;
  struct hl7v2_message message;
  struct hl7v2_problem problem;
  if (hl7v2_open(&payload, bench->input, &problem) != 0) trouble("the messages cannot be read");
  while (hl7v2_next(&payload, &unit) == 0) {
    if (unit.kind != HL7V2_MESSAGE) continue;
    if (hl7v2_read(&bench->allocator, &unit, &message, &problem) != 0) trouble("a message cannot be read");
    for (size_t i = 0; i < message.count; i++) read_segment(bench, &message, &message.segments[i]);
  }
}

static void read_element(struct bench *bench, const struct edifact *edifact, unsigned element) {
  struct text value;
  for (unsigned r = 0; r < edifact_repetitions(edifact, element); r++) {
    for (unsigned c = 1; c <= edifact_components(edifact, element, r); c++)
      if (edifact_value(edifact, &bench->allocator, edifact_raw(edifact, element, r, c), &value) < 0)
        trouble("no memory");
  }
}

static void read_edifact(struct bench *bench) {
  static struct edifact edifact;
  edifact_init(&edifact, bench->input.data, bench->input.length);
  while (edifact.end < bench->input.length && edifact_open(&edifact) == 0) {
    while (edifact_next(&edifact) != EDIFACT_END)
      for (unsigned element = 1; element <= edifact.elements; element++)
        read_element(bench, &edifact, element);
  }
}

static void read_csv(struct bench *bench) {
  struct csv csv;
  struct csv_row row;
  const char *detail;
  int r = csv_open(&csv, &bench->allocator, bench->input, 0);
  while (r >= 0 && r != CSV_END) r = csv_next(&csv, &row, &detail);
  if (r < 0) trouble("no memory");
}

static void read_xlsx(struct bench *bench) {
  struct xlsx *xlsx;
  struct xlsx_row row;
  const char *detail;
  if (xlsx_open(&bench->allocator, bench->input, &xlsx, &detail) != 0) trouble("no workbook");
  for (size_t sheet = 0; sheet < xlsx_sheets(xlsx); sheet++) {
    int r = xlsx_select(xlsx, sheet, &detail);
    while (r == 0) r = xlsx_next(xlsx, &row, &detail);
  }
  xlsx_close(xlsx);
}

static const struct {
  const char *name;
  void (*read)(struct bench *);
} readers[] = {
    {"json", read_json},   {"lines", read_lines}, {"xml", read_xml},   {"bhyt", read_bhyt},
    {"hl7v2", read_hl7v2}, {"csv", read_csv},     {"xlsx", read_xlsx}, {"edifact", read_edifact},
};

/* ---- Translating ---- */

static void translate(struct bench *bench) {
  struct translation translation;
  if (translation_run(bench->instance, &bench->personal, NULL, &bench->payload, bench->arena, &translation) !=
      0)
    trouble("translating failed");
  if (translation.count == 0 || translation.rejected != 0)
    trouble("the payload is not one that is published");
}

/* ---- The connector alone ---- */

struct idle_sink {
  struct hub_sink public;
  struct arena *arena;
};

static void *idle_alloc(struct hub_sink *sink, size_t bytes) {
  return arena_alloc(((struct idle_sink *)sink)->arena, bytes);
}
static int idle_emit(struct hub_sink *sink, const struct hub_meta *meta, const ProtobufCMessage *message) {
  return 0;
}
static int idle_reject(struct hub_sink *sink, const struct hub_rejection *rejection) { return 0; }
static int idle_mark(struct hub_sink *sink) { return 0; }
static int idle_personal(struct hub_sink *sink, enum hub_personal_kind kind, const char *text, size_t length,
                         char **ret_text) {
  static char protected[] = "p1.aaaaaaaaaaaaaaaaaaaaaaaaaa", none[] = "";
  *ret_text = length == 0 ? none : protected;
  return 0;
}
static const char *idle_lookup(struct hub_sink *sink, const char *table, const char *key, size_t length,
                               const char *column) {
  return NULL;
}
static int idle_remember(struct hub_sink *sink, const void *data, size_t length) { return 0; }
static void idle_count(struct hub_sink *sink, const char *counter, uint64_t n) {}
static void idle_log(struct hub_sink *sink, enum hub_level level, const char *text) {}
static void idle_release(struct hub_sink *sink) { arena_reset(((struct idle_sink *)sink)->arena); }

static const struct hub_sink_ops idle_ops = {
    .size = sizeof idle_ops,
    .alloc = idle_alloc,
    .emit = idle_emit,
    .reject = idle_reject,
    .independent = idle_mark,
    .all_or_nothing = idle_mark,
    .personal = idle_personal,
    .lookup = idle_lookup,
    .remember = idle_remember,
    .count = idle_count,
    .log = idle_log,
    .release = idle_release,
};

static void run_alone(struct bench *bench) {
  struct idle_sink sink = {{&idle_ops}, bench->arena};
  const struct instance *instance = bench->instance;
  if (instance->connector->api->translate(instance->self, &bench->payload, &sink.public) != 0)
    trouble("translating failed");
}

/* ---- Measuring ---- */

/* µs a payload over one round. */
static double round_us(struct bench *bench, void (*work)(struct bench *)) {
  int64_t begin = cpu_us(), used = 0;
  long times = 0;
  while (used < ROUND_US && times < TIMES_MAX) {
    for (int i = 0; i < 16; i++, times++) {
      work(bench);
      arena_reset(bench->arena);
      if (bench->input.length > 256 * KIB) {
        times++;
        break;
      }
    }
    used = cpu_us() - begin;
  }
  return (double)used / (double)times;
}

static int compare(const void *a, const void *b) {
  const double *one = a, *other = b;
  return (*one > *other) - (*one < *other);
}

static void measure(struct bench *bench, void (*read)(struct bench *)) {
  void (*const works[])(struct bench *) = {run_alone, translate, read};
  double rounds[LENGTH_OF(works)][ROUNDS];
  round_us(bench, translate);
  for (int i = 0; i < ROUNDS; i++) {
    for (size_t w = 0; w < LENGTH_OF(works); w++) rounds[w][i] = round_us(bench, works[w]);
  }
  for (size_t w = 0; w < LENGTH_OF(works); w++) {
    qsort(rounds[w], ROUNDS, sizeof *rounds[w], compare);
    double median = rounds[w][ROUNDS / 2];
    printf("%.2f %.1f ", median, (double)bench->input.length / median);
  }
  puts("");
}

static struct text read_file(const char *path) {
  struct stat about;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &about) < 0) trouble("the file cannot be opened");
  char *data = calloc(1, (size_t)about.st_size + ZEROS_BEHIND);
  if (data == NULL || read(fd, data, (size_t)about.st_size) != about.st_size)
    trouble("the file cannot be read");
  close(fd);
  return (struct text){data, (size_t)about.st_size};
}

int main(int argc, char **argv) {
  struct bench bench = {.personal.key = {"a key that is no secret"}};
  struct connectors *connectors;
  const struct connector *connector;
  struct text_out reason = TEXT_OUT_INIT;
  struct config_errors errors = {0};
  if (argc < 4) trouble("usage: translate CONNECTOR READER FILE [CONTENT-TYPE]");
  bench.input = read_file(argv[3]);
  bench.payload = (struct hub_payload){.size = sizeof bench.payload,
                                       .data = bench.input.data,
                                       .length = bench.input.length,
                                       .content_type = argc > 4 ? argv[4] : NULL,
                                       .method = "POST"};
  if (arena_new(&bench.arena) < 0) trouble("no memory");
  bench.allocator = arena_allocator(bench.arena);
  struct arena *kept;
  if (arena_new(&kept) < 0 || connectors_open(NULL, &connectors) < 0) trouble("no connectors");
  if (connectors_load(connectors, argv[1], &connector, &reason) != 0) trouble(reason.data);
  if (instance_open_pairs(connector, "bench", 7 * 3600, NULL, 0, kept, &errors, &bench.instance) != 0)
    trouble("the connector does not open");
  for (size_t i = 0; i < LENGTH_OF(readers); i++) {
    if (strcmp(readers[i].name, argv[2]) != 0) continue;
    measure(&bench, readers[i].read);
    return 0;
  }
  trouble("no such reader");
}
