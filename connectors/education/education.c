/*
 * education.c: schools, classes, pupils and their results: options, and which reader a payload goes to.
 *
 * The bytes decide what a payload is; the option `format` or a content type decides only where the bytes
 * leave it open. Marks of children become counts unless the administrator opens them and says what for.
 */
#include "connectors/education/education.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "connectors/education/documents.h"
#include "connectors/education/oneroster_csv.h"
#include "connectors/education/sheets.h"
#include "connectors/format/archive.h"

struct settings {
  int format, charset, marks;
  const char *marks_purpose, *school, *school_year;
};

static const char *const formats[] = {"auto", "csv", "xlsx", "json", "package", NULL};
static const char *const charsets[] = {"auto", "utf-8", "windows-1258", "tcvn3", "vni", NULL};
static const enum charset charset_values[] = {CHARSET_UNKNOWN, CHARSET_UTF_8, CHARSET_WINDOWS_1258,
                                              CHARSET_TCVN3, CHARSET_VNI};
static const char *const marks[] = {"counts", "pupils", NULL};

static const struct hub_option option_format = {
    .size = sizeof(struct hub_option),
    .key = "format",
    .type = HUB_OPTION_CHOICE,
    .fallback = "auto",
    .choices = formats,
    .help =
        "What the source sends, where neither the bytes nor the content type tell: csv, xlsx, json, or "
        "package (OneRoster CSV zip).",
    .offset = offsetof(struct settings, format),
};
static const struct hub_option option_charset = {
    .size = sizeof(struct hub_option),
    .key = "charset",
    .type = HUB_OPTION_CHOICE,
    .fallback = "auto",
    .choices = charsets,
    .help = "Character set of CSV files; auto = charset= of the content type, a byte order mark, else UTF-8.",
    .offset = offsetof(struct settings, charset),
};
static const struct hub_option option_marks = {
    .size = sizeof(struct hub_option),
    .key = "marks",
    .type = HUB_OPTION_CHOICE,
    .fallback = "counts",
    .choices = marks,
    .help =
        "What is published of children's marks: counts = of a class and subject, pupils = each mark beside "
        "the counts, under a pseudonym; needs marks_purpose.",
    .offset = offsetof(struct settings, marks),
};
static const struct hub_option option_marks_purpose = {
    .size = sizeof(struct hub_option),
    .key = "marks_purpose",
    .type = HUB_OPTION_TEXT,
    .help = "For what purpose, and by whose decision, marks of single pupils are published.",
    .offset = offsetof(struct settings, marks_purpose),
};
static const struct hub_option option_school = {
    .size = sizeof(struct hub_option),
    .key = "school",
    .type = HUB_OPTION_TEXT,
    .help = "Code of the school whose sheets come by this source, for sheets that do not name it.",
    .offset = offsetof(struct settings, school),
};
static const struct hub_option option_school_year = {
    .size = sizeof(struct hub_option),
    .key = "school_year",
    .type = HUB_OPTION_TEXT,
    .help = "School year of what comes by this source, for sheets that do not name it: 2026-2027.",
    .offset = offsetof(struct settings, school_year),
};
static const struct hub_option *const options[] = {
    &option_format, &option_charset,     &option_marks, &option_marks_purpose,
    &option_school, &option_school_year, NULL};

struct job job_of(const struct education *education, const struct hub_payload *payload,
                  struct hub_sink *sink) {
  return (struct job){.education = education,
                      .payload = payload,
                      .sink = sink,
                      .allocator = {hub_alloc_for_format, sink},
                      .places = json_places_of(payload->data, payload->length)};
}

int job_refuse(struct job *job, enum hub_reject_code code, const char *at, const char *detail) {
  struct hub_rejection rejection = {.size = sizeof(rejection), .code = code, .at = at, .detail = detail};
  return at == NULL ? -ENOMEM : hub_reject(job->sink, &rejection);
}

/* ---- Which reader ---- */

static int refuse_bytes(const struct education *education, const struct hub_payload *payload,
                        struct hub_sink *sink, const char *detail) {
  struct job job = job_of(education, payload, sink);
  return job_refuse(&job, HUB_UNSUPPORTED, "1:1", detail);
}

static bool begins(struct text data, const char *bytes, size_t length) {
  return data.length >= length && memcmp(data.data, bytes, length) == 0;
}

