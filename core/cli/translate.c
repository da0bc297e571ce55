/*
 * `iochub translate`: what a payload becomes, without a broker and without a configuration. It goes the way
 * of the hub (sink, personal data, event ids, answer) under a key that is no secret and a fixed source name,
 * so that the same input prints the same bytes everywhere; what a rejection's `value` says is left out as in
 * every log.
 */
#include <libgen.h>
#include <stdio.h>

#include "connectors/format/time.h"
#include "core/cli/command.h"
#include "core/cli/payload_file.h"
#include "core/clock.h"
#include "core/config/sections.h"
#include "core/connector/answer.h"
#include "core/dedupe.h"
#include "core/message/communes.h"
#include "core/message/json.h"

enum { VIETNAM_OFFSET_S = 7 * 3600 };
#define SOURCE_NAME "translate"

enum { CONNECTOR, CONTENT_TYPE, OPTION_PAIR, NOW, REPLY, TABLES, METHOD, PATH, NAME, PART, ZONE };

static const struct command_option options[] = {
    [CONNECTOR] = {"--connector", "NAME", "the connector that reads the payload"},
    [CONTENT_TYPE] = {"--content-type", "TYPE", "media type that the sender would give"},
    [OPTION_PAIR] = {"--option", "KEY=VALUE", "option of the connector; may be given several times"},
    [NOW] = {"--now", "TIME", "moment of the answer, as 2026-07-12T08:15:00+07:00"},
    [REPLY] = {"--reply", NULL, "print the answer to the sender instead; its status goes to standard error"},
    [TABLES] = {"--tables", "FOLDER",
                "folder whose tables/*.csv are looked up (hub.yaml's; the shipped ones)"},
    [METHOD] = {"--method", "METHOD", "method of the request (POST)"},
    [PATH] = {"--path", "PATH", "path of the request, with its query, for connectors that look at it"},
    [NAME] = {"--name", "NAME", "name of the file, for connectors that look at it"},
    [PART] = {"--part", "NAME", "part or field of a form that is the payload, as `payload: {part: NAME}`"},
    [ZONE] = {"--zone", "+HH:MM", "zone of times that name none (+07:00)"},
    {NULL, NULL, NULL},
};

static const char help[] =
    "Prints one line of JSON for each record of the payload: the message with its type and event id, or why "
    "it was\n"
    "rejected. Personal data is protected as by default, with a public demonstration key (pseudonyms p0.…). "
    "`-` reads\n"
    "standard input. With the content type of a form the body is taken apart as the door does. Exits with 1 "
    "when a\n"
    "record was rejected.\n"
    "\n"
    "  iochub translate --connector e-documents connectors/e-documents/samples/document.xml\n"
    "  curl -s https://example.org/page | iochub translate --connector public-services -\n"
    "  iochub translate --connector e-documents --reply --now 2026-07-12T08:15:00+07:00 FILE";

static const struct secret_key demonstration_key = {"iochub demonstration key, public"};

struct job { /* one run; everything in it is released at its end */
  struct arena *arena;
  struct connectors *connectors;
  struct instance *instance;
  struct dedupe *dedupe;
  struct communes *communes;
  struct config_errors errors;
  struct hub_config config; /* for its tables only */
  struct personal personal;
  struct hub_payload payload;
  struct translation translation;
  struct event_id *ids;
  bool *repeated;
};

static void job_deinit(struct job *job) {
  dedupe_free(job->dedupe);
  instance_close(job->instance);
  communes_free(job->communes);
  connectors_close(job->connectors);
  config_errors_deinit(&job->errors);
  arena_free(job->arena);
}

static int trouble(int error, const char *what) {
  fprintf(stderr, "iochub translate: error: %s: %s\n", what, strerrordesc_np(error < 0 ? -error : error));
  return EXIT_TROUBLE;
}

/* ---- Input ---- */

