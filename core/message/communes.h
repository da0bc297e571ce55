/*
 * communes.h: which commune an address names, by tables/communes.csv.
 *
 * The table's first column is the code; every column whose title begins with "name" or "former" holds a name,
 * or several with ';' between them, each with or without its kind ("Xã", "Phường").
 */
#ifndef CORE_MESSAGE_COMMUNES_H
#define CORE_MESSAGE_COMMUNES_H

#include "core/config/hub_config.h"

struct communes;

/* *ret_communes is NULL when there is no such table. The table must outlive it. */
int communes_new(const struct config_table *tables, struct communes **ret_communes) must_use;
void communes_free(struct communes *);
DEFINE_CLEANUP(struct communes *, communes_free)

/* The code, or NULL: none, or several. communes may be NULL. -EILSEQ, -ENOMEM. */
int communes_find(const struct communes *, const struct allocator *, struct text address,
                  const char **ret_code) must_use;

#endif
