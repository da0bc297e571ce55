/*
 * tally.c: see tally.h. Two hash tables, both bounded: entries by what names them, and which pupil was
 * counted in which entry, since a pupil that a sheet lists twice would make every count of it wrong.
 *
 * The version of a summary is the sum of the digests of all rows that it was made of: the same rows again, in
 * whatever order, are the same event, whatever else the payload holds.
 */
#include "connectors/education/tally.h"

#include <errno.h>
#include <openssl/evp.h>

#include "connectors/education/emit.h"
#include "ioc/education/v1/assessment_summary.pb-c.h"

typedef Ioc__Education__V1__AssessmentSummary Summary;
typedef Ioc__Education__V1__Mark Mark;

enum {
  SUMMARIES_MAX = 20000,
  COUNTED_MAX = 4 * 1024 * 1024,
  ENTRIES_FIRST = 256,
  COUNTED_FIRST = 4096, /* a power of two */
  MARKS_MAX = 4096,
  OTHER_LEVELS_MAX = 16,
  LEVEL_MAX = 32,
  ID_MAX = 512,
};

struct tally_entry {
  Summary summary;
  uint64_t hash;
  size_t marks_capacity;
  uint64_t digest[4];
};

struct tally {
  struct job *job;
  const struct allocator *allocator;
  struct tally_entry **entries; /* in the order of their first mark */
  size_t count, room;
  struct tally_entry **slots; /* the same by their hash, twice as many places; a power of two */
  uint64_t *counted;          /* hashes of entry and pupil; 0: free */
  size_t counted_count, counted_slots;
};

int tally_new(struct job *job, const struct allocator *allocator, struct tally **ret) {
  struct tally *tally = allocate(allocator, sizeof(*tally));
  if (tally == NULL) return -ENOMEM;
  tally->job = job;
  tally->allocator = allocator;
  tally->room = ENTRIES_FIRST;
  tally->entries = allocate(allocator, ENTRIES_FIRST * sizeof(*tally->entries));
  tally->slots = allocate(allocator, 2 * ENTRIES_FIRST * sizeof(*tally->slots));
  tally->counted = allocate(allocator, COUNTED_FIRST * sizeof(*tally->counted));
  tally->counted_slots = COUNTED_FIRST;
  *ret = tally;
  return tally->slots == NULL || tally->entries == NULL || tally->counted == NULL ? -ENOMEM : 0;
}

int tally_reject(const struct record *record, int result, size_t person) {
  switch (result) {
    case TALLY_E_REPEATED:
      return record_reject(record, HUB_CONFLICT, person, "the pupil was counted in an earlier row");
    case TALLY_E_LONG:
      return record_reject(record, HUB_INVALID, RECORD_WHOLE, "what names the summary has over 512 bytes");
    default:
      return record_reject(record, HUB_TOO_LARGE, RECORD_WHOLE,
                           "too many classes and subjects in one payload");
  }
}

/* ---- Finding the entry ---- */

static uint64_t hash_text(uint64_t hash, struct text text) {
  for (size_t i = 0; i < text.length; i++) hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u;
  return (hash ^ 0xff) * 0x100000001b3u;
}

static uint64_t hash_key(const struct tally_key *key) {
  const struct text parts[] = {key->school,     key->school_year, key->period,    key->class_code,
                               key->group_text, key->subject,     key->assessment};
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) hash = hash_text(hash, parts[i]);
  return hash ^ (hash >> 29);
}

bool tally_is_of_class(const struct tally_entry *entry, const struct tally_key *key) {
  const Summary *s = &entry->summary;
  return text_is(key->class_code, s->class_code) && text_is(key->period, s->period) &&
         text_is(key->school, s->school_code) && text_is(key->school_year, s->school_year);
}

static bool is_of(const struct tally_entry *entry, uint64_t hash, const struct tally_key *key) {
  const Summary *s = &entry->summary;
  return entry->hash == hash && text_is(key->subject, s->subject) &&
         text_is(key->group_text, s->group_text) && text_is(key->assessment, s->assessment_code) &&
         tally_is_of_class(entry, key);
}

