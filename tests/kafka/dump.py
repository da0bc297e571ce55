"""Writes `topic partition offset key event-id` of every message on the topics `ioc.*`, in the order of each
partition.

usage: tests/kafka/client tests/kafka/dump.py BOOTSTRAP FILE

A reader of its own: it shares no code with the hub, and reads from the brokers up to the end that they
report."""

import sys

import confluent_kafka

TAB = '\t'


def end_of(consumer, partition):
    return consumer.get_watermark_offsets(partition, timeout=30)[1]


def main():
    consumer = confluent_kafka.Consumer(
        {
            'bootstrap.servers': sys.argv[1],
            'group.id': 'iochub-tests',
            'enable.auto.commit': False,
            'isolation.level': 'read_committed',
        }
    )
    topics = consumer.list_topics(timeout=30).topics
    partitions = [
        confluent_kafka.TopicPartition(name, number, confluent_kafka.OFFSET_BEGINNING)
        for name, topic in topics.items()
        if name.startswith('ioc.')
        for number in topic.partitions
    ]
    left = {(p.topic, p.partition): end_of(consumer, p) for p in partitions}
    left = {place: end for place, end in left.items() if end > 0}
    consumer.assign(partitions)
    count = 0
    with open(sys.argv[2], 'w', encoding='utf-8') as file:
        while left:
            batch = consumer.consume(5000, timeout=30)
            if not batch:
                sys.exit(f'nothing came for 30 s; unread: {left}')
            for message in batch:
                if message.error():
                    sys.exit(str(message.error()))
                headers = dict(message.headers() or [])
                file.write(
                    TAB.join(
                        (
                            message.topic(),
                            str(message.partition()),
                            str(message.offset()),
                            (message.key() or b'').decode('utf-8', 'replace'),
                            headers.get('ce_id', b'').decode(),
                        )
                    )
                    + '\n'
                )
                count += 1
                place = message.topic(), message.partition()
                if message.offset() + 1 >= left.get(place, 1 << 62):
                    del left[place]
    consumer.close()
    print(f'read back {count} messages')


main()
