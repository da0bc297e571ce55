/*
 * public-services.c: dossiers of administrative procedures and their progress, in the forms that the
 * one-stop shops of a province send: DongBoHoSoMC and CapNhatTienDoHoSoMC of the national portal, the
 * central system of 2025, and a page of VNPT iGate's search.
 *
 * What an object is, its fields say; only in the session form does `service` say it. Each object of a list
 * is a record of its own: one that cannot be taken is refused at its place and the others pass.
 */
#include "connectors/public-services/records.h"

#include <errno.h>
#include <stdlib.h>

#define ID_TOO_LONG "the number of a dossier has at most 200 bytes"

enum shape { SHAPE_UNKNOWN, SHAPE_DOSSIER, SHAPE_PROGRESS, SHAPE_ROW };

struct connector {
  int32_t zone_offset_s;
};

/* Members that tell what an object is, the surest first: where an object has several, their order in it
 * decides nothing. TrangThaiHoSo is of dossiers only, a time or words of handling of steps only; a handler's
 * name may stand in either. */
static const struct member_sign signs[] = {
    {TEXT("nationCode"), SHAPE_ROW},        {TEXT("dossierStatus"), SHAPE_ROW},
    {TEXT("dossierTaskStatus"), SHAPE_ROW}, {TEXT("TrangThaiHoSo"), SHAPE_DOSSIER},
    {TEXT("MaDichVuCong"), SHAPE_DOSSIER},  {TEXT("EformThongTinChiTiet"), SHAPE_DOSSIER},
    {TEXT("ThoiDiemXuLy"), SHAPE_PROGRESS}, {TEXT("NoiDungXuLy"), SHAPE_PROGRESS},
    {TEXT("NoiDungYKien"), SHAPE_PROGRESS}, {TEXT("MaTTHC"), SHAPE_DOSSIER},
    {TEXT("ChuHoSo"), SHAPE_DOSSIER},       {TEXT("NgayNopHoSo"), SHAPE_DOSSIER},
    {TEXT("NgayTiepNhan"), SHAPE_DOSSIER},  {TEXT("NgayHenTra"), SHAPE_DOSSIER},
    {TEXT("NguoiXuLy"), SHAPE_PROGRESS},    {TEXT("PhongBanXuLy"), SHAPE_PROGRESS},
    {TEXT("NgayBatDau"), SHAPE_PROGRESS},   {TEXT("NgayKetThucTheoQuyDinh"), SHAPE_PROGRESS},
    {TEXT("TrangThai"), SHAPE_PROGRESS},    {TEXT("MaHoSo"), SHAPE_DOSSIER},
};

static enum shape shape_of(const struct json *object) {
  return (enum shape)members_tell(object, signs, sizeof(signs) / sizeof(signs[0]));
}

static int take_object(struct job *job, const struct crumb *crumb, const struct json *object,
                       enum shape shape, struct text *ret_id) {
  const char *member = shape == SHAPE_ROW ? "nationCode" : "MaHoSo";
  *ret_id = TEXT_NONE;
  if (object->type != JSON_OBJECT)
    return member_reject(job, HUB_INVALID, crumb, object, "an object must stand here");
  int r = member_id(job, crumb, object, member, ID_TOO_LONG, ret_id);
  if (r == 0 && ret_id->length == 0 && shape == SHAPE_ROW)
    r = member_id(job, crumb, object, "code", ID_TOO_LONG, ret_id);
  if (r != 0) return r;
  if (ret_id->length == 0) {
    struct crumb at = {crumb, member, 0};
    const struct json *value = json_get(object, member);
    return member_reject(job, HUB_MISSING, &at, value != NULL ? value : object,
                         "the number of the dossier is absent");
  }
  switch (shape) {
    case SHAPE_ROW: return row_emit(job, crumb, object, *ret_id);
    case SHAPE_PROGRESS: return progress_emit(job, crumb, object, *ret_id);
    default: return dossier_emit(job, crumb, object, *ret_id);
  }
}

/* One record, taken or refused. */
static int take(struct job *job, const struct crumb *crumb, const struct json *object, enum shape shape) {
  struct text id;
  if (shape == SHAPE_UNKNOWN) shape = shape_of(object);
  int r = take_object(job, crumb, object, shape, &id);
  return r == MEMBER_E_REJECTED ? job_refuse(job, object, id) : r;
}

static int take_list(struct job *job, const struct crumb *crumb, const struct json *list, enum shape shape) {
  size_t i = 0;
  for (const struct json *m = list->first; m != NULL; m = m->next) {
    struct crumb element = {crumb, NULL, i++};
    int r = take(job, &element, m, shape);
    if (r != 0) return r;
  }
  return 0;
}

/* What `service` says that the list holds; 0 with SHAPE_UNKNOWN when it says nothing. */
static int read_service(struct job *job, const struct json *service, enum shape *ret_shape) {
  static const struct crumb at = {NULL, "service", 0};
  struct text name = TEXT_NONE;
  int r = service == NULL ? 0 : member_text(job, &at, service, &name);
  *ret_shape = SHAPE_UNKNOWN;
  if (r != 0 || name.length == 0) return r;
  if (text_is(name, "DongBoHoSoMC")) *ret_shape = SHAPE_DOSSIER;
  else if (text_is(name, "CapNhatTienDoHoSoMC")) *ret_shape = SHAPE_PROGRESS;
  else return member_reject(job, HUB_UNSUPPORTED, &at, service, "a service that brings no dossiers");
  return 0;
}

