"""A hub with folder sources that take rows (tests/connector/rows), for scenarios and faults."""

import json
import os
import re

import ioc

TOPIC = 'ioc.test.row.v1'
LETTERS = 'ioc.dead-letter.test.v1'


def prepare(run, sources, partitions=3, order='key'):
    """Adds the sources, {name: options of `folder:`}, one route and its topics. Returns {name: inbox}."""
    entries, inboxes = [], {}
    for name, options in sources.items():
        inbox = os.path.join(run.folder, 'inbox', name)
        os.makedirs(inbox, exist_ok=True)
        inboxes[name] = inbox
        lines = ''.join(f'\n      {key}: {value}' for key, value in {'path': inbox, **options}.items())
        entries.append(f'  - name: {name}\n    connector: rows\n    domain: test\n    folder:{lines}\n')
    config = run.config
    for folder in ('sources', 'routes'):
        for file in os.listdir(os.path.join(config, folder)):
            os.unlink(os.path.join(config, folder, file))
    ioc.write(os.path.join(config, 'sources', 'rows.yaml'), 'version: 1\nsources:\n' + ''.join(entries))
    ioc.write(
        os.path.join(config, 'routes', 'rows.yaml'),
        'version: 1\nroutes:\n'
        f'  - {{name: rows, type: test.rows.v1.Row, topic: {TOPIC}, key: key, order: {order}}}\n',
    )
    topic = (
        '  - name: {0}\n    type: {1}\n    partitions: {2}\n    replication: 1\n    min_insync: 1\n    {3}\n'
        '    owner: test\n    purpose: test\n'
    )
    ioc.write(
        os.path.join(config, 'topics.yaml'),
        'version: 1\ntopics:\n'
        + topic.format(TOPIC, 'test.rows.v1.Row', partitions, 'retention: 1 d')
        + topic.format(LETTERS, 'ioc.hub.v1.DeadLetter', 1, 'compacted: true'),
    )
    built = os.path.join(run.build, 'tests', 'connector', 'rows')
    run.env['IOCHUB_CONNECTORS'] = built + ':' + run.env['IOCHUB_CONNECTORS']
    return inboxes


def reported(path):
    return json.loads(ioc.read(path))


def cursor_files(run):
    return sorted(os.listdir(os.path.join(run.state, 'cursors')))


def status(run):
    """{source: what /readyz says of its folder}"""
    return dict(re.findall(r'(?m)^folder (\S+) (.*)$', run.admin('/readyz')[1]))
