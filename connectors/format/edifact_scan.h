/*
 * edifact_scan.h: what the two halves of the EDIFACT reader share.
 */
#ifndef FORMAT_EDIFACT_SCAN_H
#define FORMAT_EDIFACT_SCAN_H

#include "connectors/format/edifact.h"

enum scan { SCAN_SEGMENT = 1, SCAN_NOTHING, SCAN_CUT };

bool edifact_is_noise(char);

/* The six characters of UNA. */
void edifact_set_separators(struct edifact *, const char *una);
/* After the last change of a separator. */
void edifact_set_classes(struct edifact *);

/* The next segment from an offset on, noise skipped: its first byte, and its terminator. SCAN_CUT: the data
 * ends in it. */
enum scan edifact_find_segment(const struct edifact *, size_t from, size_t *ret_start, size_t *ret_end);

/* Three upper-case letters or digits, and no more than that. */
bool edifact_has_tag(const struct edifact *, size_t start, size_t end);

/* Makes it the current segment. Returns 0 or EDIFACT_E_TOO_LARGE. */
int edifact_split(struct edifact *, size_t start, size_t end);

#endif
