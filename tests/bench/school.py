"""Payloads of a school of 200 pupils, all invented: what the connector education gets in a day."""

import csv
import io
import json
import os
import zipfile

PUPILS = 200
HEADER = ('Mã lớp', 'Mã học sinh', 'Họ tên', 'Ngày sinh', 'Giới tính', 'Trạng thái HS',
          'Ngày nhập trạng thái', 'Dân tộc', 'Loại khuyết tật', 'Số định danh cá nhân')
SUBJECTS = ('Tiếng Việt', 'Toán', 'Đạo đức', 'Tự nhiên và Xã hội', 'Tin học', 'Công nghệ',
            'Âm nhạc', 'Mĩ thuật', 'Giáo dục thể chất')
QUALITIES = ('Yêu nước', 'Nhân ái', 'Chăm chỉ', 'Trung thực', 'Trách nhiệm')
MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
TYPES = 'http://schemas.openxmlformats.org/package/2006/content-types'
PACKAGE = 'http://schemas.openxmlformats.org/package/2006/relationships'


def pupil(i):
    return (f'{1 + i // 40}A', f'20000{i:05}', ('Nông Văn Mẫu', 'Hoàng Thị Mẫu', 'Lý Mẫu An')[i % 3],
            f'{1 + i % 28:02}/{1 + i % 12:02}/{2015 + i % 4}', ('Nam', 'Nữ')[i % 2],
            'Chuyển đến' if i % 9 == 0 else 'Đang học', '05/09/2025',
            ('Tày', 'Nùng', 'Kinh', 'Dao')[i % 4], '', f'0202{i:08}')


def results():
    own = ('STT', *HEADER[:4])
    marks, bare = 2 * len(SUBJECTS), len(QUALITIES)
    yield (*own, 'Môn học và hoạt động giáo dục', *[''] * (marks - 1), 'Phẩm chất', *[''] * (bare - 1))
    yield ('',) * len(own) + tuple(cell for subject in SUBJECTS for cell in (subject, '')) + QUALITIES
    yield ('',) * len(own) + ('Mức đạt được', 'Điểm KTĐK') * len(SUBJECTS) + ('',) * bare
    for i in range(PUPILS):
        levels = [cell for j in range(len(SUBJECTS))
                  for cell in ('TĐC'[(i + j) % 3], str(4 + (i * j) % 7))]
        yield (str(i + 1), *pupil(i)[:4], *levels, *('TĐ'[(i + j) % 2] for j in range(bare)))


def as_csv(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(rows)
    return text.getvalue().encode()


def as_sector():
    names = ('MA_LOP', 'MA_HS_BGD', 'HO_TEN', 'NGAY_SINH', 'GIOI_TINH', 'TRANG_THAI', 'NGAY_TRANG_THAI',
             'DAN_TOC')
    school = {'MA_TRUONG': '20000118', 'MA_NAM_HOC': 2026}
    result = [{**dict(zip(names, pupil(i))), **school} for i in range(PUPILS)]
    answer = {'StatusCode': 200, 'Message': 'OK', 'Result': result}
    return json.dumps(answer, ensure_ascii=False).encode()


def as_workbook(rows):
    sheet = ''
    for r, row in enumerate(rows, 1):
        cells = ''.join(f'<c r="{chr(65 + c)}{r}" t="inlineStr"><is><t>{cell}</t></is></c>'
                        for c, cell in enumerate(row) if cell)
        sheet += f'<row r="{r}">{cells}</row>'
    relation = '<Relationships xmlns="{}"><Relationship Id="r1" Type="{}/{}" Target="{}"/></Relationships>'
    parts = {
        '[Content_Types].xml': f'<Types xmlns="{TYPES}"/>',
        '_rels/.rels': relation.format(PACKAGE, OFFICE, 'officeDocument', 'xl/workbook.xml'),
        'xl/workbook.xml': f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
                           '<sheet name="HS" sheetId="1" r:id="r1"/></sheets></workbook>',
        'xl/_rels/workbook.xml.rels': relation.format(PACKAGE, OFFICE, 'worksheet',
                                                      'worksheets/sheet1.xml'),
        'xl/worksheets/sheet1.xml': f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData>'
                                    '</worksheet>',
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return made.getvalue()


def write(folder):
    rows = [HEADER, *map(pupil, range(PUPILS))]
    payloads = {'pupils.csv': as_csv(rows), 'results.csv': as_csv(results()),
                'pupils.xlsx': as_workbook(rows), 'sector.json': as_sector()}
    for name, data in payloads.items():
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(data)
