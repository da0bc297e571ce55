/* The reader of times: what is read lies in the years it promises, and each form alone agrees with all
   together. */
#include <stdlib.h>

#include "connectors/format/time.h"
#include "tests/fuzz/fuzz.h"

static void must(int condition) {
  if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct text text = {(const char *)data, size};
  struct time_point all = {0}, one = {0};
  int r = time_read(text, TIME_ANY, 7 * 3600, &all);
  must(r == 0 || r == TIME_E_FORM || r == TIME_E_IMPOSSIBLE);
  int64_t seconds = 0;
  int32_t nanos = 0;
  time_split(all.us, &seconds, &nanos);
  must(nanos >= 0 && nanos < 1000000000 && seconds >= INT64_C(-62135596800) &&
       seconds < INT64_C(253402300800));
  int agree = 0;
  for (unsigned form = TIME_ISO; form < TIME_EPOCH_MS; form <<= 1) {
    if (time_read(text, form, 7 * 3600, &one) != 0) continue;
    agree++;
    must(r == 0 && one.us == all.us && one.precision == all.precision);
  }
  must(agree <= 1);
  if (time_read(text, TIME_HL7, 7 * 3600, &one) == 0) must(r != 0 || one.us == all.us);
  (void)time_read(text, TIME_EPOCH_MS, 0, &one);
  return 0;
}
