/*
 * gate_parts.c: what declarations, movements and log entries share: ids, keys, gates, confirmations.
 *
 * The flags that become confirmations are a closed list: a declaration has some sixty members that begin with
 * check, confirm or processing, and most of them say nothing about the vehicle.
 */
#include "connectors/border-gate/gate_records.h"

#include <errno.h>

#define CONFIRMATIONS_MAX 32

typedef Ioc__Bordergate__V1__Confirmation Confirmation;

int gate_join(struct job *job, const struct text *parts, size_t count, struct text *ret) {
  size_t length = count;
  for (size_t i = 0; i < count; i++) length += parts[i].length;
  char *made = job_alloc_bytes(job, length), *out = made;
  if (made == NULL) return -ENOMEM;
  for (size_t i = 0; i < count; i++) {
    if (i != 0) *out++ = '|';
    if (parts[i].length != 0) memcpy(out, parts[i].data, parts[i].length);
    out += parts[i].length;
  }
  *ret = (struct text){made, (size_t)(out - made)};
  return 0;
}

/* ---- Gates --------------------------------------------------------------------------------------------- */

#define GATE(name) IOC__BORDERGATE__V1__GATE__GATE_##name

static const struct code gate_codes[] = {
    {TEXT("CKHN"), GATE(HUU_NGHI)},
    {TEXT("TT"), GATE(TAN_THANH)},
    {TEXT(""), 0},
};

/* By the names that the table `gates` and the gates' own normalizationName write. */
static const struct code gate_plain_names[] = {
    {TEXT("HUU-NGHI"), GATE(HUU_NGHI)},   {TEXT("TAN-THANH"), GATE(TAN_THANH)},
    {TEXT("COC-NAM"), GATE(COC_NAM)},     {TEXT("CHI-MA"), GATE(CHI_MA)},
    {TEXT("BAO-LAM"), GATE(BAO_LAM)},     {TEXT("BINH-NGHI"), GATE(BINH_NGHI)},
    {TEXT("NA-HINH"), GATE(NA_HINH)},     {TEXT("NA-NUA"), GATE(NA_NUA)},
    {TEXT("DONG-DANG"), GATE(DONG_DANG)}, {TEXT(""), 0},
};

static const struct code gate_names[] = {
    {TEXT("Hữu Nghị"), GATE(HUU_NGHI)},   {TEXT("Tân Thanh"), GATE(TAN_THANH)},
    {TEXT("Cốc Nam"), GATE(COC_NAM)},     {TEXT("Chi Ma"), GATE(CHI_MA)},
    {TEXT("Bảo Lâm"), GATE(BAO_LAM)},     {TEXT("Bình Nghi"), GATE(BINH_NGHI)},
    {TEXT("Na Hình"), GATE(NA_HINH)},     {TEXT("Nà Nưa"), GATE(NA_NUA)},
    {TEXT("Đồng Đăng"), GATE(DONG_DANG)}, {TEXT(""), 0},
};

Ioc__Bordergate__V1__Gate gate_find(struct job *job, struct text code, struct text name,
                                    struct text plain_name) {
  const char *known =
      code.length == 0 ? NULL : job->sink->ops->lookup(job->sink, "gates", code.data, code.length, "gate");
  int gate = known == NULL ? 0 : code_value(gate_plain_names, text_of(known));
  if (gate == 0) gate = code_value(gate_codes, code);
  if (gate == 0) gate = code_value(gate_plain_names, plain_name);
  if (gate == 0) gate = code_value(gate_names, name);
  return (Ioc__Bordergate__V1__Gate)gate;
}

/* ---- Confirmations ------------------------------------------------------------------------------------- */

static const struct flag {
  struct text name;
  const char *time;
} flags[] = {
    {TEXT("checkMedicalQuarantine"), "checkMedicalQuarantineTime"},
    {TEXT("checkBorderGuard"), "checkBorderGuardTime"},
    {TEXT("confirmArrivalVehicleCustoms"), "confirmArrivalVehicleCustomsTime"},
    {TEXT("confirmInParkingCustoms"), "confirmInParkingCustomsTime"},
    {TEXT("checkCustoms"), "checkCustomsTime"},
    {TEXT("checkChangeVehicle"), "checkChangeVehicleTime"},
    {TEXT("confirmTransportLicense"), "confirmTransportLicenseTime"},
    {TEXT("confirmOutParkingCustoms"), "confirmOutParkingCustomsTime"},
    {TEXT("confirmOutParkingBorderGuard"), "confirmOutParkingBorderGuardTime"},
    {TEXT("confirmOutVN"), "confirmOutVNTime"},
    {TEXT("confirmOutTQ"), "confirmOutTQTime"},
    {TEXT("confirmOutCustomsVN"), "confirmOutCustomsVNTime"},
    {TEXT("confirmOutCustomsTQ"), "confirmOutCustomsTQTime"},
    {TEXT("confirmReturn"), "confirmReturnTime"},
    {TEXT("checkPhytosanitary"), "checkPhytosanitaryTime"},
    {TEXT("checkAnimalQuarantine"), "checkAnimalQuarantineTime"},
    {TEXT("confirmOutOfParkinglotByCustoms"), "confirmOutOfParkinglotTimeByCustoms"},
    {TEXT("confirmRegistrationCustoms"), "confirmRegistrationCustomsTime"},
    {TEXT("confirmStartCheck"), NULL},
    {TEXT("confirmFinish"), "confirmFinishTime"},
    {TEXT("isCompletedOfBorderGuard"), "timeForBorderGuardToConfirm"},
};

static const struct flag *find_flag(const struct json *member) {
  const char *key = member->key;
  if (member->key_length < 12 || (key[0] != 'c' && key[0] != 'i')) return NULL;
  if (memcmp(key + member->key_length - 4, "Time", 4) == 0) return NULL;
  for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
    if (flags[i].name.length == member->key_length &&
        memcmp(flags[i].name.data, member->key, member->key_length) == 0)
      return &flags[i];
  return NULL;
}

static int read_confirmation(struct job *job, const struct crumb *crumb, const struct json *object,
                             const struct json *value, const struct flag *flag, Confirmation **ret) {
  struct crumb at = {crumb, flag->time, 0};
  const struct json *time = flag->time == NULL ? NULL : member_beside(object, value, flag->time);
  Confirmation *made = job_alloc(job, sizeof(*made));
  if (made == NULL) return -ENOMEM;
  ioc__bordergate__v1__confirmation__init(made);
  made->name = (char *)flag->name.data;
  *ret = made;
  return time == NULL ? 0 : member_time(job, &at, time, &made->at, &made->at_precision);
}

int confirmations_read(struct job *job, const struct crumb *crumb, const struct json *object,
                       Confirmation ***ret_list, size_t *ret_count) {
  Confirmation *made[CONFIRMATIONS_MAX];
  size_t count = 0;
  for (const struct json *m = json_first(object); m != NULL; m = m->next) {
    const struct flag *flag = find_flag(m);
    if (flag == NULL) continue;
    struct crumb at = {crumb, flag->name.data, 0};
    bool set;
    int r = member_flag(job, &at, m, &set);
    if (r == 0 && set) r = read_confirmation(job, crumb, object, m, flag, &made[count]);
    if (r != 0) return r;
    count += set;
  }
  if (count == 0) return 0;
  *ret_list = job_alloc(job, count * sizeof(**ret_list));
  if (*ret_list == NULL) return -ENOMEM;
  memcpy(*ret_list, made, count * sizeof(**ret_list));
  *ret_count = count;
  return 0;
}