static int take_session(struct job *job, struct session *session, const struct json *root) {
  static const struct crumb data_at = {NULL, "data", 0}, unit_at = {NULL, "madonvi", 0};
  const struct json *data = json_get(root, "data"), *unit = json_get(root, "madonvi");
  enum shape shape = SHAPE_UNKNOWN;
  int r = read_service(job, json_get(root, "service"), &shape);
  if (r == 0 && unit != NULL) r = member_text(job, &unit_at, unit, &session->sender_code);
  if (r != 0) return r == MEMBER_E_REJECTED ? hub_reject(job->sink, &job->rejection) : r;
  if (json_is(data, JSON_ARRAY)) return take_list(job, &data_at, data, shape);
  if (json_is(data, JSON_OBJECT)) return take(job, &data_at, data, shape);
  return job_refuse_whole(job, HUB_MISSING, &data_at, data != NULL ? data : root,
                          "the list of dossiers is absent");
}

static bool is_success(const struct json *code) {
  static const char *const words[] = {"", "0", "00", "200", "201", "OK", "ok", "SUCCESS", "success"};
  struct text text = text_trim(json_text(code));
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
    if (text_is(text, words[i])) return true;
  return false;
}

/* {code, message, data}: what the central system wraps its lists in. */
static int take_envelope(struct job *job, const struct json *root) {
  static const struct crumb data_at = {NULL, "data", 0}, code_at = {NULL, "code", 0},
                            rows_at = {&data_at, "content", 0};
  const struct json *data = json_get(root, "data"), *code = json_get(root, "code");
  const struct json *rows = json_get(data, "content");
  if (json_is(rows, JSON_ARRAY)) return take_list(job, &rows_at, rows, SHAPE_ROW);
  if (json_first(data) == NULL && !is_success(code))
    return job_refuse_whole(job, HUB_INVALID, &code_at, code, "the envelope reports a failure");
  if (json_is(data, JSON_ARRAY)) return take_list(job, &data_at, data, SHAPE_UNKNOWN);
  if (json_is(data, JSON_OBJECT)) return take(job, &data_at, data, SHAPE_UNKNOWN);
  return job_refuse_whole(job, HUB_MISSING, &data_at, data != NULL ? data : root,
                          "the list of dossiers is absent");
}

static int take_root(struct job *job, struct session *session, const struct json *root,
                     enum protocol *ret_protocol) {
  static const struct crumb rows_at = {NULL, "content", 0};
  const struct json *rows = json_get(root, "content");
  *ret_protocol = PROTOCOL_PORTAL;
  if (root->type == JSON_ARRAY) {
    const struct json *first = root->first;
    bool central = json_get(first, "IDHoSo") != NULL || json_get(first, "IdHoSo") != NULL ||
                   json_get(first, "MaDichVuCong") != NULL || json_get(first, "MaDonViTiepNhan") != NULL;
    if (central) *ret_protocol = PROTOCOL_CENTRAL;
    return take_list(job, NULL, root, SHAPE_UNKNOWN);
  }
  if (json_get(root, "service") != NULL || json_get(root, "session") != NULL ||
      json_get(root, "madonvi") != NULL)
    return take_session(job, session, root);
  *ret_protocol = PROTOCOL_CENTRAL;
  if (json_is(rows, JSON_ARRAY)) return take_list(job, &rows_at, rows, SHAPE_ROW);
  if (shape_of(root) != SHAPE_UNKNOWN) return take(job, NULL, root, SHAPE_UNKNOWN);
  if (json_get(root, "data") != NULL || (json_get(root, "code") != NULL && json_get(root, "message") != NULL))
    return take_envelope(job, root);
  *ret_protocol = PROTOCOL_PORTAL;
  return job_refuse_whole(job, HUB_UNSUPPORTED, NULL, root,
                          "neither dossiers nor their progress in a known form");
}

static int public_services_translate(const void *self, const struct hub_payload *payload,
                                     struct hub_sink *sink) {
  const struct connector *connector = self;
  struct session session = {TEXT_NONE};
  struct job job;
  job_init(&job, sink, (struct text){payload->data, payload->length}, payload->data);
  job.time_forms = TIME_ANY;
  job.zone_offset_s = connector->zone_offset_s;
  job.own = &session;
  struct json_error where;
  const struct json *root = NULL;
  enum protocol protocol = PROTOCOL_PORTAL;
  int r = json_read(&job.allocator, payload->data, payload->length, &root, &where);
  if (r < 0) return r;
  r = r > 0 ? job_refuse_text(&job, r, &where) : take_root(&job, &session, root, &protocol);
  if (r != 0) return r;
  char remembered = (char)protocol;
  return sink->ops->remember(sink, &remembered, sizeof(remembered));
}

static int public_services_open(const struct hub_host *host, const void *settings, void **ret_self) {
  struct connector *connector = calloc(1, sizeof(*connector));
  if (connector == NULL) return -ENOMEM;
  connector->zone_offset_s = host->zone_offset_s;
  *ret_self = connector;
  return 0;
}

static const char *const messages[] = {"ioc.publicservice.v1.Dossier", "ioc.publicservice.v1.DossierProgress",
                                       NULL};

HUB_CONNECTOR(.name = "public-services", .version = IOCHUB_VERSION,
              .summary =
                  "Dossiers of administrative procedures and their progress (DVCQG, central system, iGate)",
              .messages = messages, .open = public_services_open, .translate = public_services_translate,
              .reply = public_services_reply, .close = free);
