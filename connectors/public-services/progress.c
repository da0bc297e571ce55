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

static const struct member progress_fields[] = {
    {TEXT("MaHoSo"), MEMBER_TEXT, .offset = AT(dossier_id)},
    {TEXT("NguoiXuLy"), MEMBER_PERSONAL, HUB_OFFICIAL_NAME, AT(handled_by)},
    {TEXT("ChucDanh"), MEMBER_PERSONAL, HUB_FREE_TEXT, AT(position)},
    {TEXT("ThoiDiemXuLy"), MEMBER_TIME, 0, AT_TIME(handled_at)},
    {TEXT("PhongBanXuLy"), MEMBER_PERSONAL, HUB_FREE_TEXT, AT(department)},
    {TEXT("NoiDungXuLy"), MEMBER_PERSONAL, HUB_FREE_TEXT, AT(content)},
    {TEXT("TrangThai"), MEMBER_CODE, 0, AT(state), AT(state_code), .codes = dossier_states},
    {TEXT("NgayBatDau"), MEMBER_TIME, 0, AT_TIME(started_at)},
    {TEXT("NgayKetThucTheoQuyDinh"), MEMBER_TIME, 0, AT_TIME(due_at)},
    {TEXT("IDHoSo"), MEMBER_TEXT, .offset = AT(system_id)},
    {TEXT("IdHoSo"), MEMBER_TEXT, .offset = AT(system_id), .other_name = true},
    {TEXT("NoiDungYKien"), MEMBER_PERSONAL, HUB_FREE_TEXT, AT(content), .other_name = true},
    {TEXT("DanhSachLePhi"), MEMBER_LIST, 0, AT_LIST(fees), .list = &fee_list},
    {TEXT("DanhSachGiayToKetQua"), MEMBER_LIST, 0, AT_LIST(results), .list = &result_list},
};

static const struct member_table progress_table = MEMBER_TABLE(progress_fields);

static int make_key(struct job *job, const struct json *object, const Progress *p, struct text *ret) {
  struct text parts[] = {text_of(p->dossier_id), text_trim(json_text(json_get(object, "ThoiDiemXuLy"))),
                         text_of(p->state_code), text_of(p->department)};
  size_t count = p->handled_at == NULL ? 1 : sizeof(parts) / sizeof(parts[0]), length = count;
  for (size_t i = 0; i < count; i++) length += parts[i].length;
  char *made = job_alloc_bytes(job, length), *out = made;
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
  const char *at = job_place(job, crumb, object->start);
  if (at == NULL) return -ENOMEM;
  struct hub_meta meta = job_meta(job, object, at);
  meta.key = key.data, meta.key_length = key.length;
  meta.occurred_us = timestamp_us(p->handled_at);
  return hub_emit(job->sink, &meta, &p->base);
}

int progress_emit(struct job *job, const struct crumb *crumb, const struct json *object, struct text id) {
  (void)id; /* the table reads MaHoSo in the same way */
  Progress progress = IOC__PUBLICSERVICE__V1__DOSSIER_PROGRESS__INIT;
  int r = members_read(job, crumb, object, &progress_table, &progress);
  struct text sender_code = sender_code_of(job);
  if (r == 0 && sender_code.length != 0)
    r = member_string(job, crumb, object, sender_code, &progress.sender_code);
  if (r != 0) return r;
  bool step = progress.handled_at != NULL || json_get(object, "NoiDungXuLy") != NULL;
  progress.form = step ? IOC__PUBLICSERVICE__V1__PROGRESS_FORM__PROGRESS_FORM_STEP
                       : IOC__PUBLICSERVICE__V1__PROGRESS_FORM__PROGRESS_FORM_STATE;
  if (fees_total(progress.fees, progress.n_fees, &progress.total_fees_vnd))
    progress.total_fees_value_case =
        IOC__PUBLICSERVICE__V1__DOSSIER_PROGRESS__TOTAL_FEES_VALUE_TOTAL_FEES_VND;
  return emit(job, crumb, object, &progress);
}
