/*
 * personal.h: what may stand in a field that the schema tags as personal.
 *
 * Names, numbers and cards become pseudonyms `p<keyno>.` + 26 base32 characters of HMAC-SHA-256 under the
 * domain's key after normalising; birth dates become the year; addresses the code of the commune in
 * tables/communes.csv; free text is masked. An admin may drop a kind or let it pass in clear, with a stated
 * purpose.
 */
#ifndef CORE_MESSAGE_PERSONAL_H
#define CORE_MESSAGE_PERSONAL_H

#include "connectors/iochub_connector.h"
#include "core/arena.h"
#include "core/config/hub_config.h"
#include "core/config/secret.h"

struct communes; /* core/message/communes.h */

struct personal { /* how one source treats personal data; constant after it was made, shared by threads */
  struct secret_key key; /* of the domain */
  unsigned key_number;
  enum config_privacy_mode modes[16]; /* by enum hub_personal_kind */
  const struct config_table *tables;  /* for communes */
  const struct communes
      *communes; /* made of tables once by communes_new(); NULL: made again for each address */
};

/* *ret_text lives in the arena, is terminated, and may be empty. -EILSEQ: the text is not UTF-8. */
int personal_text(const struct personal *, struct arena *, enum hub_personal_kind, struct text,
                  struct text *ret_text) must_use;

#endif
