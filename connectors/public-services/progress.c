/*
 * progress.c: a step in the handling of a dossier (CapNhatTienDoHoSoMC, CapNhatTienTrinh) or a change of its
 * state (CapNhatTrangThai).
 *
 * A step is told from others of its dossier by its time, state and department. A change of state brings no
 * time, so all changes of one dossier share a key: going back to an earlier state is then a new event.
 */
#include "connectors/public-services/records.h"

#include "ioc/publicservice/v1/dossier_progress.pb-c.h"

#include <errno.h>

typedef Ioc__Publicservice__V1__DossierProgress Progress;

#define AT(member) offsetof(Progress, member)
#define AT_TIME(member) offsetof(Progress, member), offsetof(Progress, member##_precision)
#define AT_LIST(member) offsetof(Progress, member), offsetof(Progress, n_##member)

static const struct field progress_fields[] = {
    {TEXT("MaHoSo"), FIELD_TEXT, .offset = AT(dossier_id)},
    {TEXT("NguoiXuLy"), FIELD_PERSONAL, HUB_OFFICIAL_NAME, AT(handled_by)},
    {TEXT("ChucDanh"), FIELD_PERSONAL, HUB_FREE_TEXT, AT(position)},
    {TEXT("ThoiDiemXuLy"), FIELD_TIME, 0, AT_TIME(handled_at)},
    {TEXT("PhongBanXuLy"), FIELD_PERSONAL, HUB_FREE_TEXT, AT(department)},
    {TEXT("NoiDungXuLy"), FIELD_PERSONAL, HUB_FREE_TEXT, AT(content)},
    {TEXT("TrangThai"), FIELD_CODE, 0, AT(state), AT(state_code), .codes = dossier_states},
    {TEXT("NgayBatDau"), FIELD_TIME, 0, AT_TIME(started_at)},
    {TEXT("NgayKetThucTheoQuyDinh"), FIELD_TIME, 0, AT_TIME(due_at)},
    {TEXT("IDHoSo"), FIELD_TEXT, .offset = AT(system_id)},
    {TEXT("IdHoSo"), FIELD_TEXT, .offset = AT(system_id), .other_name = true},
    {TEXT("NoiDungYKien"), FIELD_PERSONAL, HUB_FREE_TEXT, AT(content), .other_name = true},
    {TEXT("DanhSachLePhi"), FIELD_LIST, 0, AT_LIST(fees), .list = &fee_list},
    {TEXT("DanhSachGiayToKetQua"), FIELD_LIST, 0, AT_LIST(results), .list = &result_list},
};

static const struct field_table progress_table = FIELD_TABLE(progress_fields);

static int make_key(struct job *job, const struct json *object, const Progress *p, struct text *ret) {
  struct text parts[] = {text_of(p->dossier_id), text_trim(json_text(json_get(object, "ThoiDiemXuLy"))),
                         text_of(p->state_code), text_of(p->department)};
  size_t count = p->handled_at == NULL ? 1 : sizeof(parts) / sizeof(parts[0]), length = count;
  for (size_t i = 0; i < count; i++) length += parts[i].length;
  char *made = hub_alloc(job->sink, length), *out = made;
  if (made == NULL) return -ENOMEM;
  for (size_t i = 0; i < count; i++) {
    if (parts[i].length != 0) memcpy(out, parts[i].data, parts[i].length);
    out += parts[i].length;
    *out++ = '|';
  }
  *ret = (struct text){made, length};
  return 0;
}

static int emit(struct job *job, const struct crumb *crumb, const struct json *object, const Progress *p) {
  struct text key;
  int r = make_key(job, object, p, &key);
  if (r != 0) return r;
  struct hub_meta meta = {
      .size = sizeof(meta),
      .key = key.data,
      .key_length = key.length,
      .occurred_us = time_of(p->handled_at),
      .at = fields_place(job, crumb, object->start),
      .bytes = job->payload->data + object->start,
      .length = object->end - object->start,
  };
  return meta.at == NULL ? -ENOMEM : hub_emit(job->sink, &meta, &p->base);
}

int progress_emit(struct job *job, const struct crumb *crumb, const struct json *object, struct text id) {
  (void)id; /* the table reads MaHoSo in the same way */
  Progress progress = IOC__PUBLICSERVICE__V1__DOSSIER_PROGRESS__INIT;
  int r = fields_read(job, crumb, object, &progress_table, &progress);
  if (r == 0 && job->sender_code.length != 0)
    r = fields_string(job, crumb, object, job->sender_code, &progress.sender_code);
  if (r != 0) return r;
  bool step = progress.handled_at != NULL || json_get(object, "NoiDungXuLy") != NULL;
  progress.form = step ? IOC__PUBLICSERVICE__V1__PROGRESS_FORM__PROGRESS_FORM_STEP
                       : IOC__PUBLICSERVICE__V1__PROGRESS_FORM__PROGRESS_FORM_STATE;
  if (fees_total(progress.fees, progress.n_fees, &progress.total_fees_vnd))
    progress.total_fees_value_case =
        IOC__PUBLICSERVICE__V1__DOSSIER_PROGRESS__TOTAL_FEES_VALUE_TOTAL_FEES_VND;
  return emit(job, crumb, object, &progress);
}
