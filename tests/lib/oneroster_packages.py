#!/usr/bin/python3
"""Makes the OneRoster packages among the samples of the education connector. All persons are invented.

usage: tests/lib/oneroster_packages.py connectors/education/samples"""

import os
import sys
import zipfile

OUT = sys.argv[1]
FILES = ['academicSessions','categories','classes','classResources','courses','courseResources','demographics','enrollments','lineItems','orgs','resources','results','users']

def package(name, version, modes, files, extra=(), manifest=None):
    rows = ['propertyName,value', 'manifest.version,1.0', f'oneroster.version,{version}']
    names = FILES + (['roles', 'userProfiles'] if version == '1.2' else [])
    rows += [f'file.{n},{modes.get(n, "absent")}' for n in names]
    rows += ['source.systemName,"Hệ thống mẫu"', 'source.systemCode,MAU', *extra]
    content = '\r\n'.join(rows) + '\r\n' if manifest is None else manifest
    with zipfile.ZipFile(os.path.join(OUT, name), 'w', zipfile.ZIP_DEFLATED) as out:
        def add(file, text):
            info = zipfile.ZipInfo(file, (2026, 9, 1, 7, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            out.writestr(info, text)
        if content != '':
            add('manifest.csv', content)
        for file, lines in files.items():
            add(file + '.csv', '\r\n'.join(lines) + '\r\n')

L = 'sourcedId,status,dateLastModified,'
orgs = [L+'name,type,identifier,parentSourcedId',
        'so-20,,,"Sở Giáo dục, tỉnh Lạng Sơn",district,20,',
        'truong-118,,,Trường Tiểu học Mẫu,school,20000118,so-20']
sessions = [L+'title,type,startDate,endDate,parentSourcedId,schoolYear',
            'nh-2026,,,Năm học 2026-2027,schoolYear,2026-09-05,2027-05-31,,2027',
            'hk1-2026,,,Học kỳ I,semester,2026-09-05,2027-01-15,nh-2026,2027']
courses = [L+'schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes',
           'toan-5,,,nh-2026,Toán 5,T5,05,truong-118,Toán,TO']
classes = [L+'title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods',
           'lop-5a,,,Lớp 5A,05,,5A,homeroom,Phòng 12,truong-118,"nh-2026,hk1-2026",,,"1,2"',
           'toan-5a,,,Toán 5A,05,toan-5,5A-TO,scheduled,Phòng 12,truong-118,hk1-2026,Toán,TO,1']
U11 = L+'enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password'
users = [U11,
         'hs-1,,,true,truong-118,student,nongvanmau,{SDDCN:020000000118},Mẫu,Nông,Văn,,,,,ph-1,05,',
         'hs-2,,,true,truong-118,student,hoangthimau,"{SDDCN:020000000119},{VSS:7920000119}",Mẫu,Hoàng,Thị,,,,,,05,',
         'gv-1,,,true,truong-118,teacher,tranthimau,,Mẫu,Trần,Thị,,gv1@example.edu.vn,,,,,',
         'ph-1,,,true,truong-118,parent,nongvanb,,Ba,Nông,Văn,,,,0900000118,,,']
demo = ['userSourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus',
        'hs-1,,,2015-09-05,male,,,,,,,,VN,,,', 'hs-2,,,2015-11-17,female,,,,,,,,VN,,,']
enr = [L+'classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate',
       'gd-1,,,lop-5a,truong-118,hs-1,student,,2026-09-05,2027-05-31',
       'gd-2,,,lop-5a,truong-118,hs-2,student,,2026-09-05,2027-05-31',
       'gd-3,,,lop-5a,truong-118,gv-1,teacher,true,2026-09-05,']
cats = [L+'title', 'kt,,,Kiểm tra']
items = [L+'title,description,assignDate,dueDate,classSourcedId,categorySourcedId,gradingPeriodSourcedId,resultValueMin,resultValueMax',
         'ktdk-1,,,Kiểm tra định kỳ 1,,2026-10-01,2026-10-15,toan-5a,kt,hk1-2026,0,10']
res = [L+'lineItemSourcedId,studentSourcedId,scoreStatus,score,scoreDate,comment',
       'kq-1,,,ktdk-1,hs-1,fully graded,8.5,2026-10-16,', 'kq-2,,,ktdk-1,hs-2,fully graded,4.75,2026-10-16,"Cần cố gắng,\nôn thêm"']
full = dict(orgs=orgs, academicSessions=sessions, courses=courses, classes=classes, users=users, demographics=demo, enrollments=enr, categories=cats, lineItems=items, results=res)
bulk = lambda d: {k: 'bulk' for k in d}
package('oneroster-bulk.zip', '1.1', bulk(full), full)

T = '2026-10-01T08:00:00.000Z'
delta = dict(enrollments=[enr[0], f'gd-1,tobedeleted,{T},lop-5a,truong-118,hs-1,student,,2026-09-05,2026-09-30',
                          f'gd-9,active,{T},lop-9,truong-118,hs-9,student,,2026-10-01,'],
             classes=[classes[0], f'lop-5b,active,{T},Lớp 5B,05,,5B,homeroom,,truong-118,nh-2026,,,'])
package('oneroster-delta.zip', '1.1', {k: 'delta' for k in delta}, delta)

U12 = L+'enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns'
new = dict(orgs=orgs, academicSessions=sessions, courses=courses, classes=classes,
           users=[U12, 'hs-1,,,true,nongvanmau,,Mẫu,Nông,,,,,,,05,,,,,,,truong-118,'],
           roles=[L+'userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId', 'vt-1,,,hs-1,primary,student,,,truong-118,'],
           enrollments=enr[:2])
package('oneroster-1.2.zip', '1.2', bulk(new), new)
package('oneroster-members.zip', '1.1', bulk(dict(orgs=1, users=1)), dict(orgs=orgs, users=users))

broken = dict(full)
broken['users'] = users + [
    'hs-3,,,true,truong-118,,khongvaitro,,Mẫu,Lê,,,,,,,05,',                 # row 6 "role"
    'hs-1,,,true,truong-118,student,trung,,Mẫu,Lê,,,,,,,05,',                # row 7 again
    'hs-4,active,,true,truong-118,student,trangthai,,Mẫu,Lê,,,,,,,05,',      # row 8 status in bulk
    f'hs-5,,{T},true,truong-118,student,thoigian,,Mẫu,Lê,,,,,,,05,',         # row 9
    'hs-6,,,true,truong-999,student,truongla,,Mẫu,Lê,,,,,,,05,',             # row 10
    ',,,true,truong-118,student,khongma,,Mẫu,Lê,,,,,,,05,',                  # row 11
    'hs-7,,,true,truong-118,student,thieuo,,Mẫu']                            # row 12 width
broken['enrollments'] = enr + ['gd-4,,,lop-5x,truong-118,hs-1,student,,,', 'gd-5,tobedeleted,,lop-5a,truong-118,hs-1,student,,,',
                                'gd-6,,,lop-5a,truong-118,hs-3,student,,1/05/2023,', 'gd-8,,,lop-5a,truong-118,gv-1,teacher,TRUE,2026-09-31,', 'gd-9,,,lop-5a,truong-118,gv-1,teacher,false,2026-09-31,','"gd-7,,,lop-5a']
broken['classes'] = classes + ['lop-5c,,,Lớp 5C,05,,5C,homeroom,,truong-118,"nh-2026,hk9",,,']
broken['orgs'] = [orgs[0].replace('identifier', 'identifer') + ','] + [o + ',' for o in orgs[1:]]
broken['results'] = res + ['kq-3,,,ktdk-9,hs-1,fully graded,7,2026-10-16,', 'kq-4,,,ktdk-1,hs-2,fully graded,11,2026-10-16,']
package('partial-oneroster-bulk.zip', '1.1', bulk(broken), broken)
package('partial-oneroster-delta.zip', '1.1', {k: 'delta' for k in delta}, dict(
    classes=delta['classes'],
    enrollments=delta['enrollments'] + ['gd-10,,,lop-5a,truong-118,hs-1,student,,,', f'gd-11,inactive,{T},lop-5a,truong-118,hs-1,student,,,',
                                        'gd-12,active,,lop-5a,truong-118,hs-1,student,,,', 'gd-13,active,01/10/2026,lop-5a,truong-118,hs-1,student,,,']))
package('partial-oneroster-files.zip', '1.1', dict(bulk(full), users='absent', resources='bulk', results='bulk'),
        dict({k: v for k, v in full.items()}, courses=[courses[0].replace('orgSourcedId', 'OrgSourcedId'), *courses[1:]]))
package('bad-oneroster-no-manifest.zip', '1.1', {}, dict(orgs=orgs), manifest='')
package('bad-oneroster-version.zip', '1.3', bulk(dict(orgs=1)), dict(orgs=orgs))
package('bad-oneroster-no-version.zip', '1.1', {}, dict(orgs=orgs), manifest='propertyName,value\r\nmanifest.version,1.0\r\nfile.orgs,bulk\r\n')
package('bad-oneroster-manifest-version.zip', '1.1', {}, dict(orgs=orgs), manifest='propertyName,value\r\nmanifest.version,2.0\r\noneroster.version,1.1\r\n')
package('bad-oneroster-mode.zip', '1.1', dict(orgs='full'), dict(orgs=orgs))
package('bad-oneroster-twice.zip', '1.1', bulk(dict(orgs=1)), dict(orgs=orgs), extra=['file.orgs,delta'])
package('bad-oneroster-manifest-row.zip', '1.1', {}, dict(orgs=orgs), manifest='propertyName,value\r\n"oneroster".version,1.1\r\n')
package('bad-oneroster-manifest-header.zip', '1.1', {}, dict(orgs=orgs), manifest='property;value\r\noneroster.version;1.1\r\n')
