/*
 * json_cases FOLDER…: reads every JSON file of FOLDER and prints as a table whether the reader did what the
 * file's name says: y_ must be accepted, n_ must be refused with a place, i_ may be either, s_ is
 * well-formed and refused by our own stricter rules. A y_ file that those rules refuse is counted apart.
 * Each file is read by a process of its own, so that a crash is a result like others. Exit: 0, 1 on any
 * deviation, 77 (skipped) when a folder is missing.
 */
#include "connectors/format/json.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ACCEPTED, REFUSED, REFUSED_STRICTER, NO_PLACE, NOT_READ = 98 };

struct counts {
  unsigned accept, reject, stricter, free_accepted, free_refused, crashes, deviations;
};

static void *from_heap(void *context, size_t bytes) { return calloc(1, bytes); }

static char *load(const char *path, size_t *ret_length) {
  struct stat status;
  FILE *file = fopen(path, "rb");
  if (file == NULL || fstat(fileno(file), &status) != 0) exit(NOT_READ);
  char *data = calloc(1, (size_t)status.st_size + JSON_PADDING);
  *ret_length = data == NULL ? 0 : fread(data, 1, (size_t)status.st_size, file);
  fclose(file);
  return data;
}

/* In a process of its own: prints the place and exits with the result. */
static void read_case(const char *path) {
  const struct allocator allocator = {from_heap, NULL};
  const struct json *root = NULL;
  struct json_error error = {0};
  size_t length, line, column;
  char *data = load(path, &length);
  int r = json_read(&allocator, data, length, &root, &error);
  if (r == 0) {
    printf("%-58s", "");
    fflush(stdout);
    _exit(ACCEPTED);
  }
  if (r < 0) _exit(NOT_READ);
  if (error.reason == NULL || error.offset > length) _exit(NO_PLACE);
  text_place(data, length, error.offset, &line, &column);
  printf("%4zu:%-4zu %-48s", line, column, error.reason);
  fflush(stdout);
  _exit(r == JSON_E_MALFORMED ? REFUSED : REFUSED_STRICTER);
}

static int run_case(const char *path) {
  int status = 0;
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) read_case(path);
  if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

/* What happened, as one word of the table; deviations are counted. */
static const char *judge(struct counts *c, char kind, int result) {
  bool refused = result == REFUSED || result == REFUSED_STRICTER;
  if (result != ACCEPTED && !refused) {
    c->crashes += result == -1 || result > REFUSED_STRICTER;
    c->deviations++;
    return "CRASHED";
  }
  if (kind == 'i') {
    *(refused ? &c->free_refused : &c->free_accepted) += 1;
    return refused ? "refused (free)" : "accepted (free)";
  }
  if (kind == 'y' && result == ACCEPTED) return c->accept++, "accepted";
  if (kind == 'n' && refused) return c->reject++, "refused";
  if ((kind == 'y' || kind == 's') && result == REFUSED_STRICTER)
    return c->stricter++, "refused (stricter rule)";
  c->deviations++;
  return refused ? "REFUSED, must be accepted" : "ACCEPTED, must be refused";
}

static int is_json(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return length > 7 && entry->d_name[1] == '_' && strcmp(entry->d_name + length - 5, ".json") == 0;
}

static int run_folder(const char *folder, struct counts *counts) {
  struct dirent **entries = NULL;
  int n = scandir(folder, &entries, is_json, alphasort);
  if (n <= 0) {
    printf("json_cases: no cases in %s: skipped\n", folder);
    return 77;
  }
  for (int i = 0; i < n; i++) {
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
    printf("%-58s", entries[i]->d_name);
    int result = run_case(path);
    printf(" %s\n", judge(counts, entries[i]->d_name[0], result));
    free(entries[i]);
  }
  free(entries);
  return 0;
}

int main(int argc, char **argv) {
  struct counts c = {0};
  if (argc < 2) {
    fprintf(stderr, "usage: json_cases FOLDER...\n");
    return 2;
  }
  for (int i = 1; i < argc; i++) {
    int r = run_folder(argv[i], &c);
    if (r != 0) return r;
  }
  printf("\n%-44s %u\n%-44s %u\n%-44s %u\n%-44s %u / %u\n%-44s %u\n%-44s %u\n", "must be accepted, accepted",
         c.accept, "must be refused, refused with a place", c.reject, "refused by our own stricter rules",
         c.stricter, "free: accepted / refused", c.free_accepted, c.free_refused, "crashes", c.crashes,
         "deviations", c.deviations);
  return c.deviations == 0 ? 0 : 1;
}
