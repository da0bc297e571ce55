"""A hub in a folder of its own: configuration copied, fresh secrets, free ports, brokers, clean end.

Scenarios, the quickstart and the benchmarks stand on this. Needs Debian's Python with python3-yaml; no
other package. Whatever is started is stopped by the process object that started it, nothing else is ever
signalled."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import yaml

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
CLUSTER = os.path.join(ROOT, 'tests', 'kafka', 'cluster')


class Trouble(Exception):
    """What was expected did not happen."""


def release_build():
    """The release build with its tests: RELEASE, or build-release, which is made or brought up to date."""
    folder = os.path.abspath(os.environ.get('RELEASE') or os.path.join(ROOT, 'build-release'))
    fresh = not os.path.exists(os.path.join(folder, 'build.ninja'))
    options = ['-Dbuildtype=release', '-Dtests=true']  # the quickstart makes the same folder without tests
    first = ['meson', 'setup', folder, ROOT] if fresh else ['meson', 'configure', folder]
    for step in (first + options, ['ninja', '-C', folder]):
        done = subprocess.run(step, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise Trouble(f'{" ".join(step)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}')
    return folder


def wait(what, seconds, check):
    end = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > end:
            raise Trouble(f'{what}: not within {seconds} s')
        time.sleep(0.02)


def build_dir():
    return os.path.abspath(os.environ.get('BUILD') or os.path.join(ROOT, 'build'))


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), 'w', encoding='utf-8') as file:
        file.write(text)


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


class Process:
    """A started program, its output in a file."""

    def __init__(self, command, log, env=None):
        self.log = log
        with open(log, 'ab') as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                start_new_session=True,
            )
        self.pid = self.process.pid

    def running(self):
        return self.process.poll() is None

    def send(self, number):
        if self.running():
            self.process.send_signal(number)

    def stop(self, seconds=15, number=signal.SIGTERM):
        """Its exit code; killed when it does not end in time, which is an error of its own."""
        self.send(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Trouble(f'process {self.pid} did not end within {seconds} s of signal {number}') from None

    def text(self):
        return read(self.log)


class Source:
    """One configured sender, as a test needs it."""

    def __init__(self, entry):
        self.name, self.connector = entry['name'], entry['connector']
        way = entry.get('http') or {}
        self.listener, self.path = way.get('listener', 'main'), way.get('path')
        self.method = (way.get('methods') or ['POST'])[0]
        self.part = (way.get('payload') or {}).get('part')
        self.mllp = bool(entry.get('mllp'))
        self.folder = (entry.get('folder') or {}).get('path')  # relative to the configuration
        self.options = entry.get('options') or {}
        self.key_header = self.key_file = self.key = None
        for auth in entry.get('auth') or []:
            if 'api_key' in auth and not self.key_file:
                self.key_header = auth['api_key'].get('header', 'X-Api-Key')
                self.key_file = auth['api_key']['file']

    def headers(self):
        return {self.key_header: self.key} if self.key else {}


class Run:
    """Folder with configuration, secrets, state and logs. A context: all of it ends with the block."""

    def __init__(self, folder=None, config=None, build=None, keep=False, listen='127.0.0.1:0'):
        self.build = build or build_dir()
        self.keep = keep
        self.folder = folder or tempfile.mkdtemp(prefix='iochub-run-')
        self.config = os.path.join(self.folder, 'config')
        self.state = os.path.join(self.folder, 'state')
        self.hub_yaml = os.path.join(self.config, 'hub.yaml')
        self.bootstrap = self.hub = self.broker = self.cluster = None
        self.processes = []
        shutil.copytree(
            config or os.path.join(ROOT, 'broker-config'),
            self.config,
            ignore=shutil.ignore_patterns('secrets'),
        )
        os.makedirs(self.state, mode=0o700, exist_ok=True)
        self.iochub = os.path.join(self.build, 'core', 'iochub')
        self.env = dict(os.environ, IOCHUB_CONNECTORS=os.path.join(self.build, 'connectors'))
        self.edit('hub.yaml', lambda text: re.sub(r'(?m)^state_dir:.*$', f'state_dir: {self.state}', text))
        self.listen(listen)
        self.make_secrets()

    # --- configuration ---

    def listen(self, address):
        """Every listener on a free port, whatever the example says."""
        text = re.sub(
            r'(\baddress:\s*)"?[\w.:\[\]]+:\d+"?', lambda m: f'{m[1]}"{address}"', read(self.hub_yaml)
        )
        text = re.sub(r'(?m)^(admin:\s*)"?[\w.:\[\]]+:\d+"?', lambda m: f'{m[1]}"{address}"', text)
        write(self.hub_yaml, text)
        own = re.compile(r'(mllp:\s*\{?\s*address:\s*)"?[\w.:\[\]]+:\d+"?')
        for name in os.listdir(os.path.join(self.config, 'sources')):
            self.edit(
                os.path.join('sources', name), lambda text: own.sub(lambda m: f'{m[1]}"{address}"', text)
            )

    def edit(self, name, change):
        path = os.path.join(self.config, name)
        write(path, change(read(path)))

    def documents(self, folder):
        path = os.path.join(self.config, folder)
        names = sorted(os.listdir(path)) if os.path.isdir(path) else []
        return [yaml.safe_load(read(os.path.join(path, name))) for name in names if name.endswith('.yaml')]

    def make_secrets(self):
        """By the script that admins use; it prints each API key once."""
        made = subprocess.run(
            [os.path.join(self.config, 'make-secrets'), self.config],
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        keys = dict(line.split() for line in made.stdout.splitlines())
        self.sources = {}
        for document in self.documents('sources'):
            for entry in document.get('sources') or []:
                source = Source(entry)
                source.key = keys.get(source.key_file)
                self.sources[source.name] = source

    def topics(self):
        return [
            entry['name']
            for entry in yaml.safe_load(read(os.path.join(self.config, 'topics.yaml')))['topics']
        ]

    def route_keys(self):
        """{type: field that is the key}, of types that no route takes without one"""
        routes = [route for document in self.documents('routes') for route in document.get('routes') or []]
        free = {route['type'] for route in routes if 'key' not in route or 'without_key' in route}
        return {route['type']: route['key'] for route in routes if route['type'] not in free}

    # --- processes ---

    def start(self, command, name, env=None):
        process = Process(command, os.path.join(self.folder, name + '.log'), env or self.env)
        self.processes.append(process)
        return process

    def start_dev_broker(self, brokers=1):
        address = os.path.join(self.folder, 'broker.address')
        self.broker = self.start(
            [
                self.iochub,
                'dev-broker',
                '--topics',
                os.path.join(self.config, 'topics.yaml'),
                '--brokers',
                str(brokers),
                '--address-file',
                address,
            ],
            'broker',
        )
        self.bootstrap = wait('the embedded broker', 30, lambda: self.address_in(address, self.broker))

    @staticmethod
    def address_in(path, process):
        if not process.running():
            raise Trouble('the embedded broker ended:\n' + process.text()[-2000:])
        text = read(path).strip() if os.path.exists(path) else ''
        return text.removeprefix('bootstrap').strip() or None

    def start_kafka(self, nodes=1):
        self.cluster = os.path.join(self.folder, 'kafka')
        made = subprocess.run(
            [
                CLUSTER,
                'start',
                self.cluster,
                '--nodes',
                str(nodes),
                '--topics',
                os.path.join(self.config, 'topics.yaml'),
            ],
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise Trouble('Apache Kafka did not start:\n' + made.stderr[-2000:])
        self.bootstrap = made.stdout.split('\n')[0].split()[1]

    def kafka(self, action, *arguments):
        subprocess.run([CLUSTER, action, self.cluster, *map(str, arguments)], check=True)

    def hub_command(self):
        command = [self.iochub, 'run', '--state-dir', self.state]
        if self.bootstrap:
            command += ['--bootstrap', self.bootstrap]
        return command + [self.hub_yaml]

    def start_hub(self, seconds=30, env=None):
        addresses = os.path.join(self.state, 'addresses')
        if os.path.exists(addresses):
            os.unlink(addresses)
        self.hub = self.start(self.hub_command(), 'hub', dict(self.env, **(env or {})))
        wait('the hub', seconds, lambda: self.is_open(addresses))
        self.addresses = dict(line.split() for line in read(addresses).splitlines() if line.strip())
        return self.hub

    def is_open(self, addresses):
        if not self.hub.running():
            raise Trouble('the hub ended:\n' + self.hub.text()[-3000:])
        return os.path.exists(addresses)

    def run(self, *arguments, check=None, **options):
        """One `iochub …` to its end."""
        made = subprocess.run(
            [self.iochub, *arguments],
            capture_output=True,
            text=True,
            env=self.env,
            stdin=options.pop('stdin', subprocess.DEVNULL),
            **options,
        )
        if check is not None and made.returncode != check:
            raise Trouble(f'iochub {" ".join(arguments)}: exit {made.returncode}\n{made.stderr[-2000:]}')
        return made

    # --- asking ---

    def url(self, source):
        return f'http://{self.addresses[source.listener]}{source.path}'

    def post(self, source, data, headers=None, path=None, method=None, timeout=60):
        """(status, headers, body). `data` is the whole body."""
        host = self.addresses[source.listener]
        link = http.client.HTTPConnection(host, timeout=timeout)
        try:
            link.request(
                method or source.method, path or source.path, data, {**source.headers(), **(headers or {})}
            )
            answer = link.getresponse()
            return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
        finally:
            link.close()

    def admin(self, path):
        try:
            with urllib.request.urlopen(f'http://{self.addresses["admin"]}{path}', timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self):
        """{(name, ((label, value), …)): number}"""
        found = {}
        for line in self.admin('/metrics')[1].splitlines():
            match = re.fullmatch(r'(\w+)(?:\{(.*)\})? ([-+.\deE]+|NaN|[-+]Inf)', line)
            if match:
                labels = tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or '')))
                found[match[1], labels] = float(match[3])
        return found

    def metric(self, name, **labels):
        """Sum of the series of that name that have these labels."""
        wanted = set(labels.items())
        return sum(
            value for (found, have), value in self.metrics().items() if found == name and wanted <= set(have)
        )

    def consume(self, topics=None, count=None, timeout=60):
        """Everything on those topics (all of the catalogue), as objects."""
        command = ['consume', '--bootstrap', self.bootstrap, '--config', self.hub_yaml, '--from-start']
        if count:
            command += ['--count', str(count)]
        made = self.run(*command, *(topics or self.topics()), check=0, timeout=timeout)
        return [json.loads(line) for line in made.stdout.splitlines()]

    # --- end ---

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            self.close()
        finally:
            if kind and self.hub:
                print(f'--- the end of {self.hub.log}:\n' + self.hub.text()[-3000:])
            if not self.keep and not kind:
                shutil.rmtree(self.folder, ignore_errors=True)
            elif kind:
                print(f'--- kept for a look: {self.folder}')

    def close(self):
        troubles = []
        for process in reversed(self.processes):
            try:
                process.stop()
            except Trouble as trouble:
                troubles.append(str(trouble))
        self.processes = []
        if self.cluster and os.path.isdir(self.cluster):
            subprocess.run([CLUSTER, 'stop', self.cluster], stdin=subprocess.DEVNULL, check=False)
        if troubles:
            raise Trouble('; '.join(troubles))
