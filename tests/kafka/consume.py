"""A consumer that knows nothing of iochub but its .proto files: confluent-kafka and protobuf from PyPI.

usage: tests/kafka/client tests/kafka/consume.py BOOTSTRAP GOLDEN.jsonl…
       tests/kafka/client tests/kafka/consume.py --lines BOOTSTRAP

Reads every topic `ioc.*` from its beginning to its present end, decodes each value by the type that its
header names, and compares with the golden records. Exit 1 when they differ. With --lines it prints one
line of JSON for each message instead: topic, type, id, message."""

import glob
import json
import os
import subprocess
import sys
import tempfile

import confluent_kafka
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, '..', '..'))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
import golden  # noqa: E402


class Schema:
    """The message classes, made from the .proto files."""

    def __init__(self):
        with tempfile.NamedTemporaryFile() as file:
            protos = glob.glob(os.path.join(ROOT, 'proto', 'ioc', '**', '*.proto'), recursive=True)
            subprocess.run(
                [
                    'protoc',
                    '--include_imports',
                    '--descriptor_set_out=' + file.name,
                    '-I' + os.path.join(ROOT, 'proto'),
                    '-I/usr/include',
                    *protos,
                ],
                check=True,
            )
            files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
        self.pool = descriptor_pool.DescriptorPool()
        for entry in files.file:
            (
                self.pool.Add(entry)
                if hasattr(self.pool, 'Add')
                else self.pool.AddSerializedFile(entry.SerializeToString())
            )

    def new(self, name):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))()

    def canonical(self, message):
        return golden.canonical(json_format.MessageToDict(message))


def ends(consumer, topics):
    partitions = [
        confluent_kafka.TopicPartition(name, number, confluent_kafka.OFFSET_BEGINNING)
        for name, topic in topics.items()
        for number in topic.partitions
    ]
    return partitions, {
        (p.topic, p.partition): consumer.get_watermark_offsets(p, timeout=20)[1] for p in partitions
    }


def read_all(bootstrap):
    """Every message of the topics `ioc.*` up to the end that they have now."""
    consumer = confluent_kafka.Consumer(
        {
            'bootstrap.servers': bootstrap,
            'group.id': 'iochub-tests',
            'enable.auto.commit': False,
            'enable.partition.eof': True,
        }
    )
    try:
        topics = {
            name: topic
            for name, topic in consumer.list_topics(timeout=20).topics.items()
            if name.startswith('ioc.')
        }
        if not topics:
            sys.exit('there is no topic')
        partitions, _ends = ends(consumer, topics)
        consumer.assign(partitions)
        left, messages = len(partitions), []
        while left:
            message = consumer.poll(30)
            if message is None:
                sys.exit(f'nothing came for 30 s, {left} partitions are unread')
            if not message.error():
                messages.append(message)
            elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                left -= 1
        return messages
    finally:
        consumer.close()


def headers(message):
    return {name: value.decode() for name, value in message.headers() or []}


def troubles_of(message):
    """What every consumer may rely on."""
    have = headers(message)
    for name, value in (('ce_specversion', '1.0'), ('content-type', 'application/protobuf')):
        if have.get(name) != value:
            yield f'{message.topic()}: header {name} is {have.get(name)}, not {value}'
    for name in ('ce_id', 'ce_source', 'ce_type', 'ce_time'):
        if not have.get(name):
            yield f'{message.topic()}: there is no header {name}'
    if message.key() is None:
        yield f'{message.topic()}: no key'


def decode(schema, message):
    name = headers(message).get('ce_type', '')
    value = schema.new(name)
    value.ParseFromString(message.value())
    return name, value


def print_lines(bootstrap):
    schema = Schema()
    for message in read_all(bootstrap):
        troubles = list(troubles_of(message))
        if troubles:
            sys.exit(troubles[0])
        name, value = decode(schema, message)
        line = {'topic': message.topic(), 'type': name, 'id': headers(message)['ce_id']}
        print(json.dumps({**line, 'message': json_format.MessageToDict(value)}, ensure_ascii=False))
    return 0


def main():
    if sys.argv[1] == '--lines':
        return print_lines(sys.argv[2])
    schema, wanted, got, troubles, letters, ids = Schema(), set(), set(), [], 0, set()
    for path in sys.argv[2:]:
        for line in open(path, encoding='utf-8'):
            record = json.loads(line)
            if 'message' in record:
                message = json_format.ParseDict(record['message'], schema.new(record['type']))
                wanted.add((record['type'], schema.canonical(message)))
    for message in read_all(sys.argv[1]):
        troubles += troubles_of(message)
        name, value = decode(schema, message)
        if 'dead-letter' in message.topic():
            letters += 1
            continue
        got.add((name, schema.canonical(value)))
        if (message.topic(), headers(message).get('ce_id')) in ids:
            troubles.append(f'{message.topic()}: event {headers(message).get("ce_id")} came twice')
        ids.add((message.topic(), headers(message).get('ce_id')))
    troubles += golden.difference(wanted, got)
    for line in troubles[:20]:
        print(line)
    print(
        f'decoded from the .proto files: {len(ids)} messages, {len(wanted)} different ones expected, '
        f'{letters} dead letters, {len(troubles)} differences'
    )
    return 1 if troubles or not ids else 0


sys.exit(main())
