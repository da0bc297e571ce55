/*
 * tally.c: see tally.h. One hash table over what names a summary; its size is bounded, so is the work.
 *
 * The version of a summary is a chain of digests over all rows that it was made of: the same rows again are
 * the same event, whatever else the payload holds.
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
  SLOTS = 65536, /* a power of two, over twice SUMMARIES_MAX */
  MARKS_MAX = 4096,
  OTHER_LEVELS_MAX = 16,
  LEVEL_MAX = 32,
};

struct entry {
  Summary summary;
  uint64_t hash;
  size_t marks_capacity;
  unsigned char digest[32];
};

struct tally {
  struct job *job;
  struct entry **slots, **entries;
  size_t count;
};

const char tally_full_detail[] = "too many classes and subjects in one payload";

int tally_new(struct job *job, struct tally **ret) {
  struct tally *tally = hub_alloc(job->sink, sizeof(*tally));
  if (tally == NULL) return -ENOMEM;
  tally->job = job;
  tally->slots = hub_alloc(job->sink, SLOTS * sizeof(*tally->slots));
  tally->entries = hub_alloc(job->sink, SUMMARIES_MAX * sizeof(struct entry *));
  *ret = tally;
  return tally->slots == NULL || tally->entries == NULL ? -ENOMEM : 0;
}

/* ---- Finding the summary ---- */

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

static bool is_of(const struct entry *entry, uint64_t hash, const struct tally_key *key) {
  const Summary *s = &entry->summary;
  return entry->hash == hash && text_is(key->class_code, s->class_code) &&
         text_is(key->subject, s->subject) && text_is(key->group_text, s->group_text) &&
         text_is(key->assessment, s->assessment_code) && text_is(key->period, s->period) &&
         text_is(key->school, s->school_code) && text_is(key->school_year, s->school_year);
}

/* The group by words of it, in whatever longer title they stand. */
static int group_of(struct job *job, struct text words, int *ret) {
  static const struct code groups[] = {
      {"PHẨM CHẤT", IOC__EDUCATION__V1__ASSESSMENT_GROUP__ASSESSMENT_GROUP_QUALITY},
      {"NĂNG LỰC", IOC__EDUCATION__V1__ASSESSMENT_GROUP__ASSESSMENT_GROUP_COMPETENCE},
      {"MÔN HỌC", IOC__EDUCATION__V1__ASSESSMENT_GROUP__ASSESSMENT_GROUP_SUBJECT},
  };
  struct text folded;
  int r = text_fold(&job->allocator, words, &folded);
  if (r != 0) return r == -EILSEQ ? 0 : r;
  for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && *ret == 0; i++)
    if (memmem(folded.data, folded.length, groups[i].folded, strlen(groups[i].folded)) != NULL)
      *ret = groups[i].value;
  return 0;
}

static int copy_text(struct job *job, struct text text, char **ret) {
  return text.length == 0 ? 0 : hub_string(job->sink, text.data, text.length, ret);
}

static int fill(struct job *job, const struct tally_key *key, Summary *s) {
  const struct {
    struct text text;
    char **to;
  } parts[] = {
      {key->school, &s->school_code},        {key->school_year, &s->school_year}, {key->period, &s->period},
      {key->class_code, &s->class_code},     {key->group_text, &s->group_text},   {key->subject, &s->subject},
      {key->assessment, &s->assessment_code}};
  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    int r = copy_text(job, parts[i].text, parts[i].to);
    if (r != 0) return r;
  }
  int group = 0, r = group_of(job, key->group_text, &group);
  s->group = (Ioc__Education__V1__AssessmentGroup)group;
  s->form = job->form;
  const struct text named[] = {key->school,     key->school_year, key->period,    key->class_code,
                               key->group_text, key->subject,     key->assessment};
  s->summary_id = emit_join(job, named, 7);
  return s->summary_id == NULL ? -ENOMEM : r;
}

