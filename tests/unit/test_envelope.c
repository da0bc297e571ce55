/* Partitions as Kafka's own clients compute them. */
#include "core/publish/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Known values of the Java client's murmur2. */
static void test_murmur2_is_kafkas(void **state) {
  static const struct {
    const char *key;
    int32_t hash;
  } table[] = {
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107},
  };
  for (size_t i = 0; i < LENGTH_OF(table); i++) {
    assert_int_equal((int32_t)envelope_murmur2(text_of(table[i].key)), table[i].hash);
  }
}

/* librdkafka's own murmur2 partitioner agrees on every length and on bytes above 127. */
static void test_librdkafka_agrees(void **state) {
  char text[256];
  rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, NULL, text, sizeof text);
  rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, "any", NULL);
  char key[64];
  for (size_t i = 0; i < sizeof key; i++) key[i] = (char)(i * 37 + 101);
  for (size_t length = 0; length <= sizeof key; length++) {
    for (int partitions = 1; partitions < 9; partitions++) {
      int32_t theirs = rd_kafka_msg_partitioner_murmur2(topic, key, length, partitions, NULL, NULL);
      assert_int_equal(envelope_partition((struct text){key, length}, partitions), theirs);
    }
  }
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(kafka);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_murmur2_is_kafkas),
      cmocka_unit_test(test_librdkafka_agrees),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