static bool names_type(const struct hub_payload *payload, const char *part) {
  return payload->content_type != NULL && strcasestr(payload->content_type, part) != NULL;
}

/* A zip is a workbook when it has a folder xl, else a package. A broken one is left to the reader of
 * workbooks, which says what is wrong with it. */
static int is_package(struct hub_sink *sink, const struct hub_payload *payload, bool *ret) {
  struct allocator allocator = {hub_alloc_for_format, sink};
  struct archive *archive = NULL;
  const char *detail;
  int r = archive_open(&allocator, (struct text){payload->data, payload->length}, &archive, &detail);
  *ret = r == 0;
  for (size_t i = 0; r == 0 && *ret && i < archive_count(archive); i++)
    *ret = !begins(archive_name(archive, i), "xl/", 3);
  archive_close(archive);
  return r < 0 ? r : 0;
}

static enum education_format format_of(const struct education *education, const struct hub_payload *payload) {
  struct text data = {payload->data, payload->length};
  if (begins(data, "\xef\xbb\xbf", 3)) data = (struct text){data.data + 3, data.length - 3};
  data = text_trim(data);
  bool json_like = data.length != 0 && (data.data[0] == '{' || data.data[0] == '[');
  if (education->format != EDUCATION_AUTO) return education->format;
  if (names_type(payload, "json")) return EDUCATION_JSON;
  if (names_type(payload, "csv")) return EDUCATION_CSV;
  return json_like ? EDUCATION_JSON : EDUCATION_CSV;
}

static int translate(const void *self, const struct hub_payload *payload, struct hub_sink *sink) {
  const struct education *education = self;
  struct text data = {payload->data, payload->length};
  bool empty_zip = begins(data, "PK\5\6", 4);
  if (xlsx_looks_like(data) || empty_zip) {
    bool package = education->format == EDUCATION_PACKAGE;
    int r = package || education->format == EDUCATION_XLSX ? 0 : is_package(sink, payload, &package);
    if (r != 0) return r;
    return package ? oneroster_csv_translate(education, payload, sink)
                   : sheets_translate_workbook(education, payload, sink);
  }
  if (begins(data, "\xd0\xcf\x11\xe0", 4))
    return refuse_bytes(education, payload, sink, "an old or encrypted workbook; save it as .xlsx or CSV");
  switch (format_of(education, payload)) {
    case EDUCATION_JSON: return documents_translate(education, payload, sink);
    case EDUCATION_XLSX: return refuse_bytes(education, payload, sink, "not a workbook");
    case EDUCATION_PACKAGE: return refuse_bytes(education, payload, sink, "not a zip archive");
    default: return sheets_translate_csv(education, payload, sink);
  }
}

/* ---- Opening ---- */

static void close_source(void *self) {
  struct education *education = self;
  if (education == NULL) return;
  free(education->school);
  free(education->school_year);
  free(education);
}

static int copy(const char *text, char **ret) {
  *ret = text == NULL ? NULL : strdup(text);
  return text != NULL && *ret == NULL ? -ENOMEM : 0;
}

static int open_source(const struct hub_host *host, const void *block, void **ret_self) {
  const struct settings *settings = block;
  struct education *education = calloc(1, sizeof(*education));
  if (education == NULL) return -ENOMEM;
  education->zone_offset_s = host->zone_offset_s;
  education->format = (enum education_format)settings->format;
  education->charset = charset_values[settings->charset];
  education->open_marks = settings->marks == 1;
  int r = copy(settings->school, &education->school);
  if (r == 0) r = copy(settings->school_year, &education->school_year);
  if (r == 0 && education->open_marks &&
      (settings->marks_purpose == NULL || settings->marks_purpose[0] == 0)) {
    host->log(host->context, HUB_LOG_ERROR, "marks: pupils needs marks_purpose, which says what for");
    r = -EINVAL;
  }
  if (r != 0) close_source(education);
  else *ret_self = education;
  return r;
}

static const char *const messages[] = {"ioc.education.v1.School", "ioc.education.v1.ClassRoom",
                                       "ioc.education.v1.Enrollment", "ioc.education.v1.AssessmentSummary",
                                       NULL};

HUB_CONNECTOR(.name = "education", .version = IOCHUB_VERSION,
              .summary = "Schools, classes, pupils and results (ministry's sheets, sector JSON, OneRoster)",
              .messages = messages, .options = options, .settings_size = sizeof(struct settings),
              .open = open_source, .translate = translate, .close = close_source);
