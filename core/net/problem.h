/*
 * problem.h: refusals as RFC 9457 problem+json, written by the door itself.
 */
#ifndef CORE_NET_PROBLEM_H
#define CORE_NET_PROBLEM_H

#include "core/net/http.h"
#include "core/text_out.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"

/* The reason phrase of a status, "Unknown" for one that iochub never sends. */
const char *http_status_title(int status);

/* type, title, status, code, detail. Failure is remembered in the text. */
void problem_write(const struct http_refusal *, struct text_out *);

#endif