/* The group by words of it, in whatever longer title they stand. */
static int group_of(const struct allocator *allocator, struct text words, int *ret) {
  static const struct code groups[] = {
      {"PHẨM CHẤT", IOC__EDUCATION__V1__ASSESSMENT_GROUP__ASSESSMENT_GROUP_QUALITY},
      {"NĂNG LỰC", IOC__EDUCATION__V1__ASSESSMENT_GROUP__ASSESSMENT_GROUP_COMPETENCE},
      {"MÔN HỌC", IOC__EDUCATION__V1__ASSESSMENT_GROUP__ASSESSMENT_GROUP_SUBJECT},
  };
  struct text folded;
  int r = text_fold(allocator, words, &folded);
  if (r != 0) return r;
  for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && *ret == 0; i++)
    if (memmem(folded.data, folded.length, groups[i].folded, strlen(groups[i].folded)) != NULL)
      *ret = groups[i].value;
  return 0;
}

static int copy_text(const struct tally *tally, struct text text, char **ret) {
  if (text.length == 0) return 0;
  char *copy = allocate(tally->allocator, text.length + 1);
  if (copy == NULL) return -ENOMEM;
  memcpy(copy, text.data, text.length);
  copy[text.length] = 0;
  *ret = copy;
  return 0;
}

static int fill(const struct tally *tally, const struct tally_key *key, Summary *s) {
  const struct text texts[] = {key->school,     key->school_year, key->period,    key->class_code,
                               key->group_text, key->subject,     key->assessment};
  char **const fields[] = {&s->school_code, &s->school_year, &s->period,         &s->class_code,
                           &s->group_text,  &s->subject,     &s->assessment_code};
  enum { PARTS = sizeof(texts) / sizeof(texts[0]) };
  int group = 0;
  for (size_t i = 0; i < PARTS; i++) {
    int r = copy_text(tally, texts[i], fields[i]);
    if (r != 0) return r;
  }
  s->form = tally->job->form;
  s->summary_id = emit_join(tally->allocator, texts, PARTS);
  if (s->summary_id == NULL) return -ENOMEM;
  int r = group_of(tally->allocator, key->group_text, &group);
  s->group = (Ioc__Education__V1__AssessmentGroup)group;
  return r;
}

/* The slot of the entry of that key, or a free one. */
static struct tally_entry **find_slot(const struct tally *tally, uint64_t hash, const struct tally_key *key) {
  size_t mask = 2 * tally->room - 1, slot = hash & mask;
  while (tally->slots[slot] != NULL && (key == NULL || !is_of(tally->slots[slot], hash, key)))
    slot = (slot + 1) & mask;
  return &tally->slots[slot];
}

static int widen(struct tally *tally) {
  struct tally larger = *tally;
  larger.room = 2 * tally->room;
  larger.entries = allocate(tally->allocator, larger.room * sizeof(*larger.entries));
  larger.slots = allocate(tally->allocator, 2 * larger.room * sizeof(*larger.slots));
  if (larger.entries == NULL || larger.slots == NULL) return -ENOMEM;
  memcpy(larger.entries, tally->entries, tally->count * sizeof(*larger.entries));
  for (size_t i = 0; i < tally->count; i++)
    *find_slot(&larger, larger.entries[i]->hash, NULL) = larger.entries[i];
  *tally = larger;
  return 0;
}

static size_t length_of(const struct tally_key *key) {
  return key->school.length + key->school_year.length + key->period.length + key->class_code.length +
         key->group_text.length + key->subject.length + key->assessment.length + 6;
}

int tally_find(struct tally *tally, const struct tally_key *key, struct tally_entry **ret) {
  uint64_t hash = hash_key(key);
  *ret = *find_slot(tally, hash, key);
  if (*ret != NULL) return 0;
  if (length_of(key) > ID_MAX) return TALLY_E_LONG;
  if (tally->count == SUMMARIES_MAX) return TALLY_E_FULL;
  int r = tally->count == tally->room ? widen(tally) : 0;
  if (r != 0) return r;
  struct tally_entry *entry = allocate(tally->allocator, sizeof(*entry));
  if (entry == NULL) return -ENOMEM;
  ioc__education__v1__assessment_summary__init(&entry->summary);
  entry->hash = hash;
  r = fill(tally, key, &entry->summary);
  if (r != 0) return r;
  tally->entries[tally->count++] = *find_slot(tally, hash, NULL) = entry;
  *ret = entry;
  return 0;
}

