"""Which source of the example configuration a sample goes to, and how it is sent there.

A door is the way the bytes are wrapped: 'body' with a content type, 'part' of a multipart form, 'mllp' in a
frame, or 'folder' as a file that is moved into one.
"""

import os
import shlex
import shutil
import subprocess
import time

import mllp

TYPES = {
    '.xml': 'application/xml',
    '.edxml': 'application/xml',
    '.json': 'application/json',
    '.ndjson': 'application/x-ndjson',
    '.edi': 'application/edifact',
    '.hl7': 'x-application/hl7-v2+er7',
    '.csv': 'text/csv',
    '.soap': 'text/xml',
    '.form': 'application/x-www-form-urlencoded',
    '.multipart': 'multipart/form-data; boundary=iochub-sample',
    '.txt': 'text/plain',
    '.xls': 'application/vnd.ms-excel',
    '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    '.zip': 'application/zip',
}
# NAME.CHARSET.csv is in that character set, UTF-8 without.
CHARSETS = ('.tcvn3', '.vni', '.windows-1258')
# What goes into the folder of its connector, where there is one.
DROPPED = ('pupils.csv',)
NOT_SAMPLES = ('.jsonl', '.reply', '.md')


def is_sample(path):
    return os.path.isfile(path) and not path.endswith(NOT_SAMPLES)


def golden_of(path):
    """Path without ending of the files that say what a sample becomes."""
    return path if os.path.exists(path + '.jsonl') else os.path.splitext(path)[0]


def content_type(path):
    stem, ending = os.path.splitext(path)
    charset = os.path.splitext(stem)[1]
    return f'text/csv; charset={charset[1:]}' if charset in CHARSETS else TYPES.get(ending)


def door(source, path):
    """How this sample is sent to that source; None when it does not fit."""
    kind = content_type(path)
    if kind is None:
        return None
    return ('part', source.part, kind) if source.part else ('body', None, kind)


def fits_health(source, path):
    """Forms go to the gateways' doors, everything else to the one that takes all."""
    if path.endswith('.multipart') and 'vss' not in path:
        return 'Cong130' in source.path
    if path.endswith(('.form', '.multipart')):
        return ('checkIn' in source.path) == ('check-in' in path) and 'qd130' in source.path
    return source.name == 'health'


def fits_border(source, path):
    """XML is customs', EDIFACT has a door of its own."""
    wanted = {'.xml': 'customs', '.soap': 'customs', '.edi': 'edifact'}
    return source.name.endswith(wanted.get(os.path.splitext(path)[1], 'border-gate'))


def fits(source, path):
    """Sources of one connector differ by what their senders bring."""
    with open(path, 'rb') as file:
        data = file.read(1 << 20)
    if source.connector == 'border-gate':
        return fits_border(source, path)
    if source.connector == 'health':
        return fits_health(source, path)
    if source.connector != 'public-services':
        return True
    if 'CapNhatTienDo' in source.path:
        return b'CapNhatTienDo' in data
    if 'igate' in source.path:
        return b'"content"' in data or b'totalElements' in data
    return b'CapNhatTienDo' not in data


def goes_by_mllp(path):
    """HL7 that fits into a frame: not what holds the frame's own bytes."""
    with open(path, 'rb') as file:
        data = file.read()
    return path.endswith('.hl7') and b'\x0b' not in data and b'\x1c' not in data


def other_way(run, connector, path):
    """(source, door) by MLLP or folder; None where the sample does not go there."""
    for source in run.sources.values():
        if source.connector == connector and source.mllp and goes_by_mllp(path):
            return source, ('mllp', None, None)
        if source.connector == connector and source.folder and os.path.basename(path) in DROPPED:
            return source, ('folder', None, None)
    return None


def choose(run, connector, path):
    """(source, door): the best of the connector that takes the sample, bodies before forms."""
    other = other_way(run, connector, path)
    if other:
        return other
    fitting = [
        (source, door(source, path))
        for source in run.sources.values()
        if source.connector == connector and source.path and door(source, path)
    ]
    fitting.sort(
        key=lambda pair: (not fits(pair[0], path), pair[1][0] != 'body', 'igate' not in pair[0].name)
    )
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


def inbox(run, source):
    return os.path.join(run.config, source.folder)


def command(run, source, way, path):
    """What a person types."""
    quoted = shlex.quote(path)
    if way[0] == 'mllp':
        address = mllp.address(run, source.name)
        frame = f"(printf '\\013'; cat {quoted}; printf '\\034\\015'; sleep 1)"
        return f'{frame} | curl -s -m 3 telnet://{address}'
    if way[0] == 'folder':
        return f'cp {quoted} {shlex.quote(inbox(run, source))}/'
    return shlex.join(curl(run, source, way, path))


def send_http(run, source, way, path):
    made = subprocess.run(
        [*curl(run, source, way, path), '-s', '-S', '-w', '\n%{http_code}', '-m', '60'],
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise RuntimeError(f'curl: {made.stderr.strip()}')
    body, _, status = made.stdout.rpartition('\n')
    return status, body


def send_mllp(run, source, path):
    with open(path, 'rb') as file, mllp.Sender(mllp.address(run, source.name)) as sender:
        sender.send(file.read())
        answer = (sender.answer() or b'').decode(errors='replace')
    # The separator is the message's own.
    codes = [line.split(line[3])[1] for line in answer.split('\r') if line.startswith('MSA')]
    return ' '.join(codes) or 'no answer', answer.replace('\r', ' ')


def send_folder(run, source, path):
    """Moved in whole; done when the hub has moved it on."""
    name, folder = os.path.basename(path), inbox(run, source)
    shutil.copy(path, os.path.join(folder, '.' + name))
    os.rename(os.path.join(folder, '.' + name), os.path.join(folder, name))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for result in ('done', 'failed'):
            if os.path.exists(os.path.join(folder, result, name)):
                return result, ''
        time.sleep(0.05)
    raise RuntimeError(f'{name} was not taken out of {folder}')


def send(run, source, way, path):
    """(status as a text, answer)."""
    if way[0] == 'mllp':
        return send_mllp(run, source, path)
    if way[0] == 'folder':
        return send_folder(run, source, path)
    return send_http(run, source, way, path)
