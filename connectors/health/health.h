/*
 * health.h: what every format of the health connector is handed: the source's settings and name.
 *
 * Each format has a file family of its own (bhyt_*, notifiable_*, hl7_*, fhir_*) with a translate and a reply
 * that stand in its header; health.c chooses among them.
 */
#ifndef HEALTH_HEALTH_H
#define HEALTH_HEALTH_H

#include "connectors/iochub_connector.h"

enum health_format {
  HEALTH_AUTO, /* by the content type, then by the bytes */
  HEALTH_BHYT, /* GIAMDINHHS and the check-in list, as XML or within a form */
  HEALTH_HL7,
  HEALTH_FHIR,
  HEALTH_NOTIFIABLE,
};

/* How a sender of BHYT files is answered. */
enum health_door {
  HEALTH_DOOR_AUTO,     /* by the form's fields, then by the path */
  HEALTH_DOOR_VSS,      /* {"maKetQua":"200", …} */
  HEALTH_DOOR_GATEWAY,  /* {"logId": …, "metadata":{"status":"success", …}} */
  HEALTH_DOOR_PROVINCE, /* {"trangThai":1, …} */
  HEALTH_DOOR_PLAIN,    /* the hub's own JSON */
};

struct health { /* never written to after open */
  int32_t zone_offset_s;
  enum health_format format;
  enum health_door door;
  const char *source; /* terminated */
};

#endif
