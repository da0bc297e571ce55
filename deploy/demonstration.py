#!/usr/bin/python3
"""The main job, shown: every sample of every connector sent over HTTP, MLLP or a folder, each message as it
arrives on its topic.

What arrived is compared with the samples' expected records; the exit code says whether it is the same.
deploy/quickstart installs and builds what this needs."""

import argparse
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
sys.path.insert(0, os.path.join(ROOT, 'tests', 'lib'))
import golden  # noqa: E402
import ioc  # noqa: E402
import doors  # noqa: E402


class Follower:
    """`iochub consume --follow` on all topics, one readable line for each message as it comes."""

    def __init__(self, run):
        command = [
            run.iochub,
            'consume',
            '--bootstrap',
            run.bootstrap,
            '--config',
            run.hub_yaml,
            '--from-start',
            '--follow',
            *run.topics(),
        ]
        self.log = os.path.join(run.folder, 'consume.log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=run.env, stderr=log
            )
        self.messages, self.queue = [], queue.Queue()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            self.queue.put(json.loads(line))

    def show(self, seconds):
        """Prints what comes until nothing has come for that long."""
        while True:
            try:
                message = self.queue.get(timeout=seconds)
            except queue.Empty:
                if self.process.poll() is not None:
                    raise ioc.Trouble('iochub consume ended: ' + ioc.read(self.log)) from None
                return
            self.messages.append(message)
            print('   ', time.strftime('%H:%M:%S'), line_of(message), flush=True)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def line_of(message):
    topic, value = message.get('topic', ''), message.get('message') or {}
    if 'dead-letter' in topic:
        said = f'refused: {value.get("code")} at {value.get("at")}: {value.get("detail")}'
    else:
        said = '; '.join(f'{name} {text}' for name, text in facts(value))
    return f'{topic}  key {str(message.get("key", ""))[:40]}  {said}'[:230]


def facts(value):
    """The few members that a reader recognises, whatever the message."""
    wanted = (
        'code',
        'documentCode',
        'docCode',
        'subject',
        'direction',
        'status',
        'state',
        'procedureName',
        'dueAt',
        'summary',
        'type',
        'kind',
        'occurredAt',
    )
    found = [(name, value[name]) for name in wanted if isinstance(value.get(name), (str, int, float, bool))]
    simple = [
        (name, text)
        for name, text in value.items()
        if isinstance(text, (str, int)) and (name, text) not in found
    ]
    return (found + simple)[:4]


def post(run, source, door, path):
    """Returns (status as a text, answer)."""
    try:
        return doors.send(run, source, door, path)
    except RuntimeError as trouble:
        raise ioc.Trouble(str(trouble)) from None


def post_samples(run, follower):
    posted = []
    for connector, path, expected in golden.samples(ROOT):
        source, door = doors.choose(run, connector, path)
        if source is None:
            raise ioc.Trouble(f'no source of the example configuration takes {os.path.relpath(path, ROOT)}')
        status, body = post(run, source, door, path)
        print(f'{os.path.relpath(path, ROOT)} → {source.name}: {status} {shorten(body)}', flush=True)
        posted.append((source, path, expected, status))
        follower.show(0.15)
    follower.show(2)
    return posted


def shorten(body):
    body = re.sub(r'\s+', ' ', body).strip()
    return body if len(body) <= 150 else body[:149] + '…'


def refuse_one(run, follower):
    """A payload that is none: the answer says why, and it stands among the dead letters."""
    path = os.path.join(run.folder, 'broken.xml')
    ioc.write(path, '<edXML><edXMLEnvelope><edXMLHeader></edXMLEnvelope></edXML>')
    source, door = doors.choose(run, 'e-documents', path)
    status, body = post(run, source, door, path)
    print(f'broken.xml → {source.name}: {status} {shorten(body)}')
    follower.show(2)
    print('iochub dead-letters list, the newest:')
    listed = run.run('dead-letters', 'list', '--bootstrap', run.bootstrap, '--config', run.hub_yaml, check=0)
    print('   ', listed.stdout.strip().split('\n')[-1][:200])
    return status


