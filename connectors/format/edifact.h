/*
 * edifact.h: a UN/EDIFACT interchange (ISO 9735, syntax 1 to 4) as a stream of messages and segments.
 *
 * edifact_open() looks over the whole interchange once and checks what holds it together: UNB and UNZ, UNG
 * and UNE, their references and counts, and that no segment stands outside a message. Only then does
 * edifact_next() hand out its segments, so that nothing of a cut interchange is ever seen. What is wrong with
 * one message (its UNT, a segment that is none) is said at its end and concerns that message alone.
 *
 * Separators are those of UNA, else those of the level; with the separators IS1, IS3 and IS4 behind the very
 * first tag it is level B as the standard means it. Repetitions exist in syntax 4 only. A blank in UNA means
 * that there is no release character, or no repetition. CR, LF, tabs and blanks between segments are noise.
 *
 * Elements are views into the input: release characters are still in them, and their character set is the
 * sender's. edifact_value() takes both away. Nothing is copied before. Thread-safe: readers share nothing.
 */
#ifndef FORMAT_EDIFACT_H
#define FORMAT_EDIFACT_H

#include "connectors/format/charset.h"
#include "connectors/format/text.h"

enum {
  EDIFACT_SEGMENT_MAX = 64 * 1024, /* bytes of one segment */
  EDIFACT_ELEMENTS_MAX = 128,      /* elements of one segment */
  EDIFACT_PIECES_MAX = 1024,       /* components of one segment, over all its elements and repetitions */
  EDIFACT_SEGMENTS_MAX = 4000000,  /* segments of one interchange */
  EDIFACT_PLACE_SIZE = 128,
};

#define EDIFACT_E_MALFORMED 1
#define EDIFACT_E_UNSUPPORTED 2
#define EDIFACT_E_MISSING 3
#define EDIFACT_E_INVALID 4
#define EDIFACT_E_INCOMPLETE 5 /* a count does not match, or the interchange is cut */
#define EDIFACT_E_CONFLICT 6   /* a reference does not match */
#define EDIFACT_E_TOO_LARGE 7
#define EDIFACT_E_BYTES 8 /* of edifact_value() alone: bytes that the level does not define */

struct edifact_where {
  size_t offset;               /* of the segment */
  char tag[4];                 /* "": not a place inside a segment */
  unsigned element, component; /* from 1; 0: the segment, or the whole element */
};

struct edifact_problem {
  int kind;           /* EDIFACT_E_…, 0: none */
  unsigned code;      /* of code list 0085, the syntax errors of CONTRL */
  const char *detail; /* constant sentence */
  struct edifact_where where;
};

enum edifact_event {
  EDIFACT_GROUP = 1,   /* UNG; group is set */
  EDIFACT_MESSAGE,     /* UNH; message is set */
  EDIFACT_SEGMENT,     /* a segment of the message */
  EDIFACT_MESSAGE_END, /* UNT, or where it should stand; look at message.problem */
  EDIFACT_GROUP_END,   /* UNE */
  EDIFACT_END,         /* UNZ */
};

enum { EDIFACT_PARTY_PIECES = 4, EDIFACT_ASSOCIATION = 4, EDIFACT_TYPE_PIECES = 7 };

struct edifact_header { /* of UNB or UNG; the texts are raw */
  struct text sender[EDIFACT_PARTY_PIECES], recipient[EDIFACT_PARTY_PIECES];
  struct text date, time, reference;
};

struct edifact_message {
  size_t offset, length;                 /* bytes from UNH on; length grows with the segments handed out */
  unsigned number;                       /* from 1 within the interchange */
  uint64_t segments;                     /* so far, UNH and UNT counted */
  struct text reference;                 /* 0062, raw */
  struct text type[EDIFACT_TYPE_PIECES]; /* S009, raw: type, version, release, agency, association, … */
  struct edifact_problem problem;        /* the first one; final at EDIFACT_MESSAGE_END */
};

struct edifact {
  const char *data;
  size_t length;
  /* Of the interchange */
  size_t start, end; /* end: behind it; a further interchange may begin there. length when none can */
  unsigned number;   /* of the interchange within the data, from 1 */
  char component, element, decimal, release, repetition, terminator; /* 0: there is none */
  unsigned syntax;                                                   /* 1 to 4; 0: not known here */
  enum charset charset;
  char level;      /* 'A' to 'Y' of UNOA to UNOY; 0: not known here */
  bool test;       /* UNB says that it is a test */
  bool has_header; /* UNB was read well enough to be answered */
  struct edifact_header header;
  struct edifact_problem problem; /* why edifact_open() refused */
  /* Of what edifact_next() stands at */
  struct edifact_header group;
  bool in_group, in_message;
  struct edifact_message message;
  size_t offset; /* where the next segment is looked for */
  /* The current segment */
  struct text segment; /* its bytes without terminator */
  unsigned elements;   /* behind the tag */
  /* Lines and columns of growing offsets at the cost of one scan. */
  size_t place_offset, place_line, place_column;
  uint8_t classes[256];
  uint16_t element_repeats[EDIFACT_ELEMENTS_MAX + 2];
  uint16_t repeat_pieces[EDIFACT_PIECES_MAX + 2];
  uint32_t piece_starts[EDIFACT_PIECES_MAX + 2];
};

/* data[length] is readable and zero. */
void edifact_init(struct edifact *, const char *data, size_t length);

/* Reads on behind the interchange before: checks the next one whole. Returns 0, or EDIFACT_E_… with .problem
 * filled in. Call it again while .end < length. */
int edifact_open(struct edifact *);

/* Only after edifact_open() returned 0, and not after EDIFACT_END. */
enum edifact_event edifact_next(struct edifact *);

/* The current segment's piece as it stands there, or TEXT_NONE. Elements and components count from 1,
 * repetitions from 0; element 0 is the tag. */
struct text edifact_raw(const struct edifact *, unsigned element, unsigned repetition, unsigned component);

/* Repetitions and components that the element has; 0: no such element. */
unsigned edifact_repetitions(const struct edifact *, unsigned element);
unsigned edifact_components(const struct edifact *, unsigned element, unsigned repetition);

/* The three letters of the current segment. */
static inline bool edifact_is_tag(const struct edifact *e, const char *tag) {
  return memcmp(e->segment.data, tag, 3) == 0;
}

/* A raw text without release characters, in UTF-8. The input itself where it already is that. Returns 0,
 * -ENOMEM or EDIFACT_E_BYTES. */
int edifact_value(const struct edifact *, const struct allocator *, struct text raw, struct text *ret);

/* Whether two raw texts mean the same. */
bool edifact_equal(const struct edifact *, struct text a, struct text b);

/* Where the current segment stands. */
struct edifact_where edifact_here(const struct edifact *, unsigned element, unsigned component);

/* "line:col UNH+3/NAD[2]+3:1": the second NAD of the third message, its third element's first component.
 * Behind the first interchange of the data "UNB+2/" comes first. Cheap for growing offsets. */
void edifact_place(struct edifact *, const struct edifact_where *, char ret_at[EDIFACT_PLACE_SIZE]);

#endif
