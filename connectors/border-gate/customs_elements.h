/*
 * customs_elements.h: which elements of customs XML mean something, and where in a message they go.
 */
#ifndef BORDER_GATE_CUSTOMS_ELEMENTS_H
#define BORDER_GATE_CUSTOMS_ELEMENTS_H

#include "connectors/border-gate/facts.h"
#include "ioc/bordergate/v1/customs_declaration.pb-c.h"

/* Where in a document reading stands: which table is valid for the elements inside. */
enum customs_state {
  STATE_ROOT,
  STATE_ECUS, /* ECUS5VNACCS: containers around rows, then a row */
  STATE_ECUS_ROW,
  STATE_ECUS_GOODS,
  STATE_SOAP, /* customs QR service: envelopes, looked into */
  STATE_QR,
  STATE_QR_LIST,
  STATE_QR_CONTAINER,
  STATE_WCO, /* WCO data model */
  STATE_WCO_DECLARATION,
  STATE_WCO_RESPONSE,
  STATE_WCO_TIME,
  STATE_WCO_SHIPMENT,
  STATE_WCO_CONSIGNMENT,
  STATE_WCO_ITEM,
  STATE_WCO_COMMODITY,
  STATE_WCO_CLASSIFICATION,
  STATE_WCO_ORIGIN,
  STATE_WCO_MEASURE,
  STATE_WCO_PACKAGING,
  STATE_WCO_PROCEDURE,
  STATE_WCO_DUTY,
  STATE_WCO_LINE,
  STATE_WCO_PARTY,
  STATE_WCO_ADDRESS,
  STATE_WCO_MEANS,
  STATE_WCO_EQUIPMENT,
  STATE_WCO_ITEM_EQUIPMENT,
  STATE_WCO_SEAL,
  STATE_WCO_LOCATION,
  STATE_WCO_REFERENCE,
  STATE_WCO_ERROR,
  STATE_WCO_POINTER,
  STATE_WCO_STATUS,
  STATE_WCO_EXPORT_COUNTRY,
  STATE_WCO_DESTINATION,
  STATE_WCO_OFFICE,
  STATE_WCO_SUPERVISION,
  STATE_VALUE, /* of a text: nothing inside */
  STATES,
};

enum element_kind {
  ELEMENT_PASS,     /* the same message, next state */
  ELEMENT_RECORD,   /* a new declaration, which is a record; next state */
  ELEMENT_EACH,     /* a new message in the list at offset, by `part`; next state */
  ELEMENT_IGNORE,   /* skipped even where strangers are looked into */
  ELEMENT_FAILURE,  /* a SOAP fault */
  ELEMENT_TEXT,     /* char * at offset; of several the first that is not empty */
  ELEMENT_IDENTITY, /* the same, and another text contradicts the first */
  ELEMENT_PERSONAL, /* char * at offset through personal(), of kind `personal` */
  ELEMENT_CODE,     /* enum at offset by `codes`, char * at second */
  ELEMENT_TIME,     /* Timestamp * at offset, precision at second */
  ELEMENT_NUMBER,   /* char * at offset: a decimal number as given */
  ELEMENT_WEIGHT, /* char * at offset: kilograms by the attribute unitCode; at second the number as given and
                     behind it its unit, if not 0 */
  ELEMENT_MONEY,  /* char * at offset: a decimal number, and at second the attribute currencyID */
  ELEMENT_VALUE,  /* a new Amount in the list at offset, of type `name` */
  ELEMENT_JOIN,   /* char * at offset: added behind what is there, by the separator */
  ELEMENT_TEXTS,  /* a new text in the list of char * at offset */
  ELEMENT_SCRAP,  /* struct scrap, text at offset: kept until the part that it belongs to ends */
};

enum part_end { PART_PLAIN, PART_PARTY, PART_MEANS, PART_SEAL_NUMBERS };

