/*
 * xml.h: an XML document as a stream of elements and text, for documents that strangers send.
 *
 * The document is UTF-8. It has no DTD and no entities but the five of XML, its names are local names
 * (prefixes and namespaces are looked through), and nothing of it is kept: text reaches the handler in pieces
 * of at most a step. A document is refused for a DOCTYPE, more than 100 levels, 256 attributes (namespace
 * declarations counted) on one element, 256 namespaces in force, 4096 different names, or a tag, comment or
 * processing instruction over 64 KiB. A byte order mark, and up to 1 KiB of anything but `<` in front of
 * `<?xml`, is skipped.
 *
 * Thread-safe: readers share nothing.
 */
#ifndef FORMAT_XML_H
#define FORMAT_XML_H

#include "connectors/format/text.h"

enum {
  XML_LEVELS_MAX = 100,
  XML_ATTRIBUTES_MAX = 256,
  XML_NAMESPACES_MAX = 256,
  XML_NAMES_MAX = 4096,
  XML_MARKUP_MAX = 64 * 1024,
  XML_STEP = 16 * 1024,
  XML_PLACE_SIZE = 512,
};

#define XML_STOPPED 1       /* a handler said so */
#define XML_E_MALFORMED 2   /* not well-formed, not UTF-8, a NUL, a DOCTYPE */
#define XML_E_UNSUPPORTED 3 /* another encoding than UTF-8 */
#define XML_E_TOO_LARGE 4   /* one of the limits above */

struct xml_reader;

/* Each handler returns 0, XML_STOPPED or a negative errno; anything but 0 ends the reading and is returned by
 * xml_read(). Texts are valid during the call only. */
struct xml_handler {
  void *context;
  int (*start)(void *context, struct xml_reader *, struct text local_name);
  int (*text)(void *context, struct xml_reader *, struct text piece);
  int (*end)(void *context, struct xml_reader *);
};

struct xml_problem {
  const char *detail;      /* constant sentence */
  size_t offset;           /* in the input */
  char at[XML_PLACE_SIZE]; /* "line:col path", terminated */
};

/* Returns 0 when the whole document was read, a handler's result, XML_E_… with *ret_problem filled in, or
 * -ENOMEM. */
int xml_read(struct text input, const struct xml_handler *, struct xml_problem *ret_problem);

/* While start() runs: the value of an attribute of the element by its local name. */
bool xml_attribute(const struct xml_reader *, const char *local_name, struct text *ret_value);

/* While start() runs: the name under which the element appears in places, a constant. Elements without one
 * appear as
 * `*`: a place never shows text of the document. */
void xml_label(struct xml_reader *, const char *constant);

/* Number of open elements; the root's start() sees 1. */
unsigned xml_level(const struct xml_reader *);

/* "line:col path" of the innermost open element, where its tag begins. Slow: counts lines from the start. */
void xml_place(const struct xml_reader *, char ret_at[XML_PLACE_SIZE]);

/* Where the innermost open element begins in the input and, while its end() runs, where it ends (behind its
 * last byte; before that, where reading stands). */
void xml_span(const struct xml_reader *, size_t *ret_begin, size_t *ret_end);

/* The path of xml_place() alone: costs nothing that grows with the document. */
void xml_path(const struct xml_reader *, char ret_path[XML_PLACE_SIZE]);

#endif
