"""Kinds of payloads of the five fields.

Each payload is a sample with numbers of its own, so that none repeats another."""

import base64
import collections
import json
import os
import re
import urllib.parse

import golden
import ioc
import mllp

CONNECTORS = os.path.join(ioc.ROOT, 'connectors')
BENCH = os.path.join(ioc.ROOT, 'tests', 'bench')
RUN = 'DAY'
BOUNDARY = 'iochub-day-of-traffic'


def read(*parts):
    with open(os.path.join(*parts), 'rb') as file:
        return file.read()


def filled(data, path, holes):
    """make(number): holes are {text in the data: form of its like}, filled in one pass."""
    for text in holes:
        if text.encode() not in data:
            raise ioc.Trouble(f'{path} does not hold {text}')
    texts = sorted(map(str.encode, holes), key=len, reverse=True)
    pattern = re.compile(b'|'.join(map(re.escape, texts)))

    def make(number):
        return pattern.sub(lambda match: holes[match[0].decode()].format(n=number).encode(), data)

    return make


def from_sample(path, *holes):
    return filled(read(CONNECTORS, path), path, dict(holes))


def from_bench(name, *holes):
    return filled(read(BENCH, name), name, {'@NUMBER@': '{n:08}', '@RUN@': RUN, **dict(holes)})


def pupils(number):
    """A class of thirty."""
    rows = ['Mã trường,Mã lớp,Mã học sinh,Họ tên,Ngày sinh,Giới tính,Trạng thái HS,Ngày nhập trạng thái']
    for place in range(30):
        rows.append(f'20001,5A,2{number:08}{place:02},Nông Văn Mẫu,05/09/2015,Nam,Đang học,05/09/2025')
    return ('\r\n'.join(rows) + '\r\n').encode()


