"""Compares what was published with the samples' expected records.

Event ids and pseudonyms come from secret keys, so they differ between a hub and `translate`. Ids are left
out; each pseudonym becomes a number by its first appearance in the message: equal people stay equal,
different ones different."""

import glob
import json
import os
import re

PSEUDONYM = re.compile(r'\bp\d+\.[A-Z2-7a-z]{26}\b')


def canonical(message):
    numbers = {}

    def token(match):
        return f'pseudonym-{numbers.setdefault(match[0], len(numbers) + 1)}'

    # Members in a fixed order first, so that the numbers do not depend on the writer.
    return PSEUDONYM.sub(token, json.dumps(message, sort_keys=True, ensure_ascii=False))


def camel(name):
    return re.sub(r'_(\w)', lambda match: match[1].upper(), name)


def is_routed(record, keys):
    """Whether the message has the key that its routes want."""
    return record['type'] not in keys or bool(record['message'].get(camel(keys[record['type']])))


def expected(path, keys=None):
    """Records of one .jsonl: [(type, canonical message)], [(record, code, at)].

    keys: {type: field that its route takes as the key}. A message without it cannot be routed: a reject.
    """
    messages, rejects = [], []
    with open(path, encoding='utf-8') as file:
        for line in file:
            record = json.loads(line)
            if 'reject' in record:
                rejects.append((record['record'], record['reject']['code'], record['reject'].get('at', '')))
            elif keys and not is_routed(record, keys):
                rejects.append((record['record'], 'missing', ''))
            else:
                messages.append((record['type'], canonical(record['message'])))
    return messages, rejects


def samples(root):
    """[(connector, input, expected)] of every connector."""
    import doors  # not above: it leads to PyYAML, which a consumer with packages of its own has not

    found = sorted(glob.glob(os.path.join(root, 'connectors', '*', 'samples', '*')))
    return [
        (path.split(os.sep)[-3], path, doors.golden_of(path) + '.jsonl')
        for path in found
        if doors.is_sample(path)
    ]


def difference(wanted, got, limit=3):
    """Lines that tell what is missing and what is too much; none when equal as sets."""
    lines = []
    for what, extra in (('missing', set(wanted) - set(got)), ('not expected', set(got) - set(wanted))):
        lines += [f'{what}: {item}'[:600] for item in sorted(map(str, extra))[:limit]]
        if len(extra) > limit:
            lines.append(f'… and {len(extra) - limit} more {what}')
    return lines
