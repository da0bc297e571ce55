/*
 * json.h: a packed message as JSON, by the proto3 JSON mapping (lowerCamelCase, enums by name, 64-bit
 * integers as strings, Timestamp in RFC 3339, bytes in base64, fields at their default left out, members of a
 * oneof kept).
 */
#ifndef CORE_MESSAGE_JSON_H
#define CORE_MESSAGE_JSON_H

#include "core/message/wire.h"
#include "core/text_out.h"

/* One line, fields in the order of their numbers. 0, -ENOMEM or -EBADMSG. Unknown fields are left out. */
int message_json(struct text_out *, const struct schema_message *, struct text message) must_use;

#endif
