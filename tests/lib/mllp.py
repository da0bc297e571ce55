"""HL7 over MLLP for tests: an ADT message, a sender, and a source of the example configuration to send to."""

import os
import socket
import time

import ioc

VT, END = b'\x0b', b'\x1c\r'
TOPIC = 'ioc.health.encounter.v1'


def message(number, kind='ADT^A01^ADT_A01', accept='', application='', visit=None, run='ML', more=''):
    """One admission, without frame. accept, application: MSH-15 and MSH-16."""
    identity = f'{run}{number:08}'
    segments = (
        f'MSH|^~\\&|HIS|20001|IOC|LS|20260105081500||{kind}|{identity}|P|2.5|||{accept}|{application}',
        'EVN|A01|20260105081500',
        f'PID|1||BN{number:08}^^^20001^PI||MAU^NGUOI^BENH||19800101|M',
        f'PV1|1|I|NOI^101^1^20001{"|" * 16}{identity if visit is None else visit}{"|" * 25}20260105080000',
        *([more] if more else []),
    )
    return '\r'.join(segments).encode() + b'\r'


def frame(data):
    return VT + data + END


def fields(answer):
    """(MSA-1, MSA-2) of an acknowledgement."""
    for segment in answer.split(b'\r'):
        if segment.startswith(b'MSA|'):
            found = segment.decode().split('|')
            return found[1], found[2]
    raise AssertionError(f'not an acknowledgement: {answer!r}')


class Sender:
    """One connection."""

    def __init__(self, address, timeout=20):
        host, port = address.rsplit(':', 1)
        self.link = socket.create_connection((host, int(port)), timeout=timeout)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.link.close()

    def send(self, *messages):
        self.link.sendall(b''.join(frame(one) for one in messages))

    def send_bytes(self, data):
        self.link.sendall(data)

    def answer(self):
        """The next answer without its frame; None when the connection has ended."""
        while END not in self.buffer:
            try:
                piece = self.link.recv(65536)
            except ConnectionResetError:
                piece = b''
            if not piece:
                assert not self.buffer, f'half an answer: {self.buffer!r}'
                return None
            self.buffer += piece
        one, self.buffer = self.buffer.split(END, 1)
        assert one.startswith(VT) and one.count(VT) == 1, f'not framed: {one!r}'
        return one[1:]

    def codes(self, count):
        """The next answers as (MSA-1, MSA-2)."""
        found = []
        for _ in range(count):
            answer = self.answer()
            if answer is None:
                break
            found.append(fields(answer))
        return found

    def ask(self, data):
        self.send(data)
        return self.codes(1)[0]

    def ended(self):
        """Whether the hub ends the connection without a further word."""
        return self.answer() is None

    def silent(self, seconds=0.3):
        """Whether nothing comes for a while."""
        if self.buffer:
            return False
        self.link.settimeout(seconds)
        begin = time.monotonic()
        try:
            piece = self.link.recv(65536)
            self.buffer += piece
            return False
        except TimeoutError:
            return time.monotonic() - begin >= seconds * 0.9
        finally:
            self.link.settimeout(20)

    def reset(self):
        """Leaves as a machine does that loses its power: without a word, bytes unread."""
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\x01\0\0\0\0\0\0\0')
        self.link.close()


def add_source(run, name, connector='health', options='', **limits):
    """A source of its own beside those of the example configuration. Before the hub starts."""
    ioc.write(
        os.path.join(run.config, 'sources', name + '.yaml'),
        'version: 1\nsources:\n'
        f'  - name: {name}\n    connector: {connector}\n    domain: health\n'
        '    mllp: {address: "127.0.0.1:0"}\n'
        '    auth:\n      - network: {allow: [127.0.0.0/8]}\n'
        + options
        + ('    limits:\n' if limits else '')
        + ''.join(f'      {key}: {value}\n' for key, value in limits.items()),
    )


def address(run, name):
    return run.addresses['mllp-' + name]


def visits(run):
    """Numbers of the visits on the topic, in order."""
    return [one['message'].get('visitId') for one in run.consume([TOPIC])]
