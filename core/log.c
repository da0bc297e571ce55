/*
 * The log. A line is built whole and written by one write(), so that lines of several threads never mix. When
 * there is no memory for a line, its message still comes out.
 */
#include "core/log.h"

#include "core/clock.h"
#include "core/text_out.h"

enum { VALUE_LIMIT = 512 };

static enum log_level log_level = LOG_INFO;

static const struct {
  enum log_level level;
  const char *name;
} levels[] = {{LOG_ERROR, "error"}, {LOG_WARNING, "warning"}, {LOG_INFO, "info"}, {LOG_DEBUG, "debug"}};

void log_set_level(enum log_level level) { log_level = level; }

bool log_level_parse(const char *name, enum log_level *ret_level) {
  for (size_t i = 0; i < LENGTH_OF(levels); i++) {
    if (strcmp(levels[i].name, name) == 0) {
      *ret_level = levels[i].level;
      return true;
    }
  }
  return false;
}

static const char *level_name(enum log_level level) {
  for (size_t i = 0; i < LENGTH_OF(levels); i++) {
    if (levels[i].level == level) return levels[i].name;
  }
  return "?";
}

struct log_field log_errno(int error) {
  return log_text("error", strerrordesc_np(error < 0 ? -error : error));
}

void log_write(enum log_level level, const char *topic, const char *message, const struct log_field *fields) {
  if (level > log_level) return;
  cleanup(text_out_deinit) struct text_out line = TEXT_OUT_INIT;
  char now[CLOCK_TEXT_SIZE];
  text_out_format(&line, "%s %s %s %s", clock_text(clock_now_us(), now), level_name(level), topic, message);
  for (const struct log_field *field = fields; field->key != NULL; field++) {
    text_out_format(&line, " %s=", field->key);
    if (field->text == NULL) {
      text_out_format(&line, "%lld", (long long)field->number);
    } else {
      text_out_visible(&line, text_of(field->text), VALUE_LIMIT);
    }
  }
  text_out_string(&line, "\n");
  const char *text = line.failed ? message : line.data;
  ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written; /* nowhere left to say it */
}
