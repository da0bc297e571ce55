/*
 * case_file.h: lines `COLUMN | COLUMN | BYTES` of the framing tables.
 */
#ifndef TESTS_LIB_CASE_FILE_H
#define TESTS_LIB_CASE_FILE_H

#include "core/text_out.h"

/* BYTES as written: \r \n \t \\ \xHH, and \{TEXT*N} for TEXT N times. false: not so. */
bool case_read_bytes(const char *written, struct text_out *out);

/* Ends the column where *line stands and moves *line behind it. NULL: it is the last one. */
char *case_next_column(char **line);

#endif
