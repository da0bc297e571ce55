/*
 * file.h: a file of the configuration as a whole.
 */
#ifndef CORE_CONFIG_FILE_H
#define CORE_CONFIG_FILE_H

#include "core/arena.h"

/* A regular file, up to max_bytes + 1 bytes of it, so that a larger one is seen as such. -EISDIR, -EINVAL
 * (not a regular file), or what open and read say. */
int config_file_read(struct arena *, const char *path, size_t max_bytes, struct text *ret_content) must_use;

#endif
