/*
 * facts.c: times, parties and means of transport.
 *
 * Whether a party is a person is decided by its number alone: since July 2025 the tax code of a household's
 * business is its owner's citizen number, of twelve digits, and a party without a number may be anybody.
 */
#include "connectors/border-gate/facts.h"

#include <errno.h>

#define MODE(name) IOC__BORDERGATE__V1__TRANSPORT_MODE__TRANSPORT_MODE_##name
#define FUNCTION(name) IOC__BORDERGATE__V1__MESSAGE_FUNCTION__MESSAGE_FUNCTION_##name

const struct code transport_modes[] = {
    {TEXT("1"), MODE(MARITIME)},  {TEXT("2"), MODE(RAIL)},
    {TEXT("3"), MODE(ROAD)},      {TEXT("4"), MODE(AIR)},
    {TEXT("5"), MODE(MAIL)},      {TEXT("6"), MODE(MULTIMODAL)},
    {TEXT("7"), MODE(FIXED)},     {TEXT("8"), MODE(INLAND_WATER)},
    {TEXT("10"), MODE(MARITIME)}, {TEXT("20"), MODE(RAIL)},
    {TEXT("30"), MODE(ROAD)},     {TEXT("31"), MODE(ROAD)},
    {TEXT("40"), MODE(AIR)},      {TEXT(""), 0},
};

const struct code message_functions[] = {
    {TEXT("1"), FUNCTION(CANCELLATION)},
    {TEXT("2"), FUNCTION(ADDITION)},
    {TEXT("3"), FUNCTION(DELETION)},
    {TEXT("4"), FUNCTION(AMENDMENT)},
    {TEXT("5"), FUNCTION(REPLACEMENT)},
    {TEXT("7"), FUNCTION(DUPLICATE)},
    {TEXT("9"), FUNCTION(ORIGINAL)},
    {TEXT("11"), FUNCTION(RESPONSE)},
    {TEXT("13"), FUNCTION(AMENDMENT)},
    {TEXT("22"), FUNCTION(FINAL)},
    {TEXT(""), 0},
};

int fact_time(struct hub_sink *sink, const struct time_point *point, Google__Protobuf__Timestamp **ret_time,
              Ioc__Bordergate__V1__TimePrecision *ret_precision) {
  Google__Protobuf__Timestamp *made = hub_alloc(sink, sizeof(*made));
  if (made == NULL) return -ENOMEM;
  timestamp_set(made, point);
  *ret_time = made;
  *ret_precision = (Ioc__Bordergate__V1__TimePrecision)point->precision;
  return 0;
}

static bool is_persons_number(struct text id) {
  if (id.length != 9 && id.length != 12) return id.length == 0;
  for (size_t i = 0; i < id.length; i++)
    if (id.data[i] < '0' || id.data[i] > '9') return false;
  return true;
}

static int protect(struct hub_sink *sink, enum hub_personal_kind kind, struct text text, char **ret) {
  if (text.length == 0) return 0;
  if (memchr(text.data, 0, text.length) != NULL) return HUB_E_NUL;
  return hub_personal(sink, kind, text.data, text.length, ret);
}

int fact_party(struct hub_sink *sink, Ioc__Bordergate__V1__Party *party, struct text id, struct text name) {
  if (is_persons_number(id)) {
    int r = protect(sink, HUB_CITIZEN_ID, id, &party->person_id);
    return r != 0 ? r : protect(sink, HUB_PERSON_NAME, name, &party->person_name);
  }
  int r = hub_string(sink, id.data, id.length, &party->id);
  return r != 0 ? r : hub_string(sink, name.data, name.length, &party->name);
}

int fact_transport(struct hub_sink *sink, Ioc__Bordergate__V1__TransportMeans *means, struct text mode_code,
                   struct text id) {
  struct text id_type_code = text_of(means->id_type_code);
  bool vehicle = text_is(id_type_code, "30") || text_is(id_type_code, "31");
  struct text tells = mode_code.length != 0 ? mode_code : id_type_code;
  means->mode = (Ioc__Bordergate__V1__TransportMode)code_value(transport_modes, tells);
  int r = hub_string(sink, mode_code.data, mode_code.length, &means->mode_code);
  if (r != 0) return r;
  if (vehicle || means->mode == MODE(ROAD) || means->mode == MODE(UNSPECIFIED))
    return protect(sink, HUB_PLATE, id, &means->plate);
  return hub_string(sink, id.data, id.length, &means->id);
}
