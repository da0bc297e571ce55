/*
 * gate_declaration.c: a declaration of the digital border gate, whole or as a row of its list: one
 * VehicleDeclaration and a VehicleStep for each step that each of its vehicles reached.
 *
 * A row of a list is known by having no registrationTransportDetails. It gets a key of its own, so that who
 * polls the list and the details in turn does not make a new event each time.
 */
#include "connectors/border-gate/decimal.h"
#include "connectors/border-gate/gate_records.h"

#include <errno.h>
#include <stdio.h>

typedef Ioc__Bordergate__V1__VehicleDeclaration Declaration;
typedef Ioc__Bordergate__V1__Vehicle Vehicle;
typedef Ioc__Bordergate__V1__VehicleChange Change;
typedef Ioc__Bordergate__V1__DeclaredGoods Goods;
typedef Ioc__Bordergate__V1__GoodsItem Item;
typedef Ioc__Bordergate__V1__Payment Payment;
typedef Ioc__Bordergate__V1__Party Party;
typedef Ioc__Bordergate__V1__VehicleStep VehicleStep;

#define AT_TIME(type, member) offsetof(type, member), offsetof(type, member##_precision)
#define AT_LIST(type, member) offsetof(type, member), offsetof(type, n_##member)

#define TEXT_MEMBER(name, type, member) \
  { TEXT(name), MEMBER_TEXT, 0, offsetof(type, member) }
#define PERSONAL_MEMBER(name, kind, type, member) \
  { TEXT(name), MEMBER_PERSONAL, kind, offsetof(type, member) }
#define DECIMAL_MEMBER(name, type, member) \
  { TEXT(name), MEMBER_DECIMAL, 0, offsetof(type, member) }
#define TIME_MEMBER(name, type, member) \
  { TEXT(name), MEMBER_TIME, 0, AT_TIME(type, member) }
#define TEXTS_MEMBER(name, kind, type, member) \
  { TEXT(name), MEMBER_TEXTS, kind, AT_LIST(type, member) }
#define ANSWER_MEMBER(name, type, member) \
  { TEXT(name), MEMBER_ANSWER, .offset = offsetof(type, member), .answers = GATE_ANSWERS }
