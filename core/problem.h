/*
 * problem.h: a refusal as RFC 9457 problem+json, for the door and for answers of the hub itself.
 */
#ifndef CORE_PROBLEM_H
#define CORE_PROBLEM_H

#include "core/text_out.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"

/* The reason phrase of a status, "Unknown" for one that iochub never sends. */
const char *http_status_title(int status);

/* type, title, status, code, detail, at; the last three are left out when NULL. All are constants: no byte of
 * a request comes back. Failure is remembered in the text. */
void problem_write(struct text_out *, int status, const char *code, const char *detail, const char *at);

#endif
