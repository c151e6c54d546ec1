import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import * as CFB from 'cfb';
import { strToU8, zipSync, type Zippable } from 'fflate';
import iconv from 'iconv-lite';
import type { FileInspection, Verdict } from '../../../policies/schemas/inspection.js';
import type { Examination } from '../../../appliance/inspection/format.js';
import { examineContent } from '../../../appliance/inspection/identify.js';
import { inspectSource } from '../../../appliance/inspection/inspect.js';
import { EXAMINE_LIMITS } from '../../../appliance/inspection/limits.js';
import { nameObservations } from '../../../appliance/inspection/names.js';
import { openPool } from '../../../appliance/inspection/pool.js';
import { bufferSource, rangedSource } from '../../../appliance/inspection/source.js';
import { judge } from '../../../appliance/inspection/verdict.js';

const zip = (files: Zippable): Buffer => Buffer.from(zipSync(files));
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-', 'ANTIVIRUS-TEST-FILE!$H+H*'].join('');
const PE = (() => {
  const bytes = Buffer.alloc(512);
  bytes.write('MZ');
  bytes.writeUInt32LE(0x80, 0x3c);
  bytes.write('PE\0\0', 0x80, 'latin1');
  return bytes;
})();

const TYPES = (extra = ''): string => `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>${extra}</Types>`;
const RELS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>';

function docx(parts: Readonly<Record<string, string | Buffer>> = {}, types = ''): Buffer {
  const files: Zippable = { '[Content_Types].xml': strToU8(TYPES(types)), '_rels/.rels': strToU8(RELS), 'word/document.xml': strToU8('<w:document xmlns:w="x"><w:body/></w:document>') };
  for (const [name, content] of Object.entries(parts)) files[name] = typeof content === 'string' ? strToU8(content) : new Uint8Array(content);
  return zip(files);
}

/** Sets general purpose bit 0 in every local and central header: what a password leaves to see. */
function locked(archive: Buffer): Buffer {
  const bytes = Buffer.from(archive);
  for (const [mark, at] of [[Buffer.from('PK\x03\x04', 'latin1'), 6], [Buffer.from('PK\x01\x02', 'latin1'), 8]] as const) {
    for (let found = bytes.indexOf(mark); found >= 0; found = bytes.indexOf(mark, found + 4)) bytes[found + at] = (bytes[found + at] ?? 0) | 1;
  }
  return bytes;
}

function ole(streams: Readonly<Record<string, Buffer>>): Buffer {
  const container = CFB.utils.cfb_new();
  for (const [name, content] of Object.entries(streams)) CFB.utils.cfb_add(container, name, content);
  const written: unknown = CFB.write(container, { type: 'buffer' });
  return Buffer.from(written as Uint8Array);
}

function wordStream(flags: number): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.writeUInt16LE(0xa5ec, 0);
  bytes.writeUInt16LE(0xc1, 2);
  bytes.writeUInt16LE(flags, 0x0a);
  return bytes;
}

async function judged(bytes: Buffer, name: string): Promise<{ verdict: Verdict; mime: string; facts: Examination['facts']; keys: string[]; codes: string[] }> {
  const examination = await examineContent(bufferSource(bytes), name, EXAMINE_LIMITS);
  const { verdict, findings } = judge(examination);
  return { verdict, mime: examination.identified.mime, facts: examination.facts, keys: examination.observations.map((found) => found.key), codes: findings.map((found) => found.code) };
}

type Case = readonly [what: string, bytes: () => Buffer, name: string, verdict: Verdict, key: string | null, fact: Partial<FileInspection['facts']>];