/* ---- Who was counted where ---- */

int tally_row_of(struct text pupil, struct text bytes, struct tally_row *ret) {
  *ret = (struct tally_row){.pupil = pupil, .pupil_hash = hash_text(0x84222325cbf29ce4u, pupil)};
  int fine = EVP_Digest(bytes.data, bytes.length, (unsigned char *)ret->digest, NULL, EVP_sha256(), NULL);
  return fine == 1 ? 0 : -ENOMEM;
}

/* The slot of the pupil in the entry, or a free one. */
static uint64_t *find_counted(const struct tally *tally, uint64_t hash) {
  size_t slot = hash & (tally->counted_slots - 1);
  while (tally->counted[slot] != 0 && tally->counted[slot] != hash)
    slot = (slot + 1) & (tally->counted_slots - 1);
  return &tally->counted[slot];
}

static uint64_t hash_counted(const struct tally_entry *entry, const struct tally_row *row) {
  uint64_t hash = (entry->hash ^ (row->pupil_hash >> 31) ^ row->pupil_hash) * 0x9e3779b97f4a7c15u;
  return (hash ^ (hash >> 32)) | 1;
}

int tally_admits(const struct tally *tally, const struct tally_entry *entry, const struct tally_row *row) {
  if (*find_counted(tally, hash_counted(entry, row)) != 0) return TALLY_E_REPEATED;
  bool full = tally->counted_count == COUNTED_MAX ||
              (tally->job->education->open_marks && entry->summary.n_marks == MARKS_MAX);
  return full ? TALLY_E_FULL : 0;
}

static int widen_counted(struct tally *tally) {
  struct tally larger = *tally;
  larger.counted_slots = 2 * tally->counted_slots;
  larger.counted = allocate(tally->allocator, larger.counted_slots * sizeof(*larger.counted));
  if (larger.counted == NULL) return -ENOMEM;
  for (size_t i = 0; i < tally->counted_slots; i++)
    if (tally->counted[i] != 0) *find_counted(&larger, tally->counted[i]) = tally->counted[i];
  *tally = larger;
  return 0;
}

static int note_counted(struct tally *tally, const struct tally_entry *entry, const struct tally_row *row) {
  uint64_t hash = hash_counted(entry, row);
  int r = 2 * tally->counted_count < tally->counted_slots ? 0 : widen_counted(tally);
  if (r != 0) return r;
  *find_counted(tally, hash) = hash;
  tally->counted_count++;
  return 0;
}

/* ---- Counting ---- */

/* A decimal from 0 to 10 with a point or comma, in thousandths (more digits do not change its band). -1: no
 * such. */
static int read_score(struct text text) {
  int value = 0, scale = 1000;
  size_t i = 0;
  for (; i < text.length && i < 3 && text.data[i] >= '0' && text.data[i] <= '9'; i++)
    value = value * 10 + (text.data[i] - '0');
  if (i == 0) return -1;
  value *= 1000;
  if (i < text.length && (text.data[i] == '.' || text.data[i] == ',') && ++i == text.length) return -1;
  for (; i < text.length && text.data[i] >= '0' && text.data[i] <= '9';
       i++, scale = scale > 1 ? scale / 10 : 0)
    value += (text.data[i] - '0') * (scale / 10);
  return i == text.length && value <= 10000 ? value : -1;
}

const char *tally_judge(const struct tally_mark *mark) {
  if (mark->score.length != 0 && !mark->other_scale && read_score(mark->score) < 0)
    return "a score is a number from 0 to 10";
  if (mark->level.length > LEVEL_MAX) return "a level has at most 32 bytes";
  return NULL;
}

static int count_other(const struct tally *tally, Summary *s, struct text level) {
  s->pupils_other_level++;
  for (size_t i = 0; i < s->n_other_level_codes; i++)
    if (text_is(level, s->other_level_codes[i])) return 0;
  if (s->n_other_level_codes == OTHER_LEVELS_MAX) return 0;
  if (s->other_level_codes == NULL)
    s->other_level_codes = allocate(tally->allocator, OTHER_LEVELS_MAX * sizeof(char *));
  if (s->other_level_codes == NULL) return -ENOMEM;
  return copy_text(tally, level, &s->other_level_codes[s->n_other_level_codes++]);
}

