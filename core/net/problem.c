/*
 * What a refused sender is told. All texts are constants: no byte of the request comes back.
 */
#include "core/net/problem.h"

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

void problem_write(const struct http_refusal *refusal, struct text_out *out) {
  text_out_string(out, "{\"type\":\"about:blank\",\"title\":");
  text_out_json(out, text_of(http_status_title(refusal->status)));
  text_out_format(out, ",\"status\":%d,\"code\":", refusal->status);
  text_out_json(out, text_of(refusal->code == NULL ? "refused" : refusal->code));
  if (refusal->detail != NULL) {
    text_out_string(out, ",\"detail\":");
    text_out_json(out, text_of(refusal->detail));
  }
  text_out_string(out, "}\n");
}
