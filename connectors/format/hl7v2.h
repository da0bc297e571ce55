/*
 * hl7v2.h: HL7 v2 messages as they are really sent, as views into the payload.
 *
 * A payload holds one message, several one behind the other, or a file of batches (FHS, BHS, BTS, FTS).
 * hl7v2_open() checks that frame as a whole, hl7v2_next() goes through the messages, and each one is read by
 * hl7v2_read() by the delimiters that it declares itself. Segments end in CR, LF or CRLF, also mixed; a byte
 * order mark, blank lines and the bytes of MLLP around a message are skipped.
 *
 * Fields are found on demand and stay views; only what holds an escape sequence or another character set is
 * copied. Numbers of fields, repetitions, components and subcomponents count from 1, as in the standard.
 */
#ifndef FORMAT_HL7V2_H
#define FORMAT_HL7V2_H

#include "connectors/format/charset.h"
#include "connectors/format/text.h"

enum {
  HL7V2_SEGMENTS_MAX = 65536, /* of one message */
  HL7V2_PLACE_SIZE = 128,
};

#define HL7V2_END 1
#define HL7V2_E_MALFORMED 2
#define HL7V2_E_INCOMPLETE 3 /* a batch that is cut, or counts otherwise than its trailer says */
#define HL7V2_E_CHARSET 4    /* bytes that the message's character set does not define */
#define HL7V2_E_TOO_LARGE 5
#define HL7V2_E_UNSUPPORTED 6 /* bytes beyond ASCII in a character set that is not known here */

struct hl7v2_problem {
  const char *detail;        /* constant sentence */
  char at[HL7V2_PLACE_SIZE]; /* "line:col PATH", terminated; never text of the message */
};

/* ---- The payload ---- */

struct hl7v2_lines { /* a text line by line; ends of lines are looked for once */
  const char *at, *end, *cr, *lf;
  size_t line; /* number of the next one */
};

struct hl7v2 {
  struct text input;
  struct hl7v2_lines lines;
  size_t messages; /* in the whole payload */
  bool has_batches;
};

enum hl7v2_kind {
  HL7V2_MESSAGE = 1,
  HL7V2_FILE_HEADER,
  HL7V2_BATCH_HEADER,
  HL7V2_BATCH_TRAILER,
  HL7V2_FILE_TRAILER,
};

struct hl7v2_unit { /* a message, or one segment of the frame around messages */
  enum hl7v2_kind kind;
  struct text bytes; /* in the input, from the first segment's name to the last segment's end */
  size_t line;       /* on which it begins */
};

/* Checks the frame and goes to its begin. Returns 0, HL7V2_E_MALFORMED or HL7V2_E_INCOMPLETE. */
int hl7v2_open(struct hl7v2 *, struct text input, struct hl7v2_problem *reterr);

/* The next unit of a payload that hl7v2_open() took. Returns 0 or HL7V2_END. */
int hl7v2_next(struct hl7v2 *, struct hl7v2_unit *ret);

/* Back to the begin, also of a payload that hl7v2_open() refused: its units are then what was found, and a
 * line that belongs to none is one of kind 0. */
void hl7v2_rewind(struct hl7v2 *);

/* Whether the bytes begin like HL7 v2: MSH, FHS or BHS, behind what is skipped. */
bool hl7v2_is(struct text input);

/* ---- One message ---- */

struct hl7v2_delimiters { /* 0: the message declares none */
  char field, component, repetition, escape, subcomponent, truncation;
};

struct hl7v2_segment {
  struct text bytes; /* in the input, without its end */
  struct text text;  /* the same in UTF-8 */
  size_t line;
  unsigned number; /* among those of its name in the message, from 1 */
};

struct hl7v2_message {
  struct hl7v2_delimiters delimiters;
  enum charset charset;
  struct text bytes; /* in the input */
  const struct hl7v2_segment *segments;
  size_t count;
};

/* The delimiters of a unit's first segment. Returns 0 or HL7V2_E_MALFORMED. */
int hl7v2_read_delimiters(const struct hl7v2_unit *, struct hl7v2_delimiters *ret,
                          struct hl7v2_problem *reterr);

/* Segments of a message, in UTF-8. MSH-18 names the character set; without it ASCII is expected and UTF-8
 * taken. A set that is not known matters only where there are bytes beyond ASCII. Returns 0, HL7V2_E_… with
 * *reterr, or -ENOMEM. */
int hl7v2_read(const struct allocator *, const struct hl7v2_unit *, struct hl7v2_message *ret,
               struct hl7v2_problem *reterr);

bool hl7v2_is_segment(const struct hl7v2_segment *, const char *name);

/* The first segment of that name, or NULL. */
const struct hl7v2_segment *hl7v2_find(const struct hl7v2_message *, const char *name);

/* ---- Parts of a segment: views, empty where they are not sent ---- */

/* Of MSH, FHS and BHS field 1 is the separator itself. */
struct text hl7v2_field(const struct hl7v2_message *, const struct hl7v2_segment *, unsigned field);

/* The n-th piece of text between delimiters (0: the text is one piece). */
struct text hl7v2_piece(struct text, char delimiter, unsigned n);

/* The next piece of *rest, which then holds what follows. False: there is none. Starts with a whole text. */
bool hl7v2_split(struct text *rest, char delimiter, struct text *ret_piece);

struct hl7v2_path { /* 0: not named */
  unsigned field, repetition, component, subcomponent;
};

/* The smallest part that is named, still with its escape sequences; unnamed repetitions and components of a
 * named component or subcomponent are the first. */
struct text hl7v2_get(const struct hl7v2_message *, const struct hl7v2_segment *, struct hl7v2_path);

/* The same within a field that was found already. */
struct text hl7v2_part(const struct hl7v2_message *, struct text field, struct hl7v2_path);

/* `""`: the sender says that there is no value, which is not the same as not sending one. */
static inline bool hl7v2_is_null(struct text raw) {
  return raw.length == 2 && raw.data[0] == '"' && raw.data[1] == '"';
}

/* The text without escape sequences: \F\ \S\ \T\ \R\ \E\ \P\ are delimiters, \X..\ bytes in the message's
 * character set (\X00hh\ is one byte), \.br\ a line feed, \H\ and \N\ nothing. All others (\C..\, \M..\,
 * \Z..\, unknown and unfinished ones) are kept as they are. May hold a NUL. Returns 0 or -ENOMEM. */
int hl7v2_value(const struct hl7v2_message *, const struct allocator *, struct text raw, struct text *ret);

/* "line:col PID-3[2].1", "12:1 OBX[3]"; numbers of segments and repetitions only above 1. */
void hl7v2_place(const struct hl7v2_message *, const struct hl7v2_segment *, struct hl7v2_path,
                 char ret_at[HL7V2_PLACE_SIZE]);

#endif
