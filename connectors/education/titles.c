/*
 * titles.c: school year and period out of the titles above a header, where schools write them.
 */
#include <errno.h>

#include "connectors/education/sheets.h"

static const char *find_words(struct text title, const char *words) {
  return title.length == 0 ? NULL : memmem(title.data, title.length, words, strlen(words));
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* "2025-2026" or "2025" behind the words NĂM HỌC. */
static int find_year(const struct allocator *allocator, struct text title, struct text *ret) {
  static const char words[] = "NĂM HỌC";
  const char *p = find_words(title, words);
  if (p == NULL || ret->length != 0) return 0;
  const char *end = title.data + title.length;
  for (p += strlen(words); p < end && !is_digit(*p); p++)
    if (strchr(" :", *p) == NULL) return 0;
  char *year = allocate(allocator, 9);
  size_t length = 0;
  if (year == NULL) return -ENOMEM;
  for (; p < end && length < 9 && (is_digit(*p) || strchr(" -", *p) != NULL); p++)
    if (*p != ' ') year[length++] = *p;
  while (length > 0 && year[length - 1] == '-') length--;
  if (length == 4 || length == 9) *ret = (struct text){year, length};
  return 0;
}

/* "HỌC KỲ I", "CUỐI HỌC KỲ 2", "HK1", as far as the number goes. */
static void find_period(struct text title, struct text *ret) {
  static const char *const words[] = {"GIỮA HỌC KỲ ", "CUỐI HỌC KỲ ", "HỌC KỲ ", "HK", "CUỐI NĂM"};
  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && ret->length == 0; i++) {
    const char *from = find_words(title, words[i]), *p = from;
    if (from == NULL) continue;
    const char *end = title.data + title.length;
    for (p += strlen(words[i]); p < end && strchr("IV0123456789", *p) != NULL; p++) continue;
    *ret = (struct text){from, (size_t)(p - from)};
  }
}

static int read_title(const struct allocator *allocator, struct text folded, struct titles *titles) {
  find_period(folded, &titles->period);
  return find_year(allocator, folded, &titles->school_year);
}

int titles_read(const struct allocator *allocator, const struct head *head, size_t header_row,
                struct text sheet_name, struct titles *ret) {
  struct text folded;
  int r = 0;
  *ret = (struct titles){TEXT_NONE, TEXT_NONE};
  for (size_t i = 0; i < head->count && head->rows[i].number < header_row; i++)
    for (size_t c = 0; c < head->rows[i].count && r == 0; c++)
      r = read_title(allocator, head->rows[i].folded[c], ret);
  if (r == 0) r = text_fold(allocator, sheet_name, &folded);
  return r != 0 ? r : read_title(allocator, folded, ret);
}
