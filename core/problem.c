/*
 * What a refused sender is told: the status and its phrase, the reason as a word and as a sentence, the
 * place.
 */
#include "core/problem.h"

static const struct {
  int status;
  const char *title;
} titles[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {207, "Multi-Status"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

const char *http_status_title(int status) {
  for (size_t i = 0; i < LENGTH_OF(titles); i++)
    if (titles[i].status == status) return titles[i].title;
  return "Unknown";
}

static void write_member(struct text_out *out, const char *name, const char *value) {
  if (value == NULL) return;
  text_out_format(out, ",\"%s\":", name);
  text_out_json(out, text_of(value));
}

void problem_write(struct text_out *out, int status, const char *code, const char *detail, const char *at) {
  text_out_format(out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d", http_status_title(status),
                  status);
  write_member(out, "code", code);
  write_member(out, "detail", detail);
  write_member(out, "at", at);
  text_out_string(out, "}\n");
}