const CASES: readonly Case[] = [
  ['第十七条: a plain ZIP is a compressed file', () => zip({ 'a.txt': strToU8('a') }), 'a.zip', 'reject', null, { compressed: true, encrypted: false, valid: true }],
  ['第十七条: a ZIP with a password is encrypted', () => locked(zip({ 'a.txt': strToU8('a') })), 'a.zip', 'reject', 'zip.encrypted', { encrypted: true }],
  ['第二十一条: a ZIP bomb is stopped', () => zip({ zeros: new Uint8Array(4 * 1024 * 1024) }), 'a.zip', 'reject', 'zip.bomb', {}],
  ['第二十一条: a ZIP slip is told', () => zip({ '../../etc/evil': strToU8('a') }), 'a.zip', 'reject', 'zip.traversal', {}],
  ['第十九条: names equal but for composition are told', () => zip({ 'caf\u00e9.txt': strToU8('a'), 'cafe\u0301.txt': strToU8('b') }), 'a.zip', 'reject', 'zip.name', {}],
  ['第十七条: a ZIP in a ZIP is told', () => zip({ 'in.zip': zipSync({ 'a.txt': strToU8('a') }) }), 'a.zip', 'reject', 'zip.nested', {}],
  ['第二十一条: a ZIP cut off is damaged', () => zip({ 'a.txt': strToU8('a'.repeat(100)) }).subarray(0, 60), 'a.zip', 'reject', 'zip.broken', { valid: false }],
  ['第十七条: GZIP is a compressed file', () => gzipSync('abc'), 'a.gz', 'reject', null, { compressed: true, valid: true }],
  ['第二十一条: GZIP cut off is damaged', () => gzipSync('abc'.repeat(100)).subarray(0, 20), 'a.gz', 'reject', 'zip.broken', { valid: false }],
  ['第十七条: OOXML is a ZIP inside and no compressed file, yet is to be converted', () => docx(), 'a.docx', 'warn', null, { compressed: false, activeContent: false, valid: true }],
  ['第二十一条: a macro project makes a document active', () => docx({ 'word/vbaProject.bin': Buffer.from('x') }), 'a.docm', 'reject', 'office.macro', { activeContent: true }],
  ['第二十一条: a DDE field makes a document active', () => docx({ 'word/document.xml': '<w:document xmlns:w="x"><w:instrText>DDE</w:instrText><w:instrText>AUTO c:\\x</w:instrText></w:document>' }), 'a.docx', 'reject', 'office.dde', { activeContent: true }],
  ['第十七条: a remote template is an external reference', () => docx({ 'word/_rels/settings.xml.rels': '<Relationships><Relationship Type="http://x/attachedTemplate" Target="http://x/t.dotm" TargetMode="External"/></Relationships>' }), 'a.docx', 'reject', 'office.external', {}],
  ['第十七条: a hyperlink is none', () => docx({ 'word/_rels/document.xml.rels': '<Relationships><Relationship Type="http://x/hyperlink" Target="http://x/" TargetMode="External"/></Relationships>' }), 'a.docx', 'warn', null, {}],
  ['第十九条: an OOXML signature is signature data', () => docx({ '_xmlsignatures/sig1.xml': '<Signature/>' }), 'a.docx', 'warn', null, { signed: true }],
  ['第二十一条: a document type in a part is an attack', () => docx({ 'word/document.xml': '<!DOCTYPE x [<!ENTITY a "b">]><w:document xmlns:w="x"/>' }), 'a.docx', 'reject', 'office.xml-attack', {}],
  ['第二十一条: a program embedded in a document is told', () => docx({ 'word/embeddings/a.bin': PE }), 'a.docx', 'reject', 'file.embedded-executable', { activeContent: true }],
  ['第十七条: editing protection is not encryption', () => docx({ 'word/settings.xml': '<w:settings xmlns:w="x"><w:documentProtection w:edit="readOnly"/></w:settings>' }), 'a.docx', 'warn', 'office.protected', { encrypted: false }],
  ['第十七条: an encrypted package in OLE is encrypted and keeps its extension', () => ole({ EncryptedPackage: Buffer.alloc(5000), EncryptionInfo: Buffer.alloc(5000) }), 'a.docx', 'reject', null, { encrypted: true, extensionMismatch: false }],
  ['第十七条: the FIB tells an encrypted Word 97 file', () => ole({ WordDocument: wordStream(0x0100) }), 'a.doc', 'reject', null, { encrypted: true }],
  ['第十七条: an open Word 97 file is to be converted', () => ole({ WordDocument: wordStream(0) }), 'a.doc', 'warn', null, { encrypted: false, activeContent: false }],
  ['第十七条: ODF with encryption data is encrypted', () => zip({ mimetype: [strToU8('application/vnd.oasis.opendocument.text'), { level: 0 }], 'content.xml': strToU8('x'), 'META-INF/manifest.xml': strToU8('<manifest:manifest><manifest:encryption-data/></manifest:manifest>') }), 'a.odt', 'reject', null, { encrypted: true }],
  ['第二十一条: Basic in ODF is a macro', () => zip({ mimetype: [strToU8('application/vnd.oasis.opendocument.text'), { level: 0 }], 'content.xml': strToU8('<x/>'), 'Basic/Standard/Module1.xml': strToU8('<x/>') }), 'a.odt', 'reject', 'office.macro', { activeContent: true }],
  ['第二十一条: zero bytes are refused', () => Buffer.alloc(0), 'a.pdf', 'reject', 'file.empty', { valid: false }],
  ['第二十六条: EICAR is found', () => Buffer.from(EICAR), 'a.com', 'reject', 'file.eicar', {}],
  ['第二十六条: EICAR followed by blanks is found', () => Buffer.from(`${EICAR}  \r\n`), 'a.txt', 'reject', 'file.eicar', {}],
  ['第二十六条: EICAR inside a ZIP in a ZIP is found', () => zip({ 'b.zip': zipSync({ 'a.com': strToU8(EICAR) }) }), 'a.zip', 'reject', 'file.eicar', {}],
  ['第二十六条: EICAR attached to a mail is found', () => Buffer.from(`From: a@b.c\r\nTo: b@b.c\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="q"\r\n\r\n--q\r\nContent-Type: text/plain\r\n\r\nhello\r\n--q\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="a.com"\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(EICAR).toString('base64')}\r\n--q--\r\n`), 'a.eml', 'reject', 'file.eicar', {}],
  ['第二十六条: a string one character short of EICAR is none', () => Buffer.from(EICAR.slice(0, -1)), 'a.txt', 'accept', null, {}],
  ['第二十六条: EICAR followed by words is none', () => Buffer.from(`${EICAR} see`), 'a.txt', 'accept', null, {}],
  ['第二十一条: a program under another name is told', () => PE, '通知.pdf', 'reject', 'file.executable', { activeContent: true, extensionMismatch: true }],
  ['第十七条: RTF called .doc is a harmless mismatch', () => Buffer.from('{\\rtf1\\ansi hello}'), 'a.doc', 'warn', null, { extensionMismatch: true, valid: true }],
  ['第二十一条: noise under the name of a format is refused', () => Buffer.alloc(4096, 0x82), 'a.pdf', 'reject', 'file.not-as-named', { valid: false }],
  ['text in UTF-8 is accepted', () => Buffer.from('昆明市档案馆关于电子文件归档的通知\n'), 'a.txt', 'accept', null, { valid: true }],
  ['text in GB 18030 is accepted', () => iconv.encode('昆明市档案馆关于电子文件归档的通知，请遵照执行。\n', 'gb18030'), 'a.txt', 'accept', null, { valid: true }],
  ['text in UTF-16 is accepted', () => Buffer.from('\ufeff昆明市档案馆\n', 'utf16le'), 'a.txt', 'accept', null, { valid: true }],
  ['text encoded twice is told', () => Buffer.from(Buffer.from('昆明市档案馆关于电子文件归档的通知，请遵照执行。').toString('latin1')), 'a.txt', 'warn', 'text.encoding', {}],
  ['第二十一条: a script in HTML is active', () => Buffer.from('<html><script>x()</script></html>'), 'a.html', 'reject', 'html.active', { activeContent: true }],
  ['第二十一条: a refresh in HTML is active', () => Buffer.from('<meta http-equiv=refresh content="0;url=http://x/">'), 'a.html', 'reject', 'html.active', { activeContent: true }],
  ['第二十一条: a handler in SVG is active', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>'), 'a.svg', 'reject', 'html.active', { activeContent: true }],
  ['HTML that only shows is to be converted', () => Buffer.from('<html><body><p>通知</p></body></html>'), 'a.html', 'warn', null, { activeContent: false }],
  ['第二十一条: an external entity is never resolved', () => Buffer.from('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'), 'a.xml', 'reject', 'xml.entity', {}],
  ['第二十一条: entities that multiply are never expanded', () => Buffer.from('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "aaaa"><!ENTITY y "&x;&x;">]><a>&y;</a>'), 'a.xml', 'reject', 'xml.entity', {}],
  ['第二十一条: a formula that calls a program is DDE', () => Buffer.from("=cmd|'/k calc.exe'!A0\r\n"), 'a.csv', 'reject', 'office.dde', { activeContent: true }],
  ['a signature of the mail transport is no seal', () => Buffer.from('DKIM-Signature: v=1; a=rsa-sha256; b=x\r\nFrom: a@b.c\r\nTo: b@b.c\r\nSubject: x\r\n\r\nhello\r\n'), 'a.eml', 'accept', null, { signed: false }],
  ['第十七条: an enveloped message is encrypted', () => Buffer.concat([Buffer.from('3080', 'hex'), Buffer.from('06092a864886f70d010703', 'hex'), Buffer.alloc(64)]), 'a.p7m', 'reject', 'mail.envelope', { encrypted: true }],
  ['第二十一条: two formats in one file are told', () => Buffer.concat([Buffer.from('hello, this is a note\n'.repeat(4)), zip({ 'a.txt': strToU8('a') })]), 'a.sfx', 'reject', null, { compressed: true }],
];

const holds = test.macro(async (t: ExecutionContext, given: Case) => {
  const [, bytes, name, verdict, key, facts] = given;
  const found = await judged(bytes(), name);
  t.is(found.verdict, verdict, JSON.stringify(found));
  if (key !== null) t.true(found.keys.includes(key), found.keys.join(' '));
  for (const [fact, value] of Object.entries(facts)) t.is(found.facts[fact as keyof typeof found.facts], value, fact);
});
for (const given of CASES) test(given[0], holds, given);

test('the name decides nothing but the mismatch: the same bytes are identified alike under any name', async (t) => {
  for (const name of ['a.docx', 'a.pdf', 'a', 'x.exe']) t.is((await judged(docx(), name)).mime, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document');
});

const NAMES: readonly (readonly [string, string | null])[] = [
  ['年度报告\u202efdp.exe', 'name.bidi'], ['CON.txt', 'name.unportable'], ['aux', 'name.unportable'], [`${'长'.repeat(90)}.pdf`, 'name.unportable'], ['报告.pdf ', 'name.unportable'],
  ['../../etc/passwd', 'name.traversal'], ['/绝对路径.pdf', 'name.traversal'], ['a\u0000b.pdf', 'name.control'], ['制\t表.pdf', 'name.control'], ['аrchive.pdf', 'name.homoglyph'],
  ['报告.pdf:Zone.Identifier', 'name.stream'], ['全角／斜杠＼.pdf', null], ['𠮷田.pdf', null], ['〔2019〕5号 国务院关于“双随机、一公开”监管的意见.ofd', null], ['%2e%2e%2fetc%2fpasswd.pdf', null],
];
test('第十九条: hostile names are told, ordinary ones of the trade are not', (t) => {
  for (const [name, key] of NAMES) t.is(nameObservations(name)[0]?.key ?? null, key, JSON.stringify(name));
});

test('a finding says what to do next and under which article, and never quotes the name', async (t) => {
  const examination = await examineContent(bufferSource(locked(zip({ '绝密内容.txt': strToU8('a') }))), '绝密标题.zip', EXAMINE_LIMITS);
  for (const finding of judge(examination).findings) {
    t.regex(finding.message, /请/);
    t.regex(finding.article, /^第/);
    t.notRegex(finding.message, /绝密/);
  }
});

async function hostile(t: ExecutionContext, script: string, milliseconds: number): Promise<FileInspection> {
  const folder = await mkdtemp(join(tmpdir(), 'inspection-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const worker = join(folder, 'worker.mjs');
  await writeFile(worker, script);
  const pool = openPool({ size: 1, milliseconds, worker });
  t.teardown(() => pool.close());
  return inspectSource(pool, bufferSource(Buffer.from('x')), 'x.txt');
}

for (const [how, script, evidence] of [
  ['never ends', "process.on('message', () => { for (;;); });", '超时'],
  ['exits', "process.on('message', () => process.exit(1));", '异常终止'],
  ['eats its heap', "process.on('message', () => { const all = []; for (;;) all.push(new Array(1e6).fill({})); });", '异常终止'],
] as const) {
  test(`第二十六条: an examiner that ${how} is a finding, not a fault of the box`, async (t) => {
    t.timeout(60_000);
    const file = await hostile(t, script, how === 'eats its heap' ? 30_000 : 1500);
    t.is(file.verdict, 'reject');
    t.regex(file.findings[0]?.message ?? '', new RegExp(`${evidence}|内存`));
  });
}

test('content is examined through a ranged reader, digested with SM3, and the processes are used again', async (t) => {
  const pool = openPool({ size: 1 });
  t.teardown(() => pool.close());
  const bytes = Buffer.from('abc');
  const source = rangedSource(bytes.length, (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)));
  for (let count = 0; count < 3; count++) {
    const file = await inspectSource(pool, source, '箱/abc.txt');
    t.is(file.sm3, '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0');
    t.is(file.verdict, 'accept');
  }
});

test('a source that cannot be read is an error of its own, not a finding', async (t) => {
  const pool = openPool({ size: 1 });
  t.teardown(() => pool.close());
  const source = rangedSource(10, () => Promise.reject(new Error('sealed object is gone')));
  await t.throwsAsync(inspectSource(pool, source, 'x.txt'), { message: 'sealed object is gone' });
});
