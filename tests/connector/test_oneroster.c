/*
 * test_oneroster.c: OneRoster packages that samples cannot show: broken archives, options, limits, and each
 * allocation failing in its turn. What becomes of sound and partial ones stands in the connector's samples.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/lib/connector_rig.h"
#include "tests/lib/zip_maker.h"

extern const struct hub_connector hub_connector;

#define MANIFEST "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\n"
#define ORGS "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"

struct file {
  const char *name;
  struct text text;
  struct zip_oddity odd;
};

static max_align_t settings[64];

static void choose(const char *key, int value) {
  for (const struct hub_option *const *o = hub_connector.options; *o != NULL; o++)
    if (strcmp((*o)->key, key) == 0) memcpy((char *)settings + (*o)->offset, &value, sizeof(value));
}

static void *open_source(int format, int charset) {
  static const struct hub_host host = {.size = sizeof(host), .source = "test", .zone_offset_s = 7 * 3600};
  void *self = NULL;
  memset(settings, 0, sizeof(settings));
  choose("format", format);
  choose("charset", charset);
  assert_int_equal(hub_connector.open(&host, settings, &self), 0);
  return self;
}

/* Translates the bytes; fail_at as in struct rig. */
static int translate(void *self, struct text bytes, size_t fail_at, size_t *ret_records,
                     size_t *ret_rejected) {
  char *data = calloc(1, bytes.length + 64);
  assert_non_null(data);
  memcpy(data, bytes.data, bytes.length);
  struct hub_payload payload = rig_payload(data, bytes.length);
  struct rig rig;
  rig_init(&rig, &payload);
  rig.fail_at = fail_at;
  int r = hub_connector.translate(self, &payload, &rig.sink);
  *ret_records = rig.records;
  *ret_rejected = rig.rejected;
  rig_deinit(&rig);
  free(data);
  return r;
}

static void assert_package(int format, int charset, const struct file *files, size_t count, size_t messages,
                           size_t rejects) {
  struct zip_maker zip = {NULL};
  size_t records = 0, rejected = 0;
  void *self = open_source(format, charset);
  for (size_t i = 0; i < count; i++) zip_add_odd(&zip, text_of(files[i].name), files[i].text, &files[i].odd);
  assert_int_equal(translate(self, zip_finish(&zip, TEXT_NONE), 0, &records, &rejected), 0);
  assert_int_equal(rejected, rejects);
  assert_int_equal(records - rejected, messages);
  hub_connector.close(self);
  zip_free(&zip);
}

#define PACKAGE(format, charset, messages, rejects, ...)                  \
  assert_package((format), (charset), (const struct file[]){__VA_ARGS__}, \
                 sizeof((const struct file[]){__VA_ARGS__}) / sizeof(struct file), (messages), (rejects))

enum { AUTO = 0, AS_PACKAGE = 4, TCVN3 = 3 };

static void refuses_broken_archives_whole(void **state) {
  struct file manifest = {"manifest.csv", TEXT(MANIFEST "file.orgs,bulk\n")};
  struct file orgs = {"orgs.csv", TEXT(ORGS "a,,,Trường,school,,\n")};
  PACKAGE(AUTO, 0, 1, 0, manifest, orgs);
  PACKAGE(AS_PACKAGE, 0, 0, 1, orgs);
  orgs.odd.crc_xor = 1;
  PACKAGE(AUTO, 0, 0, 1, manifest, orgs);
  orgs.odd = (struct zip_oddity){.flags = 1};
  PACKAGE(AS_PACKAGE, 0, 0, 1, manifest, orgs);
  orgs.odd = (struct zip_oddity){.size = 200u << 20, .packed = 100};
  PACKAGE(AS_PACKAGE, 0, 0, 1, manifest, orgs);
  orgs.odd = (struct zip_oddity){.size = UINT32_MAX};
  PACKAGE(AS_PACKAGE, 0, 0, 1, manifest, orgs);
  manifest.odd.crc_xor = 1;
  PACKAGE(AUTO, 0, 0, 1, manifest);
}

static void reads_manifests(void **state) {
  struct file orgs = {"orgs.csv", TEXT(ORGS "a,,,Trường,school,,\n")};
  static const struct {
    struct text text;
    size_t messages, rejects;
  } cases[] = {
      {TEXT(MANIFEST "file.orgs,bulk\nfile.badges,bulk\nsource.systemName,x\nfile.,x\n"), 1, 0},
      {TEXT(" propertyName , value ,more\r\noneroster.version, 1.2 \r\nfile.orgs,bulk,\r\n"), 1, 0},
      {TEXT(MANIFEST "oneroster.version,1.1\nfile.orgs,bulk\n"), 1, 0},
      {TEXT(MANIFEST "oneroster.version,1.2\nfile.orgs,bulk\n"), 0, 1},
      {TEXT(MANIFEST "file.orgs\n"), 0, 1},
      {TEXT(MANIFEST "file.badges,whole\n"), 0, 1},
      {TEXT(MANIFEST "file.orgs,bulk\nfile.orgs,bulk\n"), 0, 1},
      {TEXT("propertyName\n" MANIFEST), 0, 1},
      {TEXT("property,value\n"), 0, 1},
      {TEXT("propertyName,values\n"), 0, 1},
      {TEXT(""), 0, 1},
      {TEXT(MANIFEST), 0, 1},
      {TEXT(MANIFEST "file.orgs,absent\n"), 0, 1},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct file manifest = {"manifest.csv", cases[i].text};
    PACKAGE(AUTO, 0, cases[i].messages, cases[i].rejects, manifest, orgs);
  }
}

