/*
 * The folders of a source: the inbox, and done/ and failed/ below it. They are held open, so that all that is
 * done happens in these very folders, whatever their paths stand for by then.
 *
 * Surprising: an open folder outlives its name. One that was deleted stays empty for ever, and a rename into
 * it fails as if the file were gone. So before each look and each move they are compared with what stands
 * under their names, and opened or made again; watching begins anew then.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>

#include "core/source/folder_parts.h"

static bool stands(int fd, int above, const char *name, int flags) {
  struct stat held, named;
  return fd >= 0 && fstat(fd, &held) == 0 && fstatat(above, name, &named, flags) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

static void replace(int *fd, int with) {
  closep(fd);
  *fd = with;
}

static int below_open(int inbox, const char *name, int *fd) {
  if (stands(*fd, inbox, name, AT_SYMLINK_NOFOLLOW)) return 0;
  if (mkdirat(inbox, name, 0750) < 0 && errno != EEXIST) return -errno;
  int found = openat(inbox, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (found < 0) return -errno;
  replace(fd, found);
  return 0;
}

static int watch(struct folder *folder) {
  int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify < 0) return -errno;
  replace(&folder->inotify, inotify);
  char path[64]; /* the very folder that was opened */
  snprintf(path, sizeof path, "/proc/self/fd/%d", folder->inbox);
  uint32_t events = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
  return inotify_add_watch(inotify, path, events) < 0 ? -errno : 0;
}

static int inbox_open(struct folder *folder) {
  const char *path = folder->config->path;
  if (stands(folder->inbox, AT_FDCWD, path, 0)) return 0;
  int found = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (found < 0) return -errno;
  replace(&folder->inbox, found);
  int r = watch(folder);
  if (r < 0) replace(&folder->inbox, -1); /* opened again, and watched, the next time */
  return r;
}

/* Nothing is taken while it could not be moved: no rights, or another file system below the inbox. */
static int can_move(const struct folder *folder) {
  const int fds[] = {folder->inbox, folder->done, folder->failed};
  struct stat inbox, status;
  if (fstat(folder->inbox, &inbox) < 0) return -errno;
  for (size_t i = 0; i < LENGTH_OF(fds); i++) {
    if (faccessat(fds[i], ".", W_OK | X_OK, 0) < 0 || fstat(fds[i], &status) < 0) return -errno;
    if (status.st_dev != inbox.st_dev) return -EXDEV;
  }
  return 0;
}

int folder_places_open(struct folder *folder) {
  int r = inbox_open(folder);
  if (r == 0) r = below_open(folder->inbox, "done", &folder->done);
  if (r == 0) r = below_open(folder->inbox, "failed", &folder->failed);
  return r < 0 ? r : can_move(folder);
}