static int count_level(const struct tally *tally, Summary *s, struct text level) {
  static const struct {
    const char *word;
    int step;
  } words[] = {{"T", 0}, {"t", 0}, {"Đ", 1}, {"đ", 1}, {"H", 1}, {"h", 1}, {"C", 2}, {"c", 2}};
  uint32_t *const counts[] = {&s->pupils_good, &s->pupils_achieved, &s->pupils_not_yet};
  if (level.length == 0) return 0;
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && level.length <= 2; i++) {
    if (!text_is(level, words[i].word)) continue;
    ++*counts[words[i].step];
    return 0;
  }
  return count_other(tally, s, level);
}

static void count_score(Summary *s, struct text text) {
  int score = text.length == 0 ? -1 : read_score(text);
  if (score < 0) return;
  s->pupils_scored++;
  if (score < 5000) s->pupils_below_5++;
  else if (score < 6500) s->pupils_from_5++;
  else if (score < 8000) s->pupils_from_6_5++;
  else s->pupils_from_8++;
}

/* The pupil's code becomes a pseudonym when the summary is published. */
static int keep_mark(const struct tally *tally, struct tally_entry *entry, const struct tally_row *row,
                     const struct tally_mark *from) {
  Summary *s = &entry->summary;
  if (s->n_marks == entry->marks_capacity) {
    size_t capacity = entry->marks_capacity == 0 ? 64 : entry->marks_capacity * 2;
    Mark **larger = allocate(tally->allocator, capacity * sizeof(*larger));
    if (larger == NULL) return -ENOMEM;
    if (s->n_marks != 0) memcpy(larger, s->marks, s->n_marks * sizeof(*larger));
    s->marks = larger;
    entry->marks_capacity = capacity;
  }
  Mark *mark = allocate(tally->allocator, sizeof(*mark));
  if (mark == NULL) return -ENOMEM;
  ioc__education__v1__mark__init(mark);
  int r = copy_text(tally, row->pupil, &mark->pupil_code);
  if (r == 0) r = copy_text(tally, from->level, &mark->level_code);
  if (r == 0) r = copy_text(tally, from->score, &mark->score);
  if (r == 0) s->marks[s->n_marks++] = mark;
  return r;
}

static void add_digest(uint64_t sum[4], const uint64_t digest[4]) {
  bool carry = false;
  for (size_t i = 0; i < 4; i++) {
    uint64_t with_carry = sum[i] + carry;
    carry = with_carry < sum[i];
    carry |= __builtin_add_overflow(with_carry, digest[i], &sum[i]);
  }
}

int tally_count(struct tally *tally, struct tally_entry *entry, const struct tally_row *row,
                const struct tally_mark *mark) {
  int r = note_counted(tally, entry, row);
  if (r == 0) r = count_level(tally, &entry->summary, mark->level);
  if (r == 0 && tally->job->education->open_marks) r = keep_mark(tally, entry, row, mark);
  if (r != 0) return r;
  add_digest(entry->digest, row->digest);
  entry->summary.pupils++;
  if (!mark->other_scale) count_score(&entry->summary, mark->score);
  return 0;
}

/* ---- Publishing ---- */

static int emit_entry(struct job *job, struct tally_entry *entry) {
  Summary *s = &entry->summary;
  struct text version;
  int r = emit_digest(job, (struct text){(char *)entry->digest, sizeof(entry->digest)}, &version);
  for (size_t i = 0; r == 0 && i < s->n_marks; i++) {
    char **pupil = &s->marks[i]->pupil_code;
    r = hub_personal(job->sink, HUB_ACCOUNT, *pupil, strlen(*pupil), pupil);
  }
  if (r != 0) return r;
  struct hub_meta meta = {
      .size = sizeof(meta),
      .key = s->summary_id,
      .key_length = strlen(s->summary_id),
      .version = version.data,
      .version_length = version.length,
      .occurred_us = HUB_NONE,
  };
  return hub_emit(job->sink, &meta, &s->base);
}

int tally_emit(struct tally *tally) {
  int r = 0;
  for (size_t i = 0; r == 0 && i < tally->count; i++)
    if (tally->entries[i]->summary.pupils != 0) r = emit_entry(tally->job, tally->entries[i]);
  return r;
}
