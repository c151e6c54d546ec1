import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import test from 'ava';
import { PDFDocument, PDFName, PDFString, StandardFonts } from 'pdf-lib';
import PdfKit from 'pdfkit';
import { examineContent } from '../../../../appliance/inspection/identify.js';
import { EXAMINE_LIMITS } from '../../../../appliance/inspection/limits.js';
import { bufferSource } from '../../../../appliance/inspection/source.js';
import { judge } from '../../../../appliance/inspection/verdict.js';
import { pdfSignatures } from '../../../../appliance/inspection/formats/pdf/signatures.js';
import { bitString, der, integer, oid, sequence } from '../../../helpers/der.js';

async function look(bytes: Uint8Array, name = '通知.pdf'): Promise<{ verdict: string; keys: string[]; facts: Record<string, unknown>; version: string | null }> {
  const examined = await examineContent(bufferSource(Buffer.from(bytes)), name, EXAMINE_LIMITS);
  return { verdict: judge(examined).verdict, keys: examined.observations.map((seen) => seen.key), facts: { ...examined.facts }, version: examined.identified.version };
}

/** Two pages of lines, no text. */
async function plain(change?: (document: PDFDocument) => void | Promise<void>): Promise<Buffer> {
  const document = await PDFDocument.create();
  for (const place of [100, 200]) document.addPage([300, 400]).drawLine({ start: { x: 10, y: place }, end: { x: 200, y: place } });
  await change?.(document);
  return Buffer.from(await document.save({ useObjectStreams: false }));
}

function kit(options: PDFKit.PDFDocumentOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const document = new PdfKit({ ...options, font: 'Helvetica' });
    const parts: Buffer[] = [];
    document.on('data', (part: Buffer) => parts.push(part));
    document.on('end', () => resolve(Buffer.concat(parts)));
    document.rect(10, 10, 100, 100).fill('red');
    document.end();
  });
}

test('第十七条: a plain PDF is accepted, its pages counted, its version read from the header', async (t) => {
  t.like(await look(await plain()), { verdict: 'accept', version: '1.7', facts: { encrypted: false, signed: false, activeContent: false, valid: true, pages: 2 } });
});

test('显示一致性: a font that is not embedded gives a warning, the standard 14 included', async (t) => {
  const bytes = await plain(async (document) => {
    document.getPage(0).drawText('hello', { font: await document.embedFont(StandardFonts.Helvetica) });
  });
  t.like(await look(bytes), { verdict: 'warn', keys: ['pdf.font-not-embedded'] });
});

test('第十七条: an open password and an owner password alone are both encryption', async (t) => {
  t.like(await look(await kit({ userPassword: 'a', ownerPassword: 'b', pdfVersion: '1.7' })), { verdict: 'reject', facts: { encrypted: true, valid: true } });
  for (const pdfVersion of ['1.3', '1.4', '1.6', '1.7', '1.7ext3'] as const) {
    const seen = await look(await kit({ ownerPassword: 'b', pdfVersion }));
    t.like(seen, { verdict: 'reject', facts: { encrypted: true, valid: true, pages: 1 } }, pdfVersion);
    t.true(seen.keys.includes('pdf.encrypted'));
  }
});

test('第二十一条: script, launch and submit actions and embedded files are found wherever they hang', async (t) => {
  t.like(await look(await plain((document) => document.addJavaScript('x', 'app.alert(1)'))), { verdict: 'reject', keys: ['pdf.javascript'], facts: { activeContent: true } });
  const acting = (action: Record<string, unknown>): Promise<Buffer> => plain((document) => document.catalog.set(PDFName.of('OpenAction'), document.context.obj(action as never)));
  t.deepEqual((await look(await acting({ S: 'Launch', F: PDFString.of('cmd.exe') }))).keys, ['pdf.launch']);
  t.deepEqual((await look(await acting({ S: 'SubmitForm', F: PDFString.of('http://x') }))).keys, ['pdf.action']);
  t.like(await look(await acting({ S: 'URI', URI: PDFString.of('http://x') })), { verdict: 'warn', keys: ['pdf.external-link'], facts: { activeContent: false } });
  t.like(await look(await plain((document) => document.attach(Buffer.from('text'), 'a.txt'))), { verdict: 'warn', keys: ['file.embedded'] });
  const program = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(80)]);
  t.true((await look(await plain((document) => document.attach(program, 'a.txt')))).keys.includes('file.embedded-executable'));
});