def compare(run, posted, messages):
    """Lines that tell what differs."""
    wanted, rejects = [], 0
    for _source, _path, expected, _status in posted:
        events, refused = golden.expected(expected, run.route_keys())
        wanted += events
        rejects += len(refused)
    got = [
        (message['type'], golden.canonical(message['message']))
        for message in messages
        if 'dead-letter' not in message['topic']
    ]
    ids = [
        (message['topic'], message['headers'].get('ce_id'))
        for message in messages
        if 'dead-letter' not in message['topic']
    ]
    lines = golden.difference(wanted, got)
    if len(ids) != len(set(ids)):
        lines.append(f'{len(ids) - len(set(ids))} messages came twice with one event id')
    return lines, len(set(wanted)), len(got), rejects


def example(run, source):
    """A good sample for a source, one that becomes messages only, and its door."""
    for connector, path, expected in golden.samples(ROOT):
        if connector != source.connector:
            continue
        taken, door = doors.other_way(run, connector, path) or (None, None)
        if taken is None and source.path and doors.fits(source, path):
            taken, door = source, doors.door(source, path)
        messages, rejects = golden.expected(expected)
        if taken is source and door and messages and not rejects:
            return path, door
    return None, None


def explain(run):
    """Everything a person needs to go on by hand."""
    print('\nThe hub goes on. A complete command for each source:')
    for source in run.sources.values():
        path, door = example(run, source)
        if path:
            print(f'  {doors.command(run, source, door, path)}')
    print(
        f'\nbootstrap  {run.bootstrap}   (any Kafka client)'
        if run.cluster
        else f'\nbootstrap  {run.bootstrap}   (any client on librdkafka: kcat, confluent-kafka)'
    )
    print(f'hub        pid {run.hub.pid}, log {run.hub.log}, http://{run.addresses["admin"]}/metrics')
    print(
        f'consume    IOCHUB_CONNECTORS={run.env["IOCHUB_CONNECTORS"]} {run.iochub} consume '
        f'--bootstrap {run.bootstrap} --config {run.hub_yaml} --from-start {run.topics()[0]}'
    )
    print('Ctrl-C ends it.', flush=True)


def show(run, stay, kafka):
    print('broker: ' + ('Apache Kafka, one node' if kafka else 'embedded (iochub dev-broker)'), flush=True)
    if kafka:
        run.start_kafka()
    else:
        run.start_dev_broker()
    run.start_hub()
    print(f'broker at {run.bootstrap}; hub at {", ".join(f"{n} {a}" for n, a in run.addresses.items())}\n')
    follower = Follower(run)
    try:
        posted = post_samples(run, follower)
        lines, wanted, got, rejects = compare(run, posted, follower.messages)
        print('\nOne payload that is refused:')
        status = refuse_one(run, follower)
        letters = sum('dead-letter' in message['topic'] for message in follower.messages)
        if int(status) < 400:
            lines.append(f'the broken payload was answered {status}')
        if letters == 0:
            lines.append('no dead letter arrived')
        print(
            f'\n{len(posted)} samples posted; {got} messages arrived, {wanted} different ones expected; '
            f'{rejects} records of the samples are rejects; {letters} dead letters'
        )
        for line in lines:
            print('DIFFERENT', line)
        print('everything is as the samples expect' if not lines else f'{len(lines)} differences', flush=True)
        if stay:
            explain(run)
            stop = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stop.set())
            while not stop.wait(0.5) and run.hub.running():
                follower.show(0.1)
        return 1 if lines else 0
    finally:
        follower.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--stay', action='store_true')
    parser.add_argument('--kafka', action='store_true')
    values = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with ioc.Run() as run:
            result = show(run, values.stay, values.kafka)
        if 'IOCHUB_BEGIN' in os.environ:
            print(f"\nthe whole took {time.time() - float(os.environ['IOCHUB_BEGIN']):.0f} s")
        return result
    except (ioc.Trouble, OSError, subprocess.SubprocessError) as trouble:
        print(f'quickstart: {trouble}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


sys.exit(main())
