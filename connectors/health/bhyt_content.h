/*
 * bhyt_content.h: the text of NOIDUNGFILE, base64 or plain XML, collected into one buffer that is used again.
 */
#ifndef HEALTH_BHYT_CONTENT_H
#define HEALTH_BHYT_CONTENT_H

#include "connectors/format/base64.h"
#include "connectors/iochub_connector.h"

enum { BHYT_CONTENT_MAX = 32 * 1024 * 1024 };

enum bhyt_content_form { BHYT_EMPTY, BHYT_PLAIN, BHYT_BASE64 };

struct bhyt_content {
  enum bhyt_content_form form;
  bool blank_is_plus; /* of a form that did not write + as %2B */
  bool invalid;       /* not base64 */
  bool too_large;
  struct base64 base64;
  char *data; /* the XML */
  size_t length, room;
};

void bhyt_content_begin(struct bhyt_content *);

/* Returns 0 or -ENOMEM; what is wrong is kept until the end. */
int bhyt_content_take(struct bhyt_content *, struct hub_sink *, struct text piece);

/* Afterwards data and length are the XML, unless invalid or too_large is set. */
void bhyt_content_end(struct bhyt_content *);

#endif