test('第二十六条: a file that must be mended to open warns; one without trailer, with a looping page tree or cut short is rejected', async (t) => {
  const whole = (await plain()).toString('latin1');
  const moved = whole.replace(/startxref\n\d+/, 'startxref\n7');
  t.like(await look(Buffer.from(moved, 'latin1')), { verdict: 'warn', keys: ['pdf.repaired'], facts: { valid: true } });
  t.like(await look(Buffer.from(whole.slice(0, 400), 'latin1')), { verdict: 'reject', facts: { valid: false } });
  const loop = Buffer.from(whole.replace(/\/Kids \[[^\]]*\]/, (kids) => kids.replace(/\d+ 0 R/, '2 0 R').replace(/\d+ 0 R/, '1 0 R')), 'latin1');
  const seen = await look(loop);
  t.is(seen.verdict, 'reject');
});

test('第二十一条: a page that unpacks beyond all measure ends as a bomb, quickly', async (t) => {
  const bytes = await plain((document) => {
    document.getPage(0).node.set(PDFName.of('Contents'), document.context.register(document.context.flateStream(new Uint8Array(80 * 2 ** 20).fill(32))));
  });
  const before = process.hrtime.bigint();
  t.like(await look(bytes), { verdict: 'reject', keys: ['file.over-limits'] });
  t.true(Number(process.hrtime.bigint() - before) < 5e9);
});

test('a ZIP behind the end of a PDF is smuggled content', async (t) => {
  const zip = Buffer.concat([Buffer.alloc(64, 1), Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]);
  t.true((await look(Buffer.concat([await plain(), zip]))).keys.includes('file.polyglot'));
});

// ---- signatures -----------------------------------------------------------------------------------------------------------

interface Signer {
  readonly certificate: Buffer;
  readonly issuer: Buffer;
  readonly serial: Buffer;
  sign(data: Buffer): Buffer;
}

/** A signer with a certificate of its own making (RFC 5280, the least that parses). */
function signer(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const byKey = (data: Buffer): Buffer => sign('sha256', data, privateKey);
  const issuer = sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, 'tester'))));
  const serial = integer(5);
  const algorithm = sequence(oid('1.2.840.113549.1.1.11'), der(0x05));
  const validity = sequence(der(0x17, '200101000000Z'), der(0x17, '400101000000Z'));
  const tbs = sequence(der(0xa0, integer(2)), serial, algorithm, issuer, validity, issuer, publicKey.export({ type: 'spki', format: 'der' }));
  return { certificate: sequence(tbs, algorithm, bitString(byKey(tbs))), issuer, serial, sign: byKey };
}

function cms(by: Signer, digest: Buffer): Buffer {
  const attributes = [
    sequence(oid('1.2.840.113549.1.9.3'), der(0x31, oid('1.2.840.113549.1.7.1'))),
    sequence(oid('1.2.840.113549.1.9.4'), der(0x31, der(0x04, digest))),
  ];
  const sha256 = sequence(oid('2.16.840.1.101.3.4.2.1'));
  const info = sequence(integer(1), sequence(by.issuer, by.serial), sha256, der(0xa0, ...attributes), sequence(oid('1.2.840.113549.1.1.1')), der(0x04, by.sign(der(0x31, ...attributes))));
  const signedData = sequence(integer(1), der(0x31, sha256), sequence(oid('1.2.840.113549.1.7.1')), der(0xa0, by.certificate), der(0x31, info));
  return sequence(oid('1.2.840.113549.1.7.2'), der(0xa0, signedData));
}