def cut(data):
    return data[: len(data) * 2 // 3]


def without_header(data):
    """A sheet whose columns nobody can tell."""
    return b'\n'.join(line for line in data.split(b'\n') if 'Mã lớp'.encode() not in line)


def without(segment):
    def spoil(data):
        return b'\r'.join(line for line in re.split(rb'\r\n?|\n', data) if not line.startswith(segment))

    return spoil


def gateway_form(data):
    """As hospitals send insurance files to VSS."""
    fields = {'username': '20999_BV', 'loaiHoSo': '3176', 'maTinh': '20', 'maCSKCB': '20999'}
    fields['fileHSBase64'] = base64.b64encode(data)
    return urllib.parse.urlencode(fields).encode(), 'application/x-www-form-urlencoded'


def document_form(data):
    """As the document axis sends."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="edocFile"; filename="document.edxml"\r\n'
        'Content-Type: application/xml\r\n\r\n'
    )
    body = head.encode() + data + f'\r\n--{BOUNDARY}--\r\n'.encode()
    return body, f'multipart/form-data; boundary={BOUNDARY}'


class Kind:
    """One kind of payload: how one is made and spoilt, where it goes, and what it becomes."""

    def __init__(self, name, share, source, make, content_type=None, spoil=cut, form=None):
        self.name, self.share, self.source = name, share, source
        self.make, self.content_type, self.spoil, self.form = make, content_type, spoil, form
        self.good = self.broken = None  # Counter of topics that one payload, or one that is broken, adds to

    def payload(self, number, broken=False):
        """(bytes on the way, content type)"""
        data = self.make(number)
        data = self.spoil(data) if broken else data
        return self.form(data) if self.form else (data, self.content_type)


def edoc():
    urgent = from_bench('payload.xml', ('<edXML:Priority>0<', '<edXML:Priority>3<'))
    status = from_sample('e-documents/samples/status-received.edxml', ('118/SM-KT', '{n:08}/SM-KT'))
    return [
        Kind('e-document', 10, 'edoc-raw', from_bench('payload.xml'), 'application/xml'),
        Kind('e-document, form', 5, 'edoc-axis', from_bench('payload.xml'), form=document_form),
        Kind('e-document, urgent', 2, 'edoc-raw', urgent, 'application/xml'),
        Kind('e-document status', 6, 'edoc-raw', status, 'application/xml'),
    ]


def public_services():
    json_type = 'application/json'
    progress = from_sample(
        'public-services/samples/progress-session.json', ('H37.14-260712-0042', 'H37.14-{n:08}-42')
    )
    page = from_sample(
        'public-services/samples/igate-page.json',
        ('65f0000000000000000001', '65f00000000000{n:08}'),
        ('H37.14-260712-01', 'H37.14-{n:08}-01'),
        ('LS-000', 'LS-{n:08}-'),
    )
    return [
        Kind('dossier', 15, 'dvc-sync', from_bench('payload.json'), json_type),
        Kind('dossier progress', 8, 'dvc-progress', progress, json_type),
        Kind('iGate page', 3, 'igate', page, json_type),
    ]


def hl7(event):
    return lambda number: mllp.message(number, kind=f'ADT^{event}^ADT_A01', run=RUN)


def health():
    fhir, xml = 'application/fhir+json', 'application/xml'
    samples = 'health/samples/'
    results = from_sample(
        samples + 'hl7-oru.hl7',
        ('XN0001', 'XN{n:08}'),
        ('XN26-', 'XN{n:08}-'),
        ('CD000', 'CD{n:08}-'),
        ('20999-260712-000118', '20999-{n:08}-118'),
        ('|M^Máu', '|M{n:08}^Máu'),  # an order without a number is known by its bytes alone
    )
    claims = from_sample(samples + 'bhyt-plain-inner.xml', ('20999-260712-000', '20999-{n:08}-'))
    check_in = from_sample(samples + 'check-in.xml', ('20999-260712-000119', '20999-{n:08}-119'))
    report = from_sample(samples + 'notifiable-one.json', ('TT54-20-260712-0007', 'TT54-20-{n:08}-7'))
    visit = ('LK-201', 'LK-{n:08}')
    encounter = from_sample(samples + 'fhir-encounter.json', visit)
    observation = from_sample(samples + 'fhir-observation.json', ('XN-201', 'XN-{n:08}'), visit)
    claim = from_sample(samples + 'fhir-claim.json', ('HS-9', 'HS-{n:08}'), visit)
    bed = from_sample(samples + 'fhir-bed.json', ('"G9"', '"G{n:08}"'))
    return [
        Kind('HL7 admission', 9, 'health-mllp', hl7('A01'), spoil=without(b'PID')),
        Kind('HL7 discharge', 5, 'health-mllp', hl7('A03'), spoil=without(b'PID')),
        Kind('HL7 results', 2, 'health-mllp', results, spoil=without(b'OBR')),
        Kind('insurance claims', 4, 'health', claims, xml),
        Kind('insurance claims, form', 2, 'bhyt-claims-3176', claims, form=gateway_form),
        Kind('check-in', 5, 'health', check_in, xml),
        Kind('FHIR Encounter', 2, 'health', encounter, fhir),
        Kind('FHIR Observation', 2, 'health', observation, fhir),
        Kind('FHIR Claim', 1, 'health', claim, fhir),
        Kind('FHIR bed', 2, 'health', bed, fhir),
        Kind('notifiable disease', 1, 'health', report, 'application/json'),
    ]


def education():
    samples = 'education/samples/'
    sector = from_sample(
        samples + 'sector-all.json',
        ('20000118', '{n:08}'),
        ('2000000118', '3{n:08}0'),
        ('9001', '1{n:08}'),
        ('9002', '2{n:08}'),
        (':77', ':3{n:08}'),
        (':78', ':4{n:08}'),
    )
    results = from_sample(samples + 'results.csv', ('5A', '5A{n:08}'), ('5B', '5B{n:08}'))
    school = from_sample(samples + 'oneroster-org.json', ('"o1"', '"o{n:08}"'))
    return [
        Kind('pupil sheet, folder', 1, 'education-inbox', pupils, 'text/csv', spoil=without_header),
        Kind('results sheet', 1, 'education', results, 'text/csv', spoil=without_header),
        Kind('sector JSON', 2, 'education', sector, 'application/json'),
        Kind('OneRoster school', 1, 'education', school, 'application/json'),
    ]


def border_gate():
    samples, json_type = 'border-gate/samples/', 'application/json'
    declaration = from_sample(
        samples + 'declaration.json',
        ('b2b2b2b2-0000-4000-8000-000000000118', 'b2b2b2b2-0000-4000-8000-0000{n:08}'),
        ('2026071200118', '20261{n:08}'),
        ('c3c3c3c3-0000-4000-8000-00000000', 'c3c3c3c3-{n:08}-80000000'),
    )
    rows = from_sample(
        samples + 'list.json',
        ('b2b2b2b2-0000-4000-8000-0000000001', 'b2b2b2b2-0000-4000-8000-00{n:08}'),
        ('20260712001', '202{n:08}'),
    )
    movement = from_sample(samples + 'movement.json', ('GMRA00000001', 'GMRA{n:08}'))
    ecus = from_sample(samples + 'ecus.xml', ('100000000118', '1000{n:08}'), ('300000000119', '3000{n:08}'))
    wco = from_sample(
        samples + 'wco-declaration.xml', ('MAU118', 'MAU{n:08}'), ('26VN000000000118', '26VN0000{n:08}')
    )
    cusdec = from_sample(samples + 'cusdec.edi', ('TK-2026-000123', 'TK-{n:08}'))
    cuscar = from_sample(samples + 'cuscar.edi', ('MNF-2026-0711', 'MNF-{n:08}'), ('VD-000', 'VD-{n:08}-'))
    return [
        Kind('vehicle declaration', 5, 'border-gate', declaration, json_type),
        Kind('list of declarations', 4, 'border-gate', rows, json_type),
        Kind('vehicle movement', 4, 'border-gate', movement, json_type),
        Kind('ECUS export', 2, 'customs', ecus, 'application/xml'),
        Kind('WCO declaration', 2, 'customs', wco, 'application/xml'),
        Kind('CUSDEC', 2, 'customs-edifact', cusdec, 'application/edifact'),
        Kind('CUSCAR', 2, 'customs-edifact', cuscar, 'application/edifact'),
    ]


def kinds():
    return [*edoc(), *public_services(), *health(), *education(), *border_gate()]


class Catalogue:
    """What the configuration makes of the records that `iochub translate` prints."""

    def __init__(self, run):
        self.run = run
        self.routes = [route for document in run.documents('routes') for route in document['routes']]
        sources = [source for document in run.documents('sources') for source in document['sources']]
        self.domains = {source['name']: source['domain'] for source in sources}

    def topics(self, record, source):
        """Where one record goes: to the topics of its routes, or once to the dead letters."""
        letters = f'ioc.dead-letter.{self.domains[source]}.v1'
        if 'reject' in record:
            return {letters}
        found = set()
        for route in self.routes:
            if route['type'] != record['type'] or not self.fits(route.get('when'), record['message']):
                continue
            keyless = 'key' in route and not record['message'].get(golden.camel(route['key']))
            found.add(letters if keyless and 'without_key' not in route else route['topic'])
        return found

    @staticmethod
    def fits(when, message):
        """The two conditions that the example's routes have."""
        if not when:
            return True
        value = message.get(golden.camel(when['field']))
        return value in when['in'] if 'in' in when else value == when['equals']

    def translate(self, kind, number, broken, folder):
        data, content_type = kind.payload(number, broken)
        path = os.path.join(folder, 'one-payload')
        with open(path, 'wb') as file:
            file.write(data)
        source = self.run.sources[kind.source]
        command = ['translate', '--connector', source.connector]
        command += ['--content-type', content_type] if content_type else []
        command += ['--part', source.part] if source.part else []
        command += ['--path', source.path] if source.path else []
        for name, value in source.options.items():
            command += ['--option', f'{name}={value}']
        made = self.run.run(*command, path)
        if made.returncode not in (0, 1):
            raise ioc.Trouble(f'{kind.name}: {made.stderr}')
        return [json.loads(line) for line in made.stdout.splitlines()]

    def learn(self, kind, folder):
        """Finds out what a payload of the kind becomes. Two of them must have no event in common."""
        one, two = (self.translate(kind, number, False, folder) for number in (99999998, 98989899))
        spoilt = self.translate(kind, 99999998, True, folder)
        ids = [record.get('event_id') for record in one + two]
        if not one or any('reject' in record for record in one) or len(set(ids)) != len(ids):
            raise ioc.Trouble(f'{kind.name}: two payloads give {len(set(ids))} events, not {len(ids)}')
        if not any('reject' in record for record in spoilt):
            raise ioc.Trouble(f'{kind.name}: a broken one is taken')
        kind.good, kind.broken = (
            collections.Counter(topic for record in records for topic in self.topics(record, kind.source))
            for records in (one, spoilt)
        )