#define CODE_MEMBER(name, table, type, member) \
  { TEXT(name), MEMBER_CODE, 0, offsetof(type, member), offsetof(type, member##_code), .codes = (table) }
#define LIST_MEMBER(name, what, type, member) \
  { TEXT(name), MEMBER_LIST, 0, AT_LIST(type, member), .list = &(what) }
#define INTO_MEMBER(name, table) \
  { TEXT(name), MEMBER_NESTED, 0, 0, 0, .nested = &(table) }

static const struct code vehicle_kinds[] = {
    {TEXT("0"), IOC__BORDERGATE__V1__VEHICLE_KIND__VEHICLE_KIND_TRACTOR},
    {TEXT("2"), IOC__BORDERGATE__V1__VEHICLE_KIND__VEHICLE_KIND_TRUCK},
    {TEXT(""), 0},
};

static const struct code directions[] = {
    {TEXT("0"), IOC__BORDERGATE__V1__DIRECTION__DIRECTION_IMPORT},
    {TEXT("1"), IOC__BORDERGATE__V1__DIRECTION__DIRECTION_EXPORT},
    {TEXT(""), 0},
};

/* ---- Vehicles ------------------------------------------------------------------------------------------ */

static const struct member type_members[] = {
    TEXT_MEMBER("code", Vehicle, type_code),
    TEXT_MEMBER("name", Vehicle, type_name),
};
static const struct member_table type_table = MEMBER_TABLE(type_members);

static const struct member vehicle_members[] = {
    TEXT_MEMBER("id", Vehicle, vehicle_id),
    INTO_MEMBER("vehicleType", type_table),
    CODE_MEMBER("vehicleTypeEnum", vehicle_kinds, Vehicle, kind),
    TEXT_MEMBER("vehicleNationalityType", Vehicle, nationality_code),
    PERSONAL_MEMBER("licencePlate", HUB_PLATE, Vehicle, plate),
    TEXTS_MEMBER("numberOfContainer", 0, Vehicle, container_numbers),
    TEXTS_MEMBER("numberOfTrailer", HUB_PLATE, Vehicle, trailer_plates),
    PERSONAL_MEMBER("numberOfMooc", HUB_PLATE, Vehicle, mooc_plate),
    TEXT_MEMBER("numberSealHQ", Vehicle, seal_number),
    PERSONAL_MEMBER("driverName", HUB_PERSON_NAME, Vehicle, driver_name),
    PERSONAL_MEMBER("driverPhone", HUB_PHONE, Vehicle, driver_phone),
    PERSONAL_MEMBER("driverCMND", HUB_CITIZEN_ID, Vehicle, driver_id_number),
    DECIMAL_MEMBER("weight", Vehicle, weight_kg),
    DECIMAL_MEMBER("loadDueToOwnWeight", Vehicle, allowed_load_kg),
    DECIMAL_MEMBER("price", Vehicle, price),
    TEXT_MEMBER("feeRate", Vehicle, fee_rate),
    TEXT_MEMBER("unloadingPlace", Vehicle, unloading_place),
    TEXT_MEMBER("shipmentStatus", Vehicle, shipment_status_code),
    TEXT_MEMBER("goodsId", Vehicle, goods_id),
    TIME_MEMBER("vehicleArrivalTime", Vehicle, arrived_at),
};

static int finish_vehicle(struct job *job, const struct crumb *crumb, const struct json *object,
                          void *message) {
  Vehicle *vehicle = message;
  return confirmations_read(job, crumb, object, &vehicle->confirmations, &vehicle->n_confirmations);
}

static const struct member_list vehicle_list = {
    sizeof(Vehicle), (void (*)(void *))ioc__bordergate__v1__vehicle__init, MEMBER_TABLE(vehicle_members),
    finish_vehicle, "licencePlate"};

static const struct member change_members[] = {
    PERSONAL_MEMBER("licencePlate", HUB_PLATE, Change, plate),
    PERSONAL_MEMBER("licencePlateChange", HUB_PLATE, Change, changed_plate),
    TEXT_MEMBER("areaChange", Change, area),
    CODE_MEMBER("vehicleTypeEnum", vehicle_kinds, Change, kind),
    PERSONAL_MEMBER("numberOfTrailer", HUB_PLATE, Change, trailer_plate),
    PERSONAL_MEMBER("numberOfMooc", HUB_PLATE, Change, mooc_plate),
    TEXT_MEMBER("numberOfContainer", Change, container_number),
    PERSONAL_MEMBER("driverName", HUB_PERSON_NAME, Change, driver_name),
    PERSONAL_MEMBER("driverCMND", HUB_CITIZEN_ID, Change, driver_id_number),
    PERSONAL_MEMBER("driverPhone", HUB_PHONE, Change, driver_phone),
    TEXTS_MEMBER("numberHQs", 0, Change, customs_numbers),
    TEXT_MEMBER("quantity", Change, quantity),
    DECIMAL_MEMBER("weight", Change, weight_kg),
};

static int finish_change(struct job *job, const struct crumb *crumb, const struct json *object,
                         void *message) {
  Change *change = message;
  return confirmations_read(job, crumb, object, &change->confirmations, &change->n_confirmations);
}

static const struct member_list change_list = {sizeof(Change),
                                               (void (*)(void *))ioc__bordergate__v1__vehicle_change__init,
                                               MEMBER_TABLE(change_members), finish_change, "licencePlate"};

/* ---- Parties ------------------------------------------------------------------------------------------- */

static int make_party(struct job *job, const struct crumb *crumb, const struct json *object,
                      const char *const names[static 2], Ioc__Bordergate__V1__PartyRole role,
                      Party **ret_party) {
  struct text texts[2] = {TEXT(""), TEXT("")}; /* number and name */
  for (int i = 0; i < 2; i++) {
    const struct json *value = json_get(object, names[i]);
    struct crumb at = {crumb, names[i], 0};
    int r = value == NULL ? 0 : member_text(job, &at, value, &texts[i]);
    if (r != 0) return r;
  }
  if (texts[0].length + texts[1].length == 0) return 0;
  Party *party = job_alloc(job, sizeof(*party));
  if (party == NULL) return -ENOMEM;
  ioc__bordergate__v1__party__init(party);
  party->role = role;
  int r = fact_party(job->sink, party, texts[0], texts[1]);
  if (r == HUB_E_NUL) return member_reject(job, HUB_INVALID, crumb, object, "a text may not hold NUL");
  *ret_party = party;
  return r;
}

static int read_parties(struct job *job, const struct crumb *crumb, const struct json *object,
                        Declaration *d) {
  static const char *const names[][2] = {{"taxCode", "name"},
                                         {"feePayingCompanyTaxCode", "feePayingCompanyName"},
                                         {"companyGoodsTaxCode", "companyGoodsName"}};
  static const Ioc__Bordergate__V1__PartyRole roles[] = {
      IOC__BORDERGATE__V1__PARTY_ROLE__PARTY_ROLE_COMPANY, IOC__BORDERGATE__V1__PARTY_ROLE__PARTY_ROLE_PAYER,
      IOC__BORDERGATE__V1__PARTY_ROLE__PARTY_ROLE_GOODS_OWNER};
  struct crumb company = {crumb, "company", 0};
  d->parties = job_alloc(job, 3 * sizeof(*d->parties));
  if (d->parties == NULL) return -ENOMEM;
  for (int i = 0; i < 3; i++) {
    const struct json *from = i == 0 ? json_get(object, "company") : object;
    Party *party = NULL;
    int r = make_party(job, i == 0 ? &company : crumb, from, names[i], roles[i], &party);
    if (r != 0) return r;
    if (party != NULL) d->parties[d->n_parties++] = party;
  }
  return 0;
}

/* ---- Goods --------------------------------------------------------------------------------------------- */

static const struct member item_members[] = {
    PERSONAL_MEMBER("nameProduct", HUB_FREE_TEXT, Item, description),
    TEXT_MEMBER("hsCode", Item, commodity_code),
    TEXT_MEMBER("originCode", Item, origin_code),
    DECIMAL_MEMBER("quantityDetail", Item, quantity),
    TEXT_MEMBER("unitQuantityDetailCode", Item, quantity_unit),
    TEXT_MEMBER("unitOfWeight", Item, weight_unit),
};

static int finish_item(struct job *job, const struct crumb *crumb, const struct json *object, void *message) {
  Item *item = message;
  const struct json *weight = json_get(object, "weight"), *price = json_get(object, "priceVND");
  struct crumb weight_at = {crumb, "weight", 0}, price_at = {crumb, "priceVND", 0};
  struct text weight_text = TEXT(""), price_text = TEXT("");
  int r = weight == NULL ? 0 : member_text(job, &weight_at, weight, &weight_text);
  if (r == 0 && price != NULL) r = member_text(job, &price_at, price, &price_text);
  if (r == 0 && weight_text.length != 0)
    r = decimal_kilograms(&job->allocator, weight_text, text_of(item->weight_unit), &item->gross_weight_kg);
  if (r == DECIMAL_E_FORM)
    return member_reject(job, HUB_INVALID, &weight_at, weight,
                         "a number that is not below zero must stand here");
  if (r != 0 || price_text.length == 0 || text_is(price_text, "0")) return r;
  Ioc__Bordergate__V1__Amount *value = job_alloc(job, sizeof(*value));
  item->values = job_alloc(job, sizeof(*item->values));
  if (value == NULL || item->values == NULL) return -ENOMEM;
  ioc__bordergate__v1__amount__init(value);
  value->currency = (char *)"VND";
  item->values[item->n_values++] = value;
  return member_string(job, &price_at, price, price_text, &value->amount);
}

static const struct member_list item_list = {sizeof(Item),
                                             (void (*)(void *))ioc__bordergate__v1__goods_item__init,
                                             MEMBER_TABLE(item_members), finish_item, NULL};

static const struct member goods_members[] = {
    TEXT_MEMBER("numberHQ", Goods, customs_number),
    TEXT_MEMBER("typeHQ", Goods, customs_type_code),
    TEXT_MEMBER("codeAreaHQ", Goods, customs_office_code),
    TEXT_MEMBER("createAreaHQ", Goods, customs_area_code),
    TIME_MEMBER("dateTimeCreateHQ", Goods, registered_at),
    LIST_MEMBER("registrationTransportGoodsDetails", item_list, Goods, items),
};

static int finish_goods(struct job *job, const struct crumb *crumb, const struct json *object,
                        void *message) {
  static const char *const names[] = {"companyTaxCode", "companyName"};
  Goods *goods = message;
  return make_party(job, crumb, object, names, IOC__BORDERGATE__V1__PARTY_ROLE__PARTY_ROLE_GOODS_OWNER,
                    &goods->owner);
}

static const struct member_list goods_list = {sizeof(Goods),
                                              (void (*)(void *))ioc__bordergate__v1__declared_goods__init,
                                              MEMBER_TABLE(goods_members), finish_goods, NULL};

/* ---- Payments ------------------------------------------------------------------------------------------ */

static const struct member payment_members[] = {
    TEXT_MEMBER("code", Payment, code),
    TEXT_MEMBER("paymentStatus", Payment, status_code),
    DECIMAL_MEMBER("total", Payment, total),
    DECIMAL_MEMBER("totalPaid", Payment, total_paid),
    TEXT_MEMBER("paymentFormType", Payment, payment_form_code),
};
static const struct member_table payment_table = MEMBER_TABLE(payment_members);

/* As with every flag, the time counts only where the flag does. */
static const struct member paid_members[] = {TIME_MEMBER("actionTime", Payment, acted_at)};
static const struct member_table paid_table = MEMBER_TABLE(paid_members);

static int read_payments(struct job *job, const struct crumb *crumb, const struct json *object,
                         Declaration *d) {
  static const char *const names[] = {"paymentOfTax", "paymentOfEconomic"};
  d->payments = job_alloc(job, 2 * sizeof(*d->payments));
  if (d->payments == NULL) return -ENOMEM;
  for (int i = 0; i < 2; i++) {
    const struct json *value = json_get(object, names[i]);
    struct crumb at = {crumb, names[i], 0};
    if (!json_is(value, JSON_OBJECT)) continue;
    Payment *payment = job_alloc(job, sizeof(*payment));
    if (payment == NULL) return -ENOMEM;
    ioc__bordergate__v1__payment__init(payment);
    int r = members_read(job, &at, value, &payment_table, payment);
    payment->kind = (Ioc__Bordergate__V1__PaymentKind)(i + 1);
    payment->paid = text_is(text_of(payment->status_code), "2");
    if (r == 0 && payment->paid) r = members_read(job, &at, value, &paid_table, payment);
    if (r != 0) return r;
    d->payments[d->n_payments++] = payment;
  }
  return 0;
}

/* ---- The declaration ----------------------------------------------------------------------------------- */

static const struct member gate_members[] = {
    TEXT_MEMBER("id", Declaration, gate_id),
    TEXT_MEMBER("code", Declaration, gate_code),
    TEXT_MEMBER("name", Declaration, gate_name),
};
static const struct member_table gate_table = MEMBER_TABLE(gate_members);

static const struct member parking_members[] = {
    TEXT_MEMBER("name", Declaration, parking_name),
    TEXT_MEMBER("description", Declaration, parking_description),
    TEXT_MEMBER("parkingPlaceEnum", Declaration, parking_code),
};
static const struct member_table parking_table = MEMBER_TABLE(parking_members);

static const struct member swap_members[] = {
    LIST_MEMBER("changeVehicleDetails", change_list, Declaration, changes),
};
static const struct member_table swap_table = MEMBER_TABLE(swap_members);

static const struct member declaration_members[] = {
    TEXT_MEMBER("numberOfDeclaration", Declaration, declaration_number),
    TEXT_MEMBER("numberOfDeclarationBorderGuard", Declaration, border_guard_number),
    TIME_MEMBER("createDate", Declaration, created_at),
    TIME_MEMBER("updateDate", Declaration, as_of),
    TIME_MEMBER("lastConfirmTime", Declaration, last_confirmed_at),
    CODE_MEMBER("type", directions, Declaration, direction),
    INTO_MEMBER("gate", gate_table),
    TEXT_MEMBER("ctgExportImportTypeId", Declaration, trade_type_code),
    DECIMAL_MEMBER("sumAmount", Declaration, total_fees),
    DECIMAL_MEMBER("infrastructureCharges", Declaration, infrastructure_fees),
    DECIMAL_MEMBER("transferCharges", Declaration, transfer_fees),
    {TEXT("totalWeight"), MEMBER_DECIMAL, 0, offsetof(Declaration, total_weight_kg),
     offsetof(Declaration, total_weight_tonnes), .shift = 3},
    INTO_MEMBER("parkingPlace", parking_table),
    TEXT_MEMBER("parkingPosition", Declaration, parking_position_code),
    ANSWER_MEMBER("isChangeVehicle", Declaration, vehicle_changes),
    ANSWER_MEMBER("hasPhytosanitary", Declaration, phytosanitary),
    ANSWER_MEMBER("hasAnimalQuarantine", Declaration, animal_quarantine),
    TEXT_MEMBER("stateRequest", Declaration, state_code),
    TEXT_MEMBER("paymentType", Declaration, payment_type_code),
    TEXT_MEMBER("chinaRegistrationType", Declaration, china_registration_code),
    TEXT_MEMBER("profileNumber", Declaration, profile_number),
    PERSONAL_MEMBER("procedureOfficerName", HUB_OFFICIAL_NAME, Declaration, officer_name),
    PERSONAL_MEMBER("procedureOfficerPhone", HUB_PHONE, Declaration, officer_phone),
    TEXTS_MEMBER("licencePlateVNTQ", HUB_PLATE, Declaration, plates),
    TEXTS_MEMBER("licencePlateChange", HUB_PLATE, Declaration, plates),
    TEXTS_MEMBER("numberOfTrailer", HUB_PLATE, Declaration, plates),
    LIST_MEMBER("registrationTransportDetails", vehicle_list, Declaration, vehicles),
    LIST_MEMBER("registrationTransportGoods", goods_list, Declaration, goods),
    INTO_MEMBER("changeVehicle", swap_table),
};
static const struct member_table declaration_table = MEMBER_TABLE(declaration_members);

static const struct member row_members[] = {
    LIST_MEMBER("mainVehicles", vehicle_list, Declaration, vehicles),
    LIST_MEMBER("changeVehicles", change_list, Declaration, changes),
};
static const struct member_table row_table = MEMBER_TABLE(row_members);

static int read_licences(struct job *job, const struct crumb *crumb, const struct json *object,
                         Declaration *d) {
  const struct json *forms = json_get(object, "businessVehicleRegistrationForms");
  struct crumb forms_at = {crumb, "businessVehicleRegistrationForms", 0}, element = {&forms_at, NULL, 0},
               at = {&element, "internationalTransportationLicenseNumber", 0};
  if (forms == NULL || forms->type == JSON_NULL) return 0;
  if (forms->type != JSON_ARRAY)
    return member_reject(job, HUB_INVALID, &forms_at, forms, "a list must stand here");
  if (forms->length == 0) return 0;
  d->licence_numbers = job_alloc(job, forms->length * sizeof(*d->licence_numbers));
  if (d->licence_numbers == NULL) return -ENOMEM;
  for (const struct json *m = forms->first; m != NULL; m = m->next, element.index++) {
    const struct json *value = json_get(m, at.name);
    struct text text = TEXT("");
    int r = value == NULL ? 0 : member_text(job, &at, value, &text);
    if (r == 0 && text.length != 0)
      r = member_string(job, &at, value, text, &d->licence_numbers[d->n_licence_numbers++]);
    if (r != 0) return r;
  }
  return 0;
}

/* The announced day and the time of day beside it. */
static int read_arrival(struct job *job, const struct crumb *crumb, const struct json *object,
                        Declaration *d) {
  const struct json *day = json_get(object, "arrivalDate"), *clock = json_get(object, "arrivalTime");
  struct crumb day_at = {crumb, "arrivalDate", 0}, clock_at = {crumb, "arrivalTime", 0};
  struct text day_text = TEXT(""), clock_text = TEXT("");
  char joined[48];
  int r = day == NULL ? 0 : member_text(job, &day_at, day, &day_text);
  if (r == 0 && clock != NULL) r = member_text(job, &clock_at, clock, &clock_text);
  if (r != 0 || day_text.length == 0) return r;
  if (clock_text.length == 0 || day_text.length < 10 || clock_text.length > 20)
    return member_time(job, &day_at, day, &d->arrival_at, &d->arrival_at_precision);
  memcpy(joined, day_text.data, 10);
  joined[10] = 'T';
  memcpy(joined + 11, clock_text.data, clock_text.length);
  struct json both = *clock;
  both.type = JSON_STRING;
  both.chars = joined;
  both.length = (uint32_t)(11 + clock_text.length);
  return member_time(job, &clock_at, &both, &d->arrival_at, &d->arrival_at_precision);
}

/* What stands where an object belongs is not passed over, unless it is empty. */
static int check_objects(struct job *job, const struct crumb *crumb, const struct json *object) {
  static const char *const names[] = {"gate",          "company",      "parkingPlace",
                                      "changeVehicle", "paymentOfTax", "paymentOfEconomic"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    const struct json *value = json_get(object, names[i]);
    struct crumb at = {crumb, names[i], 0};
    struct text text = TEXT("-");
    if (value == NULL || value->type == JSON_OBJECT) continue;
    int r = value->type == JSON_ARRAY ? 0 : member_text(job, &at, value, &text);
    if (r != 0) return r;
    if (text.length != 0) return member_reject(job, HUB_INVALID, &at, value, "an object must stand here");
  }
  return 0;
}

static int read_rest(struct job *job, const struct crumb *crumb, const struct json *object, Declaration *d) {
  const struct json *gate = json_get(object, "gate");
  int r = check_objects(job, crumb, object);
  if (r == 0) r = read_parties(job, crumb, object, d);
  if (r == 0) r = read_payments(job, crumb, object, d);
  if (r == 0) r = read_licences(job, crumb, object, d);
  if (r == 0) r = read_arrival(job, crumb, object, d);
  if (r == 0) r = confirmations_read(job, crumb, object, &d->confirmations, &d->n_confirmations);
  if (r != 0) return r;
  d->gate = gate_find(job, text_of(d->gate_code), text_of(d->gate_name),
                      text_trim(json_text(json_get(gate, "normalizationName"))));
  return 0;
}

/* Steps of each vehicle, or of the declaration alone where it names none; *ret_count sets of STEPS. */
static int read_steps(struct job *job, const struct crumb *crumb, const struct json *object, Declaration *d,
                      struct step **ret_steps, size_t *ret_count) {
  struct crumb list = {crumb, "registrationTransportDetails", 0}, at = {&list, NULL, 0};
  const struct json *vehicle = json_first(json_get(object, list.name));
  size_t count = vehicle == NULL ? 1 : d->n_vehicles;
  struct step *steps = job_alloc(job, count * STEPS * sizeof(*steps)), common[STEPS] = {{false}};
  if (steps == NULL) return -ENOMEM;
  int r = steps_of_declaration(job, crumb, object, common);
  for (size_t i = 0; i < count && r == 0; i++) {
    struct step *own = steps + i * STEPS;
    memcpy(own, common, sizeof(common));
    at.index = i;
    if (vehicle != NULL) {
      r = steps_of_vehicle(job, &at, vehicle, own);
      if (r == 0) d->vehicles[i]->step = steps_furthest(own);
      vehicle = vehicle->next;
    }
    if (r == 0 && steps_furthest(own) > d->step) d->step = steps_furthest(own);
  }
  *ret_steps = steps;
  *ret_count = count;
  return r;
}

static int emit_steps(struct job *job, const char *at, const Declaration *d, const struct step *steps,
                      size_t count, bool by_vehicle) {
  VehicleStep common = IOC__BORDERGATE__V1__VEHICLE_STEP__INIT;
  common.form = IOC__BORDERGATE__V1__VEHICLE_STEP_FORM__VEHICLE_STEP_FORM_DECLARATION;
  common.declaration_id = d->declaration_id;
  common.declaration_number = d->declaration_number;
  common.direction = d->direction;
  common.gate = d->gate;
  common.gate_code = d->gate_code;
  common.gate_id = d->gate_id;
  common.parking_name = d->parking_name;
  for (size_t i = 0; i < count; i++) {
    VehicleStep step = common;
    char number[24];
    struct text key = TEXT("");
    if (by_vehicle) {
      const Vehicle *vehicle = d->vehicles[i];
      step.vehicle_id = vehicle->vehicle_id;
      step.plate = vehicle->plate;
      step.nationality_code = vehicle->nationality_code;
      snprintf(number, sizeof(number), "%zu", i);
      key = text_of(vehicle->vehicle_id[0] != 0 ? vehicle->vehicle_id : number);
    }
    int r = steps_emit(job, at, steps + i * STEPS, &step, key);
    if (r != 0) return r;
  }
  return 0;
}

/* The sender's own time of change. */
static struct text version_of(const struct json *object) {
  static const char *const names[] = {"updateDate", "lastConfirmTime", "timeStamp"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    struct text text = text_trim(json_text(json_get(object, names[i])));
    if (text.length != 0) return text;
  }
  return TEXT_NONE;
}

static int emit_declaration(struct job *job, const char *at, const struct json *object,
                            const Declaration *d) {
  struct text key, version = version_of(object), parts[] = {text_of(d->declaration_id), TEXT("list")};
  bool row = d->form == IOC__BORDERGATE__V1__VEHICLE_DECLARATION_FORM__VEHICLE_DECLARATION_FORM_GATE_LIST;
  int r = gate_join(job, parts, row ? 2 : 1, &key);
  if (r != 0) return r;
  struct hub_meta meta = job_meta(job, object, at);
  meta.key = key.data, meta.key_length = key.length;
  meta.version = version.data, meta.version_length = version.length;
  meta.occurred_us = timestamp_us(d->as_of != NULL ? d->as_of : d->last_confirmed_at);
  return hub_emit(job->sink, &meta, &d->base);
}

int declaration_emit(struct job *job, const struct crumb *crumb, const struct json *object,
                     struct text *ret_id) {
  Declaration d = IOC__BORDERGATE__V1__VEHICLE_DECLARATION__INIT;
  struct step *steps = NULL;
  size_t count = 0;
  bool whole = json_get(object, "registrationTransportDetails") != NULL;
  int r = member_id(job, crumb, object, "id", GATE_ID_TOO_LONG, ret_id);
  if (r == 0 && ret_id->length == 0)
    r = member_id(job, crumb, object, "numberOfDeclaration", GATE_ID_TOO_LONG, ret_id);
  if (r != 0) return r;
  if (ret_id->length == 0)
    return member_reject(job, HUB_MISSING, crumb, object, "a declaration needs id or numberOfDeclaration");
  d.form = whole ? IOC__BORDERGATE__V1__VEHICLE_DECLARATION_FORM__VEHICLE_DECLARATION_FORM_GATE
                 : IOC__BORDERGATE__V1__VEHICLE_DECLARATION_FORM__VEHICLE_DECLARATION_FORM_GATE_LIST;
  r = member_string(job, crumb, object, *ret_id, &d.declaration_id);
  if (r == 0) r = members_read(job, crumb, object, &declaration_table, &d);
  if (r == 0 && !whole) r = members_read(job, crumb, object, &row_table, &d);
  if (r == 0) r = read_rest(job, crumb, object, &d);
  if (r == 0) r = read_steps(job, crumb, object, &d, &steps, &count);
  if (r != 0) return r;
  const char *at = job_place(job, crumb, object->start);
  if (at == NULL) return -ENOMEM;
  r = emit_declaration(job, at, object, &d);
  bool by_vehicle = json_first(json_get(object, "registrationTransportDetails")) != NULL;
  return r != 0 ? r : emit_steps(job, at, &d, steps, count, by_vehicle);
}
