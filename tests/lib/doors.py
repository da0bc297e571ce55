"""Which source of the example configuration a sample goes to, and how it is sent there.

A door is the way the bytes are wrapped: 'body' with a content type, or 'part' of a multipart form.
"""
import os

TYPES = {'.xml': 'application/xml', '.edxml': 'application/xml', '.json': 'application/json', '.csv': 'text/csv',
         '.soap': 'text/xml'}


def door(source, path):
    """How this sample is sent to that source; None when it does not fit."""
    kind = TYPES.get(os.path.splitext(path)[1])
    if kind is None:
        return None
    return ('part', source.part, kind) if source.part else ('body', None, kind)


def choose(run, connector, path):
    """The first source of the connector that takes the sample: bodies before forms."""
    fitting = [(source, door(source, path)) for source in run.sources.values()
               if source.connector == connector and source.path and door(source, path)]
    fitting.sort(key=lambda pair: pair[1][0] != 'body')
    return fitting[0] if fitting else (None, None)


def curl(run, source, way, path):
    """The complete command."""
    command = ['curl', '-X', source.method] if source.method != 'POST' else ['curl']
    for name, value in source.headers().items():
        command += ['-H', f'{name}: {value}']
    if way[0] == 'part':
        command += ['-F', f'{way[1]}=@{path};type={way[2]}']
    else:
        command += ['-H', f'Content-Type: {way[2]}', '--data-binary', f'@{path}']
    return command + [run.url(source)]