static int read_payload(struct job *job, const char *file, const struct command_values *values) {
  const struct payload_file_options about = {.file = file,
                                             .content_type = values->value[CONTENT_TYPE],
                                             .method = values->value[METHOD],
                                             .target = values->value[PATH],
                                             .name = values->value[NAME],
                                             .part = values->value[PART]};
  const char *detail = NULL;
  int r = payload_file_read(job->arena, &about, &job->payload, &detail);
  if (r < 0) return trouble(r, file);
  if (r == 0) return EXIT_OK;
  fprintf(stderr, "iochub translate: error: %s: %s\n", file, detail);
  return EXIT_USAGE;
}

/* ---- Preparing ---- */

/* Without --tables: those that stand beside the connector. */
static int read_tables(struct job *job, const char *folder) {
  if (folder == NULL) {
    char *path = arena_text(job->arena, text_of(job->instance->connector->path));
    if (path == NULL) return trouble(-ENOMEM, "tables");
    folder = dirname(path);
  }
  job->config.arena = job->arena;
  job->config.folder = folder;
  struct reading reading = {&job->config, &job->errors};
  int r = tables_read(&reading);
  if (r == 0) r = communes_new(job->config.tables, &job->communes);
  if (r < 0) return trouble(r, folder);
  job->personal.tables = job->config.tables;
  job->personal.communes = job->communes;
  if (job->errors.errors == 0) return EXIT_OK;
  fputs(job->errors.text.data, stderr);
  return EXIT_TROUBLE;
}

static int open_connector(struct job *job, const struct command_values *values, int32_t zone_offset_s) {
  cleanup(text_out_deinit) struct text_out reason = TEXT_OUT_INIT;
  const struct connector *connector = NULL;
  int r = connectors_open(NULL, &job->connectors);
  if (r == 0) r = connectors_load(job->connectors, values->value[CONNECTOR], &connector, &reason);
  if (r < 0) return trouble(r, "connectors");
  if (r != 0) return command_usage(&command_translate, "%s", reason.data == NULL ? "no memory" : reason.data);
  r = instance_open_pairs(connector, SOURCE_NAME, zone_offset_s, values->many[OPTION_PAIR],
                          values->count[OPTION_PAIR], job->arena, &job->errors, &job->instance);
  if (r < 0) return trouble(r, values->value[CONNECTOR]);
  if (r == 0) return EXIT_OK;
  fputs(job->errors.text.data == NULL ? "" : job->errors.text.data, stderr);
  return EXIT_USAGE;
}

/* ---- Event ids ---- */

struct seen { /* how often a type with these bytes came already, in a table of open addressing */
  const struct schema_message *type;
  uint8_t digest[32];
  uint32_t times;
};

static uint32_t count_equal(struct seen *table, size_t mask, const struct record *record,
                            const uint8_t *digest) {
  uint64_t at;
  memcpy(&at, digest, sizeof at);
  while (true) {
    struct seen *seen = &table[at++ & mask];
    if (seen->type == NULL) {
      seen->type = record->type;
      memcpy(seen->digest, digest, sizeof seen->digest);
      seen->times = 1;
      return 0;
    }
    if (seen->type == record->type && memcmp(seen->digest, digest, sizeof seen->digest) == 0)
      return seen->times++;
  }
}

static int make_id(struct job *job, size_t i, const uint8_t *digest, uint32_t nth, uint32_t payload) {
  const struct record *record = &job->translation.records[i];
  struct claim_record about = {.scope = TEXT(SOURCE_NAME),
                               .type = text_of(record->type->full_name),
                               .native_key = record->key,
                               .version = record->version,
                               .slice_digest = digest,
                               .nth = nth,
                               .payload = payload};
  struct claim claim = {0};
  enum dedupe_verdict verdict;
  int r = dedupe_claim(job->dedupe, &about, &claim, &verdict);
  if (r < 0) return r;
  job->ids[i] = claim.id;
  job->repeated[i] = verdict == DEDUPE_REPEAT;
  if (verdict == DEDUPE_NEW) dedupe_settle(job->dedupe, &claim, true, 0);
  return 0;
}

