/*
 * xml_scan.h: where a document may be cut between two steps of the parser. Internal to xml.c.
 */
#ifndef FORMAT_XML_SCAN_H
#define FORMAT_XML_SCAN_H

#include "connectors/format/text.h"

enum xml_markup { XML_NOTHING, XML_TAG, XML_COMMENT, XML_INSTRUCTION, XML_CDATA, XML_DOCTYPE };

/* The first markup that ends behind the place looked at; all before it is done with. */
struct xml_scan {
  const char *data;
  size_t length;
  enum xml_markup markup;
  size_t start, end; /* of the markup, its delimiters included; end is `length` where it is never closed */
};

/* Moves on to the first markup that ends behind `place`; places only grow. Stops early at a DOCTYPE and at
 * markup (CDATA aside) longer than `longest`. Returns whether it stopped for one of these. */
bool xml_scan_to(struct xml_scan *, size_t place, size_t longest);

/* The best place to cut at or little around `place`, given that xml_scan_to(place) was called: not in a
 * character, between CR and LF, or in the delimiters of a CDATA section. *ret_in_cdata: the cut lies in a
 * section's text. */
size_t xml_scan_cut(const struct xml_scan *, size_t place, bool *ret_in_cdata);

#endif
