"""The Kafka requests that the harness needs, over a plain socket: metadata, topic creation, ends of
partitions.

Versions are the lowest that Kafka 4 still takes, so that no flexible encoding is needed. No package is
needed either: a broker is ready, and its topics exist, within milliseconds and before any client is
installed."""

import socket
import struct


class Reader:
    def __init__(self, data):
        self.data, self.place = data, 0

    def take(self, form):
        values = struct.unpack_from('>' + form, self.data, self.place)
        self.place += struct.calcsize('>' + form)
        return values[0]

    def text(self):
        length = self.take('h')
        if length < 0:
            return None
        self.place += length
        return self.data[self.place - length : self.place].decode()

    def array(self, item):
        return [item() for _ in range(max(0, self.take('i')))]


def text(value):
    data = value.encode()
    return struct.pack('>h', len(data)) + data


def array(items):
    return struct.pack('>i', len(items)) + b''.join(items)


def receive(peer, size):
    data = b''
    while len(data) < size:
        piece = peer.recv(size - len(data))
        if not piece:
            raise ConnectionError('the broker closed the connection')
        data += piece
    return data


def ask(port, key, version, body, timeout=10):
    head = struct.pack('>hhi', key, version, 1) + text('iochub-tests')
    with socket.create_connection(('127.0.0.1', port), timeout=timeout) as peer:
        peer.sendall(struct.pack('>i', len(head + body)) + head + body)
        (size,) = struct.unpack('>i', receive(peer, 4))
        return Reader(receive(peer, size)[4:])


def metadata(port):
    """{node: port}, controller, {topic: [(leader, replicas, in-sync replicas), ...]}"""
    answer = ask(port, 3, 1, struct.pack('>i', -1), timeout=5)

    def broker():
        node, _host, at, _rack = answer.take('i'), answer.text(), answer.take('i'), answer.text()
        return node, at

    def partition():
        answer.take('h')
        index, leader = answer.take('i'), answer.take('i')
        replicas = answer.array(lambda: answer.take('i'))
        in_sync = answer.array(lambda: answer.take('i'))
        return index, leader, replicas, in_sync

    def topic():
        error, name, _internal = answer.take('h'), answer.text(), answer.take('b')
        return name, error, sorted(answer.array(partition))

    brokers = dict(answer.array(broker))
    controller = answer.take('i')
    topics = {name: [part[1:] for part in parts] for name, error, parts in answer.array(topic) if error == 0}
    return brokers, controller, topics


def create_topics(port, topics):
    """topics: [(name, partitions, replication, {config: value})]. Returns {name: reason} of the refused."""

    def one(name, partitions, replication, configs):
        return (
            text(name)
            + struct.pack('>ihi', partitions, replication, 0)
            + array([text(key) + text(value) for key, value in sorted(configs.items())])
        )

    body = array([one(*topic) for topic in topics]) + struct.pack('>ib', 30000, 0)
    answer = ask(port, 19, 2, body, timeout=40)
    answer.take('i')
    results = answer.array(lambda: (answer.text(), answer.take('h'), answer.text()))
    exists = 36
    return {name: f'{reason} ({error})' for name, error, reason in results if error not in (0, exists)}


def led(port, topics):
    """Whether this broker answers as the leader of these partitions: [(topic, [partition, ...])].

    Metadata names a leader some milliseconds before it takes up its office."""
    body = struct.pack('>i', -1) + array(
        [
            text(name) + array([struct.pack('>iq', number, -1) for number in numbers])
            for name, numbers in topics
        ]
    )
    answer = ask(port, 2, 1, body)

    def partition():
        number, error = answer.take('i'), answer.take('h')
        answer.take('q'), answer.take('q')  # time, offset
        return number, error

    errors = [
        error
        for _, parts in answer.array(lambda: (answer.text(), answer.array(partition)))
        for _, error in parts
    ]
    return bool(errors) and not any(errors)