static int make_ids(struct job *job) {
  const struct translation *translation = &job->translation;
  size_t size = 16;
  while (size < translation->count * 2) size *= 2;
  struct seen *seen = arena_alloc(job->arena, size * sizeof *seen);
  job->ids = arena_alloc(job->arena, translation->count * sizeof *job->ids);
  job->repeated = arena_alloc(job->arena, translation->count * sizeof *job->repeated);
  if (seen == NULL || job->ids == NULL || job->repeated == NULL) return -ENOMEM;
  int r = dedupe_new(&demonstration_key, (int64_t)translation->count + 1, INT64_MAX / 2, &job->dedupe);
  if (r < 0) return r;
  uint32_t payload = dedupe_payload_begin(job->dedupe);
  struct text last = TEXT_NONE; /* many records of one slice: it is hashed once */
  uint8_t digest[32];
  for (size_t i = 0; i < translation->count; i++) {
    const struct record *record = &translation->records[i];
    if (record->code != 0) continue;
    if (i == 0 || record->slice.data != last.data || record->slice.length != last.length ||
        last.data == NULL) {
      r = sha256(record->slice, digest);
      last = record->slice;
    }
    if (r == 0) r = make_id(job, i, digest, count_equal(seen, size - 1, record, digest), payload);
    if (r < 0) return r;
  }
  return 0;
}

/* ---- Output ---- */

static int write_message(struct text_out *out, const struct job *job, size_t i) {
  const struct record *record = &job->translation.records[i];
  char id[EVENT_ID_TEXT];
  text_out_format(out, "{\"record\":%zu,\"type\":\"%s\",\"event_id\":\"%s\",\"message\":", i,
                  record->type->full_name, event_id_text(job->ids[i], id));
  int r = message_json(out, record->type, record->value);
  text_out_string(out, "}\n");
  return r;
}

static void write_reject(struct text_out *out, const struct record *record, size_t i) {
  text_out_format(out, "{\"record\":%zu,\"reject\":{\"code\":\"%s\"", i, reject_code_name(record->code));
  if (record->detail != NULL) {
    text_out_string(out, ",\"detail\":");
    text_out_json(out, text_of(record->detail));
  }
  if (record->at != NULL) {
    text_out_string(out, ",\"at\":");
    text_out_json(out, text_of(record->at));
  }
  text_out_string(out, "}}\n");
}

static int print_records(const struct job *job) {
  cleanup(text_out_deinit) struct text_out out = TEXT_OUT_INIT;
  for (size_t i = 0; i < job->translation.count; i++) {
    const struct record *record = &job->translation.records[i];
    text_out_clear(&out);
    int r = 0;
    if (record->code != 0) write_reject(&out, record, i);
    else r = write_message(&out, job, i);
    if (r == 0) r = text_out_result(&out);
    if (r < 0) return r;
    fwrite(out.data, 1, out.length, stdout);
  }
  return 0;
}

static int make_outcomes(const struct job *job, const struct hub_outcome *const **ret_outcomes) {
  size_t count = job->translation.count;
  struct hub_outcome *outcomes = arena_alloc(job->arena, count * sizeof *outcomes);
  const struct hub_outcome **list = arena_alloc(job->arena, count * sizeof *list);
  if (outcomes == NULL || list == NULL) return -ENOMEM;
  for (size_t i = 0; i < count; i++) {
    const struct record *record = &job->translation.records[i];
    outcomes[i] =
        (struct hub_outcome){.size = sizeof outcomes[i], .result = HUB_REJECTED, .code = record->code};
    outcomes[i].key = record->key.length == 0 ? NULL : record->key.data;
    outcomes[i].key_length = record->key.length;
    list[i] = &outcomes[i];
    if (record->code == 0) {
      char *id = arena_alloc(job->arena, EVENT_ID_TEXT);
      if (id == NULL) return -ENOMEM;
      outcomes[i].result = job->repeated[i] ? HUB_REPEATED : HUB_ACCEPTED;
      outcomes[i].type = record->type->full_name;
      outcomes[i].event_id = event_id_text(job->ids[i], id);
    } else {
      outcomes[i].code_name = reject_code_name(record->code);
      outcomes[i].at = record->at;
      outcomes[i].detail = record->detail;
      outcomes[i].value = record->reject_value.data;
      outcomes[i].value_length = record->reject_value.length;
    }
  }
  *ret_outcomes = list;
  return 0;
}