struct part { /* a message in a list */
  size_t size;
  void (*init)(void *message);
  enum part_end end;
  size_t role_offset; /* of an enum that becomes `role`; 0: none */
  int role;
  size_t word_offset; /* of a char * that becomes `word`; 0: none */
  const char *word;
};

/* Values that only make sense together, of the part or record that is open. */
struct scrap {
  struct text id, name, mode, second, note;
};

struct element {
  const char *name;
  uint8_t length, kind, next;
  uint16_t offset, second;
  union {
    const struct code *codes;
    const struct part *part;
    int personal; /* enum hub_personal_kind */
    int form;     /* RECORD: Ioc__Bordergate__V1__CustomsForm */
    char separator;
    const char *word;
  };
};

/* By local name; NULL when it means nothing there. */
const struct element *customs_element(enum customs_state, struct text name);

#define ELEMENT_ROW(name, kind, next, offset, second, ...)              \
  {                                                                     \
    name, sizeof(name) - 1, kind, next, offset, second, { __VA_ARGS__ } \
  }
#define PASS_ROW(name, next) ELEMENT_ROW(name, ELEMENT_PASS, next, 0, 0, 0)
#define IGNORE_ROW(name) ELEMENT_ROW(name, ELEMENT_IGNORE, 0, 0, 0, 0)
#define RECORD_ROW(name, next, which)           \
  ELEMENT_ROW(name, ELEMENT_RECORD, next, 0, 0, \
              .form = IOC__BORDERGATE__V1__CUSTOMS_FORM__CUSTOMS_FORM_##which)
#define EACH_ROW(name, next, type, member, what) \
  ELEMENT_ROW(name, ELEMENT_EACH, next, offsetof(type, member), offsetof(type, n_##member), .part = &(what))
#define TEXT_ROW(name, type, member) \
  ELEMENT_ROW(name, ELEMENT_TEXT, STATE_VALUE, offsetof(type, member), 0, 0)
#define IDENTITY_ROW(name, type, member) \
  ELEMENT_ROW(name, ELEMENT_IDENTITY, STATE_VALUE, offsetof(type, member), 0, 0)
#define PERSONAL_ROW(name, kind, type, member) \
  ELEMENT_ROW(name, ELEMENT_PERSONAL, STATE_VALUE, offsetof(type, member), 0, .personal = kind)
#define CODE_ROW(name, table, type, member)                                                           \
  ELEMENT_ROW(name, ELEMENT_CODE, STATE_VALUE, offsetof(type, member), offsetof(type, member##_code), \
              .codes = table)
#define TIME_ROW(name, type, member) \
  ELEMENT_ROW(name, ELEMENT_TIME, STATE_VALUE, offsetof(type, member), offsetof(type, member##_precision), 0)
#define NUMBER_ROW(name, type, member) \
  ELEMENT_ROW(name, ELEMENT_NUMBER, STATE_VALUE, offsetof(type, member), 0, 0)
#define TEXTS_ROW(name, type, member) \
  ELEMENT_ROW(name, ELEMENT_TEXTS, STATE_VALUE, offsetof(type, member), offsetof(type, n_##member), 0)
#define VALUE_ROW(name, type, member, what)                                                         \
  ELEMENT_ROW(name, ELEMENT_VALUE, STATE_VALUE, offsetof(type, member), offsetof(type, n_##member), \
              .word = what)
#define JOIN_ROW(name, sign, type, member) \
  ELEMENT_ROW(name, ELEMENT_JOIN, STATE_VALUE, offsetof(type, member), 0, .separator = sign)
#define SCRAP_ROW(name, member) \
  ELEMENT_ROW(name, ELEMENT_SCRAP, STATE_VALUE, offsetof(struct scrap, member), 0, 0)
#define END_ROW                \
  {                            \
    NULL, 0, 0, 0, 0, 0, { 0 } \
  }

/* Tables of single formats, by state. */
extern const struct element *const wco_elements[STATES];
extern const struct element *const ecus_elements[STATES];
extern const struct code customs_channels[], customs_responses[], customs_states[];

#endif