static int find(struct tally *tally, const struct tally_key *key, struct entry **ret) {
  uint64_t hash = hash_key(key);
  size_t slot = hash & (SLOTS - 1);
  for (; tally->slots[slot] != NULL; slot = (slot + 1) & (SLOTS - 1)) {
    *ret = tally->slots[slot];
    if (is_of(*ret, hash, key)) return 0;
  }
  if (tally->count == SUMMARIES_MAX) return TALLY_E_FULL;
  struct entry *entry = hub_alloc(tally->job->sink, sizeof(*entry));
  if (entry == NULL) return -ENOMEM;
  ioc__education__v1__assessment_summary__init(&entry->summary);
  entry->hash = hash;
  int r = fill(tally->job, key, &entry->summary);
  if (r != 0) return r;
  tally->slots[slot] = tally->entries[tally->count++] = entry;
  *ret = entry;
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

static int count_other(struct job *job, Summary *s, struct text level) {
  s->pupils_other_level++;
  for (size_t i = 0; i < s->n_other_level_codes; i++)
    if (text_is(level, s->other_level_codes[i])) return 0;
  if (s->n_other_level_codes == OTHER_LEVELS_MAX) return 0;
  if (s->other_level_codes == NULL)
    s->other_level_codes = hub_alloc(job->sink, OTHER_LEVELS_MAX * sizeof(char *));
  if (s->other_level_codes == NULL) return -ENOMEM;
  return hub_string(job->sink, level.data, level.length, &s->other_level_codes[s->n_other_level_codes++]);
}

static int count_level(struct job *job, Summary *s, struct text level) {
  static const struct {
    const char *word;
    int step;
  } words[] = {{"T", 0}, {"t", 0}, {"Đ", 1}, {"đ", 1}, {"H", 1}, {"h", 1}, {"C", 2}, {"c", 2}};
  uint32_t *const counts[] = {&s->pupils_good, &s->pupils_achieved, &s->pupils_not_yet};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
    if (!text_is(level, words[i].word)) continue;
    ++*counts[words[i].step];
    return 0;
  }
  return level.length == 0 ? 0 : count_other(job, s, level);
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

static int keep_mark(struct job *job, struct entry *entry, const struct tally_mark *from) {
  Summary *s = &entry->summary;
  if (s->n_marks == MARKS_MAX) return TALLY_E_FULL;
  if (s->n_marks == entry->marks_capacity) {
    size_t capacity = entry->marks_capacity == 0 ? 64 : entry->marks_capacity * 2;
    Mark **larger = hub_alloc(job->sink, capacity * sizeof(*larger));
    if (larger == NULL) return -ENOMEM;
    if (s->n_marks != 0) memcpy(larger, s->marks, s->n_marks * sizeof(*larger));
    s->marks = larger;
    entry->marks_capacity = capacity;
  }
  Mark *mark = hub_alloc(job->sink, sizeof(*mark));
  if (mark == NULL) return -ENOMEM;
  ioc__education__v1__mark__init(mark);
  int r = hub_personal(job->sink, HUB_ACCOUNT, from->pupil.data, from->pupil.length, &mark->pupil_code);
  if (r == 0) r = copy_text(job, from->level, &mark->level_code);
  if (r == 0) r = copy_text(job, from->score, &mark->score);
  if (r == 0) s->marks[s->n_marks++] = mark;
  return r;
}

static int chain(struct entry *entry, struct text bytes) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  bool fine = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(context, entry->digest, sizeof(entry->digest)) == 1 &&
              EVP_DigestUpdate(context, bytes.data, bytes.length) == 1 &&
              EVP_DigestFinal_ex(context, entry->digest, NULL) == 1;
  EVP_MD_CTX_free(context);
  return fine ? 0 : -ENOMEM;
}

int tally_count(struct tally *tally, const struct tally_key *key, const struct tally_mark *mark,
                struct text bytes) {
  struct entry *entry = NULL;
  int r = find(tally, key, &entry);
  if (r == 0) r = chain(entry, bytes);
  if (r == 0) r = count_level(tally->job, &entry->summary, mark->level);
  if (r == 0 && tally->job->education->open_marks) r = keep_mark(tally->job, entry, mark);
  if (r != 0) return r;
  entry->summary.pupils++;
  if (!mark->other_scale) count_score(&entry->summary, mark->score);
  return 0;
}

int tally_emit(struct tally *tally) {
  for (size_t i = 0; i < tally->count; i++) {
    struct entry *entry = tally->entries[i];
    struct text version;
    int r = emit_digest(tally->job, (struct text){(char *)entry->digest, sizeof(entry->digest)}, &version);
    if (r != 0) return r;
    struct hub_meta meta = {
        .size = sizeof(meta),
        .key = entry->summary.summary_id,
        .key_length = strlen(entry->summary.summary_id),
        .version = version.data,
        .version_length = version.length,
        .occurred_us = HUB_NONE,
    };
    r = hub_emit(tally->job->sink, &meta, &entry->summary.base);
    if (r != 0) return r;
  }
  return 0;
}