static int print_reply(const struct job *job) {
  uint8_t digest[32];
  struct event_id receipt;
  char receipt_text[EVENT_ID_TEXT];
  int r = sha256((struct text){job->payload.data, job->payload.length}, digest);
  struct event_identity identity = {.scope = TEXT(SOURCE_NAME),
                                    .type = TEXT("receipt"),
                                    .native_key = {(const char *)digest, sizeof digest}};
  if (r == 0) r = event_id_make(&demonstration_key, &identity, &receipt);
  struct hub_exchange exchange = {.size = sizeof exchange,
                                  .stage = HUB_DONE,
                                  .payload = &job->payload,
                                  .outcomes_count = job->translation.count,
                                  .remembered = job->translation.remembered.data,
                                  .remembered_length = job->translation.remembered.length,
                                  .answered_us = clock_now_us()};
  if (r == 0) r = make_outcomes(job, &exchange.outcomes);
  if (r < 0) return r;
  exchange.receipt = event_id_text(receipt, receipt_text);
  cleanup(answer_deinit) struct answer answer = {0};
  r = answer_make(job->instance, &exchange, job->arena, &answer);
  if (r < 0) return r;
  fprintf(stderr, "%d %s\n", answer.status, answer.content_type);
  if (answer.body.length != 0) fwrite(answer.body.data, 1, answer.body.length, stdout);
  return 0;
}

/* ---- The command ---- */

static int translate(struct job *job, bool reply) {
  int r = translation_run(job->instance, &job->personal, job->config.tables, &job->payload, job->arena,
                          &job->translation);
  if (r < 0) return trouble(r, "translating");
  r = make_ids(job);
  if (r == 0) r = reply ? print_reply(job) : print_records(job);
  if (r < 0) return trouble(r, "printing");
  if (fflush(stdout) != 0) return trouble(errno, "standard output");
  return job->translation.rejected != 0 ? EXIT_NO : EXIT_OK;
}

static int parse_moment(const struct command_values *values, int32_t *ret_zone_offset_s) {
  const char *zone = values->value[ZONE], *now = values->value[NOW];
  *ret_zone_offset_s = VIETNAM_OFFSET_S;
  if (zone != NULL && !options_parse_zone(text_of(zone), ret_zone_offset_s)) {
    return command_usage(&command_translate, "--zone wants a zone as +07:00");
  }
  struct time_point point;
  if (now == NULL) return EXIT_OK;
  if (time_read(text_of(now), TIME_ISO, *ret_zone_offset_s, &point) != 0) {
    return command_usage(&command_translate, "--now wants a time as 2026-07-12T08:15:00+07:00");
  }
  clock_freeze_us(point.us);
  return EXIT_OK;
}

static int run(int argc, char **argv) {
  struct command_values values;
  int count = command_parse(&command_translate, argc, argv, &values);
  if (count < 0) return count == -2 ? EXIT_OK : EXIT_USAGE;
  if (values.value[CONNECTOR] == NULL) return command_usage(&command_translate, "--connector is missing");
  if (count != 1) return command_usage(&command_translate, "one FILE is wanted, or - for standard input");
  int32_t zone_offset_s;
  int code = parse_moment(&values, &zone_offset_s);
  if (code != EXIT_OK) return code;
  cleanup(job_deinit) struct job job = {.personal = {.key = demonstration_key}};
  int r = arena_new(&job.arena);
  if (r < 0) return trouble(r, "memory");
  code = open_connector(&job, &values, zone_offset_s);
  if (code == EXIT_OK) code = read_tables(&job, values.value[TABLES]);
  if (code == EXIT_OK) code = read_payload(&job, argv[1], &values);
  return code != EXIT_OK ? code : translate(&job, values.value[REPLY] != NULL);
}

const struct command command_translate = {
    .name = "translate",
    .arguments = "--connector NAME [--content-type TYPE] [--option KEY=VALUE]… [--reply] [--now TIME] FILE|-",
    .summary = "show what a payload becomes, without a broker or a configuration",
    .help = help,
    .options = options,
    .run = run,
};
