/*
 * direction.c: which way a message goes, by the province parts of its organizations' codes.
 *
 * Old codes end with the province (000.00.14.H37), new ones begin with it (H37.14), and both are alive: the
 * group at either end that begins with a letter is the province, the first group before the last.
 */
#include "connectors/e-documents/direction.h"

#include <strings.h>

static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

struct text direction_province(struct text organ_id) {
  if (organ_id.length == 0) return TEXT_NONE;
  const char *dot = memchr(organ_id.data, '.', organ_id.length);
  size_t first = dot == NULL ? organ_id.length : (size_t)(dot - organ_id.data);
  if (first != 0 && is_letter(organ_id.data[0])) return (struct text){organ_id.data, first};
  dot = memrchr(organ_id.data, '.', organ_id.length);
  if (dot == NULL) return TEXT_NONE;
  struct text last = {dot + 1, (size_t)(organ_id.data + organ_id.length - dot - 1)};
  return last.length != 0 && is_letter(last.data[0]) ? last : TEXT_NONE;
}

struct ends { /* of a message, seen from our province */
  bool from_known, from_ours, to_known, to_ours, to_others;
};

static bool is_ours(struct text ours, struct text organ_id, bool *ret_known) {
  struct text province = direction_province(organ_id);
  *ret_known = province.length != 0 && ours.length != 0;
  return *ret_known && province.length == ours.length &&
         strncasecmp(province.data, ours.data, ours.length) == 0;
}

static void add_receiver(struct ends *ends, struct text our_province, struct text organ_id) {
  bool known, ours = is_ours(our_province, organ_id, &known);
  if (!known) return;
  ends->to_known = true;
  if (ours) ends->to_ours = true;
  else ends->to_others = true;
}

Ioc__Edoc__V1__Direction direction_find(const struct edxml *edxml, struct text our_province) {
  struct ends ends = {.from_known = false};
  ends.from_ours = is_ours(our_province, edxml->from.id, &ends.from_known);
  for (size_t i = 0; i < edxml->to.count; i++)
    add_receiver(&ends, our_province, ((const struct edxml_organ *)edxml->to.items[i])->id);
  for (size_t i = 0; edxml->has_status && edxml->to.count == 0 && i < edxml->response_for.count; i++)
    add_receiver(&ends, our_province,
                 ((const struct edxml_reference *)edxml->response_for.items[i])->organ_id);
  if (!ends.from_known || !ends.to_known) return IOC__EDOC__V1__DIRECTION__DIRECTION_UNSPECIFIED;
  if (ends.from_ours)
    return ends.to_others ? IOC__EDOC__V1__DIRECTION__DIRECTION_OUTGOING
                          : IOC__EDOC__V1__DIRECTION__DIRECTION_INTERNAL;
  return ends.to_ours ? IOC__EDOC__V1__DIRECTION__DIRECTION_INCOMING
                      : IOC__EDOC__V1__DIRECTION__DIRECTION_FOREIGN;
}
