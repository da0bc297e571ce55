"""Reads topics.yaml (the catalogue) with nothing but Python: a list of maps of scalars.

The hub's own reader is the judge of that file; this one takes what it accepts and knows only the keys that
creating a topic needs.
"""

import re

SIZES = {'': 1, 'KiB': 1 << 10, 'MiB': 1 << 20, 'GiB': 1 << 30}
TIMES = {'ms': 1, 's': 1000, 'm': 60000, 'min': 60000, 'h': 3600000, 'd': 86400000}


def scalar(value):
    value = re.sub(r'\s+#.*$', '', value.strip())
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in '"\'' else value


def read(path):
    entries, inside = [], False
    for line in open(path, encoding='utf-8'):
        if re.match(r'topics:', line):
            inside = True
        elif re.match(r'\S', line) and not line.startswith(('#', '-')):
            inside = False
        found = re.match(r'\s*(-?)\s*([a-z_]+):\s*(.*)$', line) if inside else None
        if not found or line.startswith('topics:'):
            continue
        if found[1]:
            entries.append({})
        entries[-1][found[2]] = scalar(found[3])
    return entries


def quantity(value, units):
    found = re.fullmatch(r'(-?\d+)\s*([A-Za-z]*)', value)
    if not found or found[2] not in units:
        raise ValueError(f'{value} is no number with a unit out of {", ".join(units)}')
    return int(found[1]) * units[found[2]]


def creation(entry, nodes):
    """(name, partitions, replication, configs) on a cluster of so many nodes."""
    replication = min(nodes, int(entry.get('replication', 3)))
    configs = {'min.insync.replicas': str(min(replication, int(entry.get('min_insync', 2))))}
    if 'max_message_bytes' in entry:
        configs['max.message.bytes'] = str(quantity(entry['max_message_bytes'], SIZES))
    if 'compression' in entry:
        configs['compression.type'] = {'none': 'uncompressed'}.get(entry['compression'], entry['compression'])
    if entry.get('compacted') == 'true':
        configs['cleanup.policy'] = 'compact'
    elif 'retention' in entry:
        configs['retention.ms'] = (
            str(quantity(entry['retention'], TIMES)) if entry['retention'] not in ('forever', '-1') else '-1'
        )
    return entry['name'], int(entry.get('partitions', 1)), replication, configs
