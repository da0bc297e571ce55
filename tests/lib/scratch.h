/*
 * scratch.h: folders that a test makes and takes away.
 */
#ifndef TESTS_LIB_SCRATCH_H
#define TESTS_LIB_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static inline int scratch_remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw) {
  return remove(path);
}

/* Removes a folder with all that is in it; 0 or -1. */
static inline int scratch_remove(const char *folder) {
  return nftw(folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs a program, its standard output thrown away; 0 when it ended with 0. */
static inline int scratch_run(const char *const *arguments) {
  pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    if (freopen("/dev/null", "w", stdout) == NULL) _exit(127);
    execvp(arguments[0], (char *const *)arguments);
    _exit(127);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

#endif