static void reads_old_character_sets(void **state) {
  struct file manifest = {"manifest.csv", TEXT(MANIFEST "file.orgs,bulk\n")};
  struct file orgs = {"orgs.csv", TEXT(ORGS "a,,,Tr\xAD\xEAng,school,,\n")};
  PACKAGE(AUTO, TCVN3, 1, 0, manifest, orgs);
  PACKAGE(AUTO, 0, 0, 1, manifest, orgs); /* a row that is not UTF-8 */
  orgs.text = TEXT(ORGS "a,,,Tr\xFF,school,,\n");
  PACKAGE(AUTO, TCVN3, 0, 1, manifest, orgs);
}

/* Counts of some of the pupils would stand in the place of the counts of all. */
static void counts_no_delta(void **state) {
  struct file results = {"results.csv",
                         TEXT("sourcedId,status,dateLastModified,lineItemSourcedId,studentSourcedId,"
                              "scoreStatus,score,scoreDate\n"
                              "r,active,2026-10-01T00:00:00Z,l,u,fully graded,8,2026-10-01\n"
                              "s,,,l,u,fully graded,8,2026-10-01\n")};
  struct file delta = {"manifest.csv", TEXT(MANIFEST "file.results,delta\n")};
  struct file bulk = {"manifest.csv", TEXT(MANIFEST "file.results,bulk\n")};
  PACKAGE(AUTO, 0, 0, 2, delta, results);
  PACKAGE(AUTO, 0, 1, 1, bulk, results);
}

static void reads_headers(void **state) {
  struct file manifest = {"manifest.csv", TEXT(MANIFEST "file.orgs,bulk\n")};
  static const struct {
    struct text text;
    size_t messages, rejects;
  } cases[] = {
      {TEXT("sourcedId,name,type,metadata.floor\na,Trường,school,3\n"), 1, 0},
      {TEXT("type,name,sourcedId\nschool,Trường,a\n"), 1, 0},
      {TEXT("sourcedId,name,type,metadata.\na,Trường,school,3\n"), 1, 1},
      {TEXT("sourcedId,name,type,name\na,Trường,school,3\n"), 1, 1},
      {TEXT("sourcedId,name,type,\na,Trường,school,\n"), 1, 1},
      {TEXT("SourcedId,name,type\na,Trường,school\n"), 0, 1},
      {TEXT("\"sourcedId\"x,name,type\na,Trường,school\n"), 0, 1},
      {TEXT("sourcedId,name,type\n\"a\"x,Trường,school\nb,Trường,school\n"), 1, 1},
      {TEXT("sourcedId,name,type,parentSourcedId\na,Trường,school,\nb,Lớp,school,\" a , b,\"\n"), 2, 0},
      {TEXT("sourcedId,name,type\n"), 0, 0},
      {TEXT(""), 0, 1},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct file orgs = {"orgs.csv", cases[i].text};
    PACKAGE(AUTO, 0, cases[i].messages, cases[i].rejects, manifest, orgs);
  }
}

static void keeps_its_bounds(void **state) {
  enum { ROWS = 1000002 };
  char *rows = malloc(2 * ROWS);
  assert_non_null(rows);
  for (size_t i = 0; i < ROWS; i++) memcpy(rows + 2 * i, "a\n", 2);
  struct file manifest = {"manifest.csv", TEXT(MANIFEST "file.orgs,bulk\n")};
  struct file orgs = {"orgs.csv", {rows, 2 * ROWS}, {.stored = true}};
  PACKAGE(AUTO, 0, 0, 1, manifest, orgs);
  size_t length = 8u << 20;
  char *blanks = malloc(length);
  assert_non_null(blanks);
  memset(blanks, ' ', length);
  struct file bomb = {"orgs.csv", {blanks, length}};
  PACKAGE(AUTO, 0, 0, 1, manifest, bomb);
  free(blanks);
  free(rows);
}

/* Never another record: the same ones, or no memory. */
static void every_allocation_may_fail(void **state) {
  struct zip_maker zip = {NULL};
  size_t records = 0, rejected = 0, wanted = 0;
  void *self = open_source(AUTO, 0);
  zip_add(&zip, "manifest.csv",
          TEXT(MANIFEST "file.orgs,bulk\nfile.enrollments,delta\nfile.results,bulk\nfile.users,bulk\n"));
  zip_add(&zip, "orgs.csv", TEXT(ORGS "a,,,Trường,school,,\nb,,,Trường,school,,x\n,,,,,,\n"));
  zip_add(&zip, "users.csv",
          TEXT("sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName\n"
               "u,true,a,student,ten,Mẫu,Nông\n"));
  zip_add(&zip, "enrollments.csv",
          TEXT("sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role\n"
               "e,active,2026-10-01T00:00:00Z,c,a,u,student\n"));
  zip_add(&zip, "results.csv",
          TEXT("sourcedId,lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate\n"
               "r,l,u,fully graded,8,2026-10-01\n"));
  struct text bytes = zip_finish(&zip, TEXT_NONE);
  assert_int_equal(translate(self, bytes, 0, &wanted, &rejected), 0);
  assert_int_equal(wanted, 4);
  int r = -ENOMEM;
  for (size_t i = 1; r == -ENOMEM; i++) {
    assert_true(i < 1000);
    r = translate(self, bytes, i, &records, &rejected);
    assert_true(r == -ENOMEM || (r == 0 && records == wanted));
  }
  hub_connector.close(self);
  zip_free(&zip);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_broken_archives_whole),
      cmocka_unit_test(reads_manifests),
      cmocka_unit_test(reads_old_character_sets),
      cmocka_unit_test(reads_headers),
      cmocka_unit_test(keeps_its_bounds),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(counts_no_delta),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
