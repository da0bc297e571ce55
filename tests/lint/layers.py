"""Who may include whom. A path belongs to the longest prefix that it starts with."""

# Lower never includes higher. Layers of one rank do not know each other; a layer knows itself.
RANKS = [
    ['connectors/format/'],
    ['core/base.h'],
    ['core/arena', 'core/clock', 'core/text_out'],
    ['core/problem'],
    ['core/log'],
    ['core/metrics'],
    ['core/config/'],
    ['core/message/'],
    ['core/connector/'],
    ['core/route'],
    ['core/publish/', 'core/spool/'],
    ['core/originals/', 'core/dead_letter', 'core/dedupe', 'core/cursor', 'core/nth'],
    ['core/setup'],
    ['core/pipeline', 'core/intake'],
    ['core/net/'],
    ['core/source/'],
    ['core/admin'],
    ['core/hub'],
    ['core/cli/'],
    ['core/main'],
]
RANK = {prefix: rank for rank, row in enumerate(RANKS) for prefix in row}
# Those of one step that may use each other.
TOGETHER = [
    {'core/arena', 'core/clock', 'core/text_out'},
    {'core/dead_letter', 'core/originals/'},
    {'core/pipeline', 'core/intake'},
]
# The network knows framing and senders, not what becomes of a payload.
NOT = {
    'core/net/': [
        'core/message/',
        'core/connector/',
        'core/route/',
        'core/publish/',
        'core/spool/',
        'core/originals/',
        'core/dead_letter',
        'core/dedupe',
        'core/pipeline',
        'core/intake',
    ]
}
CONTRACT = 'connectors/iochub_connector.h'
SHARED = ('connectors/members/', 'connectors/format/')  # by connectors
GENERATED_FOR_ALL = ('ioc/hub/v1/', 'google/protobuf/timestamp', 'google/protobuf/descriptor')


def layer(path):
    found = [prefix for prefix in RANK if path.startswith(prefix)]
    return max(found, key=len) if found else None


def connector_refusal(path, name, target):
    if target == CONTRACT or target.startswith((f'connectors/{name}/', *SHARED)):
        return None
    if target.endswith('.pb-c.h'):
        return None  # that it is the connector's own is seen by the linker: others' code is not linked
    return f'a connector includes the contract, {", ".join(SHARED)} and its own files, not {target}'


def core_refusal(path, target):
    if target.endswith('.pb-c.h'):
        return None if target.startswith(GENERATED_FOR_ALL) else f'core knows no domain: {target}'
    own, other = layer(path), layer(target)
    if own is None:
        return 'this file belongs to no layer: name it in tests/lint/layers.py'
    if target == CONTRACT:
        least = RANK['core/config/']
        return None if RANK[own] >= least else f'{own} is below the contract'
    if other is None:
        return f'{target} belongs to no layer'
    if own == other or any({own, other} <= group for group in TOGETHER):
        return None
    if RANK[other] >= RANK[own] or other in NOT.get(own, []):
        return f'{own} may not include {target}'
    return None


def refusal(path, target):
    """Why the file at `path` may not include `target` (both from the project's root), or None."""
    if target.startswith('tests/'):
        return None if path.startswith('tests/') else 'nothing includes tests'
    if path.startswith('tests/'):
        return None
    parts = path.split('/')
    if path == CONTRACT:
        return f'the contract includes nothing of ours: {target}'
    if parts[0] == 'connectors' and parts[1] == 'format':
        if target.startswith('connectors/format/'):
            return None
        return f'connectors/format is the lowest layer: {target}'
    if path.startswith('connectors/members/') and target.endswith('.pb-c.h'):
        known = target == 'google/protobuf/timestamp.pb-c.h'
        return None if known else f'connectors/members knows no domain: {target}'
    if parts[0] == 'connectors':
        return connector_refusal(path, parts[1], target)
    return core_refusal(path, target)
