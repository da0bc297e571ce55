/*
 * Where a file goes when it was worked off: done/ or failed/, under its name, or with the time behind it when
 * that name is taken; never over another file. Beside a failed one, and beside one of which some records were
 * refused, stands what became of it: counts, and the first refusal's code, place and constant text.
 *
 * What is moved is the very file that was read: if the name stands for another one by now, that one stays.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/source/folder_parts.h"

enum { TRIES_MAX = 100, STAMP_BYTES = 48 };

bool folder_file_failed(const struct folder_file *file) {
  const struct file_result *result = &file->result;
  return result->poisoned || (result->rejected != 0 && result->accepted + result->repeated == 0);
}

static const char *code_of(const struct file_result *result) {
  return result->poisoned ? "poison" : result->rejected != 0 ? reject_code_name(result->code) : "";
}

static void write_report(const struct folder_file *file, struct text_out *out) {
  const struct file_result *result = &file->result;
  text_out_string(out, "{\"code\": ");
  text_out_json(out, text_of(code_of(result)));
  text_out_string(out, ", \"at\": ");
  text_out_json(out, text_of(file->at));
  text_out_string(out, ", \"detail\": ");
  text_out_json(out, text_of(file->detail));
  text_out_format(out,
                  ", \"records\": %llu, \"accepted\": %llu, \"repeated\": %llu, \"rejected\": %llu, "
                  "\"bytes\": %lld}\n",
                  (unsigned long long)result->records, (unsigned long long)result->accepted,
                  (unsigned long long)result->repeated, (unsigned long long)result->rejected,
                  (long long)file->stamp.size);
}

/* NAME, NAME.20260712T011500.123456Z, NAME.20260712T011500.123456Z-2 …, cut so that `room` bytes more fit. */
static void free_name(const struct folder_file *file, int attempt, size_t room,
                      char to[static NAME_MAX + 1]) {
  char stamp[STAMP_BYTES] = "", compact[STAMP_BYTES] = "";
  if (attempt > 0) {
    const char *moment = clock_text(clock_now_us(), stamp);
    size_t used = 0;
    for (; *moment != '\0' && used < 30; moment++) {
      if (*moment != '-' && *moment != ':') compact[used++] = *moment;
    }
  }
  char suffix[STAMP_BYTES + 16] = "";
  if (attempt == 1) snprintf(suffix, sizeof suffix, ".%s", compact);
  if (attempt > 1) snprintf(suffix, sizeof suffix, ".%s-%d", compact, attempt);
  int length = (int)MIN(strlen(file->name), NAME_MAX - strlen(suffix) - room);
  snprintf(to, NAME_MAX + 1, "%.*s%s", length, file->name, suffix);
}

/* Where the file system knows no rename without replacing: a second name, then the first one goes. */
static int rename_by_link(int from, const char *name, int to, const char *target) {
  if (linkat(from, name, to, target, 0) < 0) return -errno;
  return unlinkat(from, name, 0) < 0 ? -errno : 0;
}

static int rename_new(int from, const char *name, int to, const char *target) {
  if (renameat2(from, name, to, target, RENAME_NOREPLACE) == 0) return 0;
  return errno == EINVAL || errno == ENOSYS ? rename_by_link(from, name, to, target) : -errno;
}

/* 0, or FOLDER_MOVE_…: the name stands for what was read? */
static int look(const struct folder_file *file) {
  struct stat status;
  if (fstatat(file->folder->inbox, file->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
    return errno == ENOENT ? FOLDER_MOVE_GONE : -errno;
  struct folder_stamp stamp = folder_stamp_of(&status);
  return folder_stamp_equal(&stamp, &file->stamp) ? 0 : FOLDER_MOVE_CHANGED;
}

/* Between the look and the move the name may have become another file's: that one goes back. */
static int check_moved(const struct folder_file *file, int to, const char *target) {
  struct stat status;
  if (fstatat(to, target, &status, AT_SYMLINK_NOFOLLOW) < 0 || status.st_ino == file->stamp.inode)
    return FOLDER_MOVED;
  int r = rename_new(to, target, file->folder->inbox, file->name);
  return r < 0 ? r : FOLDER_MOVE_CHANGED;
}

static int write_all(int fd, const struct text_out *text) {
  for (size_t done = 0; done < text->length;) {
    ssize_t n = write(fd, text->data + done, text->length - done);
    if (n < 0 && errno != EINTR) return -errno;
    done += n > 0 ? (size_t)n : 0;
  }
  return fsync(fd) < 0 ? -errno : 0;
}

/* -EEXIST: take another name. */
static int place_report(const struct folder_file *file, int to, const char *report) {
  cleanup(text_out_deinit) struct text_out text = TEXT_OUT_INIT;
  write_report(file, &text);
  int r = text_out_result(&text);
  if (r < 0) return r;
  cleanup(closep) int fd = openat(to, report, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
  if (fd < 0) return -errno;
  r = write_all(fd, &text);
  if (r < 0) unlinkat(to, report, 0);
  return r;
}

static int move_as(const struct folder_file *file, int to, const char *suffix, int attempt) {
  char target[NAME_MAX + 1], report[2 * NAME_MAX];
  free_name(file, attempt, strlen(suffix), target);
  snprintf(report, sizeof report, "%s%s", target, suffix);
  int r = suffix[0] == '\0' ? 0 : place_report(file, to, report);
  if (r < 0) return r;
  r = rename_new(file->folder->inbox, file->name, to, target);
  if (r == 0) r = check_moved(file, to, target);
  if (r != FOLDER_MOVED && suffix[0] != '\0') unlinkat(to, report, 0);
  return r == -ENOENT && look(file) == FOLDER_MOVE_GONE ? FOLDER_MOVE_GONE : r;
}

static void remove_marker(const struct folder_file *file) {
  char marker[sizeof file->name + 8];
  if (file->folder->config->complete != CONFIG_COMPLETE_MARKER) return;
  snprintf(marker, sizeof marker, "%s.done", file->name);
  unlinkat(file->folder->inbox, marker, 0);
}

int folder_file_move(struct folder_file *file) {
  bool failed = folder_file_failed(file);
  int to = failed ? file->folder->failed : file->folder->done;
  const char *suffix = failed ? ".reason.json" : file->result.rejected != 0 ? ".result.json" : "";
  int r = look(file);
  if (r != 0) return r;
  r = -EEXIST;
  for (int attempt = 0; r == -EEXIST && attempt < TRIES_MAX; attempt++)
    r = move_as(file, to, suffix, attempt);
  if (r == FOLDER_MOVED) remove_marker(file);
  return r;
}
