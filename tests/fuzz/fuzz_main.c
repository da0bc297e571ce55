/*
 * fuzz_main.c: runs a fuzz target over files and folders without libFuzzer.
 *
 * Each file is handed over once, in a block of exactly its size, so that AddressSanitizer sees the first byte
 * read beyond it. Finding no file at all is a failure: a corpus that vanished must not pass for a clean run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static size_t files_run;

static int run_file(const char *path, size_t size) {
  FILE *file = fopen(path, "rb");
  if (!file)
    return -errno;
  uint8_t *data = malloc(size ? size : 1);
  size_t got = data ? fread(data, 1, size, file) : 0;
  fclose(file);
  if (got != size) {
    free(data);
    return -EIO;
  }
  LLVMFuzzerTestOneInput(data, size);
  free(data);
  files_run++;
  return 0;
}

static int run_path(const char *path);

static int run_folder(const char *path) {
  struct dirent **names = NULL;
  int count = scandir(path, &names, NULL, alphasort), result = 0;
  if (count < 0)
    return -errno;
  for (int i = 0; i < count; i++) {
    char *inner = NULL;
    if (result == 0 && names[i]->d_name[0] != '.') {
      result = asprintf(&inner, "%s/%s", path, names[i]->d_name) < 0 ? -ENOMEM : run_path(inner);
      free(inner);
    }
    free(names[i]);
  }
  free(names);
  return result;
}

static int run_path(const char *path) {
  struct stat status;
  int result = stat(path, &status) < 0 ? -errno : 0;
  if (result == 0)
    result = S_ISDIR(status.st_mode) ? run_folder(path) : run_file(path, (size_t)status.st_size);
  if (result < 0)
    fprintf(stderr, "%s: %s\n", path, strerror(-result));
  return result;
}

int main(int argc, char **argv) {
  if (LLVMFuzzerInitialize)
    LLVMFuzzerInitialize(&argc, &argv);
  for (int i = 1; i < argc; i++)
    if (run_path(argv[i]) < 0)
      return 1;
  printf("%zu inputs\n", files_run);
  return files_run ? 0 : 1;
}