/** Signs a PDF the way a signer does: placeholder, range, digest, signature. */
async function signedPdf(): Promise<Buffer> {
  const room = 8192;
  const bytes = await plain((document) => {
    const { context } = document;
    const value = context.register(context.obj({ Type: 'Sig', Filter: 'Adobe.PPKLite', SubFilter: 'adbe.pkcs7.detached', ByteRange: [0, 1_111_111, 2_222_222, 3_333_333], Contents: PDFString.of('@'.repeat(room)) }));
    const page = document.getPage(0);
    const widget = context.register(context.obj({ Type: 'Annot', Subtype: 'Widget', FT: 'Sig', T: PDFString.of('sig1'), V: value, Rect: [20, 20, 120, 120], P: page.ref, AP: { N: context.register(context.stream('', { Type: 'XObject', Subtype: 'Form', BBox: [0, 0, 100, 100] })) } }));
    page.node.set(PDFName.of('Annots'), context.obj([widget]));
    document.catalog.set(PDFName.of('AcroForm'), context.obj({ Fields: [widget], SigFlags: 3 }));
  });
  const start = bytes.indexOf(`(${'@'.repeat(room)})`, 0, 'latin1');
  const end = start + room + 2;
  let text = bytes.toString('latin1');
  text = text.slice(0, start) + `<${'0'.repeat(room)}>` + text.slice(end);
  const range = `0 ${String(start)} ${String(end)} ${String(bytes.length - end)}`;
  text = text.replace('0 1111111 2222222 3333333', range.padEnd('0 1111111 2222222 3333333'.length));
  const whole = Buffer.from(text, 'latin1');
  const digest = createHash('sha256').update(whole.subarray(0, start)).update(whole.subarray(end)).digest();
  const hex = cms(signer(), digest).toString('hex');
  whole.write(hex, start + 1, 'latin1');
  return whole;
}

test('第十九条: a sound signature is found with its page and rectangle, and gives a warning only', async (t) => {
  const bytes = await signedPdf();
  const { signatures, emptyFields } = pdfSignatures(bytes);
  t.is(emptyFields, 0);
  t.like(signatures[0], { fieldName: 'sig1', page: 0, visible: true, rangeSound: true, coversWhole: true, pagesChanged: false });
  t.like(signatures[0]?.cms, { digest: 'match', signature: 'valid', signer: 'tester' });
  t.like(await look(bytes), { verdict: 'warn', keys: [], facts: { signed: true, sealImage: true } });
});

test('第二十一条: content changed after signing is rejected, by digest or by what the pages show', async (t) => {
  const bytes = await signedPdf();
  const changed = Buffer.from(bytes);
  const place = changed.indexOf('/MediaBox [ 0 0 300', 0, 'latin1');
  t.true(place > 0);
  changed.write('4', place + '/MediaBox [ 0 0 '.length, 'latin1');
  t.true((await look(changed)).keys.includes('pdf.signature-broken'));

  const text = bytes.toString('latin1');
  const root = /\/Root (\d+ 0 R)/.exec(text)?.[1] ?? '';
  const pages = /\/Pages (\d+) 0 R/.exec(text)?.[1] ?? '';
  const kid = /\/Kids \[ ?(\d+ 0 R)/.exec(text)?.[1] ?? '';
  const previous = /startxref\n(\d+)/.exec(text)?.[1] ?? '';
  const size = Number(/\/Size (\d+)/.exec(text)?.[1]);
  const at = bytes.length;
  const object = `${pages} 0 obj\n<< /Type /Pages /Kids [ ${kid} ] /Count 1 >>\nendobj\n`;
  const update = `${object}xref\n${pages} 1\n${String(at).padStart(10, '0')} 00000 n \ntrailer\n<< /Size ${String(size)} /Root ${root} /Prev ${previous} >>\nstartxref\n${String(at + object.length)}\n%%EOF\n`;
  const seen = await look(Buffer.concat([bytes, Buffer.from(update, 'latin1')]));
  t.true(seen.keys.includes('pdf.signature-broken'));
  t.is(seen.verdict, 'reject');
});

test('an empty signature field is no signature', async (t) => {
  const bytes = await plain((document) => {
    const field = document.context.register(document.context.obj({ FT: 'Sig', T: PDFString.of('s'), Type: 'Annot', Subtype: 'Widget', Rect: [0, 0, 0, 0] }));
    document.catalog.set(PDFName.of('AcroForm'), document.context.obj({ Fields: [field] }));
  });
  t.like(await look(bytes), { verdict: 'accept', keys: ['pdf.empty-signature-field'], facts: { signed: false } });
});

