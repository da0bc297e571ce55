/*
 * sector_results.c: see sector_results.h. Each TT22X_… member is one competence (NL), quality (PC) or
 * subject, its value a level; the member's name is published as what was assessed.
 */
#include "connectors/education/sector_results.h"

#include <errno.h>

enum { R_PUPIL, R_OTHER_PUPIL, R_CLASS, R_OTHER_CLASS, R_SCHOOL, R_YEAR, R_TERM, R_ROUND, R_FIELDS };

static const struct field fields[R_FIELDS] = {
    [R_PUPIL] = {"MA_HS_BGD", NULL, NULL, FIELD_UNUSED},
    [R_OTHER_PUPIL] = {"ID_HOC_SINH", NULL, NULL, FIELD_UNUSED},
    [R_CLASS] = {"MA_LOP", NULL, NULL, FIELD_UNUSED},
    [R_OTHER_CLASS] = {"ID_LOP", NULL, NULL, FIELD_UNUSED},
    [R_SCHOOL] = {"MA_TRUONG", NULL, NULL, FIELD_UNUSED},
    [R_YEAR] = {"MA_NAM_HOC", NULL, NULL, FIELD_UNUSED},
    [R_TERM] = {"HOC_KY", NULL, NULL, FIELD_UNUSED},
    [R_ROUND] = {"DOT_DANH_GIA", NULL, NULL, FIELD_UNUSED},
};
static const struct field_table table = FIELD_TABLE(fields);

struct member { /* of which the levels are read, as a table of one field */
  struct field field;
  struct field_table table;
  char name[64];
};

static bool is_assessment(const struct json *m) {
  return (m->key_length > 6 && memcmp(m->key, "TT22X_", 6) == 0) ||
         (m->key_length > 5 && memcmp(m->key, "TT27_", 5) == 0);
}

/* The words that group_of() of the counts knows. */
static struct text group_of(struct text name) {
  if (memmem(name.data, name.length, "_NL_", 4) != NULL) return TEXT("Năng lực");
  if (memmem(name.data, name.length, "_PC_", 4) != NULL) return TEXT("Phẩm chất");
  return TEXT_NONE;
}

/* Names of members are not bounded and may hold anything: only plain ones are taken. */
static bool is_plain(struct text name) {
  for (size_t i = 0; i < name.length; i++) {
    char c = name.data[i];
    bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!letter && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return name.length < sizeof(((struct member *)NULL)->name);
}

static int read_key(const struct record *record, struct tally_key *key, struct text *ret_pupil) {
  struct text parts[R_FIELDS];
  for (size_t i = 0; i < R_FIELDS; i++) {
    int r = record->get(record, i, 0, &parts[i]);
    if (r != 0) return r;
  }
  const struct education *education = record->job->education;
  *ret_pupil = parts[R_PUPIL].length != 0 ? parts[R_PUPIL] : parts[R_OTHER_PUPIL];
  key->class_code = parts[R_CLASS].length != 0 ? parts[R_CLASS] : parts[R_OTHER_CLASS];
  key->school = parts[R_SCHOOL].length != 0 ? parts[R_SCHOOL] : text_of(education->school);
  key->school_year = parts[R_YEAR].length != 0 ? parts[R_YEAR] : text_of(education->school_year);
  char *period = hub_alloc(record->job->sink, parts[R_TERM].length + parts[R_ROUND].length + 2);
  if (period == NULL) return -ENOMEM;
  size_t length = parts[R_TERM].length;
  if (length != 0) memcpy(period, parts[R_TERM].data, length);
  if (parts[R_ROUND].length != 0) {
    if (length != 0) period[length++] = '/';
    memcpy(period + length, parts[R_ROUND].data, parts[R_ROUND].length);
    length += parts[R_ROUND].length;
  }
  key->period = (struct text){period, length};
  if (ret_pupil->length == 0)
    return record_reject(record, HUB_MISSING, R_PUPIL, "the code of the person is absent");
  if (key->class_code.length == 0)
    return record_reject(record, HUB_MISSING, R_CLASS, "the code of the class is absent");
  return 0;
}

struct assessment { /* an object of which the members are counted */
  const struct record *record;
  const struct element *element;
  struct tally *tally;
  struct tally_key key;
  struct tally_row row;
};

/* One member: counted, or only judged. */
static int take_member(struct assessment *of, const struct json *m, bool count) {
  struct member member = {.field = {.kind = FIELD_UNUSED}};
  struct tally_mark mark = {.other_scale = false};
  struct tally_entry *entry;
  of->key.subject = (struct text){m->key, m->key_length};
  if (!is_plain(of->key.subject))
    return record_reject(of->record, HUB_INVALID, RECORD_WHOLE, "an assessment whose name is not known");
  memcpy(member.name, m->key, m->key_length);
  member.field.name = member.name;
  member.table = (struct field_table){&member.field, 1};
  struct record record = element_record(of->record->job, &member.table, of->element);
  int r = record.get(&record, 0, 0, &mark.level);
  if (r != 0) return r;
  const char *wrong = tally_judge(&mark);
  if (wrong != NULL) return record_reject(&record, HUB_INVALID, 0, wrong);
  of->key.group_text = group_of(of->key.subject);
  r = tally_find(of->tally, &of->key, &entry);
  if (r == 0 && count) return tally_count(of->tally, entry, &of->row, &mark);
  if (r == 0) r = tally_admits(of->tally, entry, &of->row);
  return r <= 0 ? r : tally_reject(of->record, r, R_PUPIL);
}

static int take_members(struct assessment *of, bool count) {
  size_t found = 0;
  for (const struct json *m = of->element->object->first; m != NULL; m = m->next) {
    if (!is_assessment(m)) continue;
    int r = take_member(of, m, count);
    if (r != 0) return r;
    found++;
  }
  if (found != 0) return 0;
  return record_reject(of->record, HUB_MISSING, RECORD_WHOLE, "nothing that is assessed");
}

int sector_result(struct job *job, struct tally *tally, const struct element *element) {
  struct record record = element_record(job, &table, element);
  struct assessment of = {.record = &record, .element = element, .tally = tally};
  struct text pupil = TEXT_NONE;
  int r = read_key(&record, &of.key, &pupil);
  if (r == 0) r = tally_row_of(pupil, record.bytes, &of.row);
  if (r == 0) r = take_members(&of, false);
  if (r == 0) r = take_members(&of, true);
  return r == RECORD_E_REJECTED ? record_refuse(&record, pupil) : r;
}
