import test from 'ava';
import { PDFDocument as PdfLib, PDFName, PDFString } from 'pdf-lib';
import { stripSeals } from '../../../appliance/seals/strip.js';
import { PdfDocument } from '../../../appliance/seals/pdf/document.js';
import { pagesOf } from '../../../appliance/seals/pdf/signatures.js';
import { pdfDraft, rsaSigner, SEAL_DRAWING, SIGNATURE, sm2Signer, type Signer } from '../../helpers/sealed-files.js';

const officer = rsaSigner('某某市档案局');
const national = sm2Signer('国密签名人');
const TRACES = ['/ByteRange', '/Sig', '/DSS', '/Perms', '/DocTimeStamp', 'adbe.pkcs7'];

/** Nothing of a signature is left in the bytes, which carry no packed objects. */
const clean = (output: Buffer): readonly string[] => TRACES.filter((trace) => output.includes(trace, 0, 'latin1'));

/** Operators of the only page, part by part. */
function operators(output: Buffer): string {
  const document = PdfDocument.read(output);
  const page = document === null ? undefined : pagesOf(document)[0];
  if (document === null || page === undefined) return '';
  return document.itemsAt(page, 'Contents').map((item) => document.resolve(item)).map((item) => (item.kind === 'stream' ? item.raw.toString('latin1') : '')).join('|');
}

const signers: readonly (readonly [what: string, signer: Signer, algorithm: string])[] = [['RSA', officer, 'RSA-SHA256'], ['SM2', national, 'SM2withSM3']];
for (const [what, signer, algorithm] of signers) {
  test(`第十九条三款: a PDF sealed with ${what} loses its signature, keeps its seal, and the report says who signed`, async (t) => {
    const source = pdfDraft().sign(signer).build();
    const { output, report } = await stripSeals(source, 'application/pdf');
    t.deepEqual(clean(output), []);
    t.like(report, { format: 'pdf', signaturesRemoved: 1, sealImagesKept: 1 });
    t.deepEqual(report.signaturesFound, [{ signer: signer.name, time: '2026-01-02T03:04:05Z', algorithm, verified: true, reason: null, visible: true, coversWhole: true }]);
    t.regex(operators(output), /q 2 0 0 2 60 60 cm \/Seal0 Do Q/, 'box 50 × 50 stretched onto the rectangle 100 × 100');
    t.true(output.includes(SEAL_DRAWING));
    t.deepEqual((await stripSeals(source)).output, output, 'the same input gives the same bytes');
    t.is((await stripSeals(output)).output, output, 'a stripped file comes through untouched');
  });
}

test('a sealed PDF changed after signing is stripped too, and the report says the signature failed', async (t) => {
  const source = pdfDraft().sign(officer).build();
  source.write('1 0 0 rg', source.indexOf('0 0 1 rg'), 'latin1');
  const { output, report } = await stripSeals(source);
  t.deepEqual(clean(output), []);
  t.like(report.signaturesFound[0], { verified: false, reason: 'digest-mismatch' });
});

test('content added in a later revision makes the earlier signature fail, a second seal does not', async (t) => {
  const draft = pdfDraft().sign(officer);
  const repainted = '0 1 0 rg 0 0 200 200 re f';
  const changed = pdfDraft().sign(officer).put(4, `<< /Length ${repainted.length} >>\nstream\n${repainted}\nendstream`).revision().build();
  t.like((await stripSeals(changed)).report.signaturesFound[0], { verified: false, reason: 'changed-since', coversWhole: false });
  const twice = draft
    .put(1, '<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 8 0 R] /SigFlags 3 >> >>')
    .put(3, '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Annots [5 0 R 8 0 R] >>')
    .put(8, '<< /Type /Annot /Subtype /Widget /FT /Sig /T (Second) /V 9 0 R /Rect [0 0 50 50] /AP << /N 7 0 R >> >>')
    .put(9, SIGNATURE).revision().sign(national).build();
  const { output, report } = await stripSeals(twice);
  t.deepEqual(report.signaturesFound.map((one) => [one.signer, one.verified, one.coversWhole]), [['某某市档案局', true, false], ['国密签名人', true, true]]);
  t.is(report.sealImagesKept, 2);
  t.deepEqual(clean(output), []);
});

test('certification, validation data and permissions go with the signature', async (t) => {
  const source = pdfDraft({ visible: false, catalogue: '/Perms << /DocMDP 6 0 R >> /DSS << /Certs [] >> /Legal << >>' }).sign(officer).build();
  const { output, report } = await stripSeals(source);
  t.deepEqual(clean(output), []);
  t.false(output.includes('/Legal'));
  t.like(report, { signaturesRemoved: 1, sealImagesKept: 0 });
});

test('the bytes of an earlier, signed revision leave the file', async (t) => {
  const source = pdfDraft().sign(officer)
    .put(1, '<< /Type /Catalog /Pages 2 0 R >>').put(3, '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R >>').put(6, 'null').revision().build();
  const { output, report } = await stripSeals(source);
  t.is(report.signaturesRemoved, 1);
  t.deepEqual(clean(output), []);
});

test('KM-01: a husk of a signature, ByteRange without a value, is signature data', async (t) => {
  const { output, report } = await stripSeals(pdfDraft({ signature: '<< /ByteRange [0 0 0 0] >>' }).build());
  t.like(report.signaturesFound[0], { verified: false, reason: 'data-missing' });
  t.deepEqual(clean(output), []);
});

test('a value that does not fill the gap of its ByteRange does not verify', async (t) => {
  const source = pdfDraft().sign(officer).build();
  const text = source.toString('latin1');
  const odd = text.replace(/\/ByteRange \[0 (\d+) (\d+) (\d+)\]/, (_all, a: string, b: string, c: string) => `/ByteRange [0 ${a} ${Number(b) + 4} ${Number(c) - 4}]`.padEnd(_all.length));
  t.like((await stripSeals(Buffer.from(odd, 'latin1'))).report.signaturesFound[0], { verified: false, reason: 'range-odd' });
});

test('the seal is drawn straight although the page leaves graphics states open', async (t) => {
  const source = pdfDraft({ content: 'q q 3 0 0 3 0 0 cm BI /W 1 /H 1 ID qqq EI (Q) Tj' }).sign(officer).build();
  t.regex(operators((await stripSeals(source)).output), /\|\nQ\nQ\nQ\nq 2 0 0 2 60 60 cm/);
});

test('a hidden signature field keeps its seal hidden; a layered one keeps its layer', async (t) => {
  const hidden = await stripSeals(pdfDraft({ widget: '/F 2' }).sign(officer).build());
  t.is(hidden.report.sealImagesKept, 0);
  const layered = await stripSeals(pdfDraft({ widget: '/OC << /Type /OCG /Name (x) >>' }).sign(officer).build());
  t.is(layered.report.sealImagesKept, 1);
  t.true(layered.output.includes('/OC '));
});

test('a signed PDF attached to an unsigned one is a file of its own', async (t) => {
  const inner = pdfDraft().sign(officer).build().toString('latin1');
  const source = pdfDraft({ signature: null, visible: false, catalogue: '/AF [9 0 R]' }).put(9, `<< /Type /EmbeddedFile /Length ${inner.length} >>\nstream\n${inner}\nendstream`).revision().build();
  t.is((await stripSeals(source)).output, source);
});

test('an empty signature field is no signature: the file comes through byte for byte', async (t) => {
  const source = pdfDraft({ signature: null, visible: false }).build();
  const { output, report } = await stripSeals(source);
  t.is(output, source);
  t.deepEqual([report.signaturesFound, report.sm3Before], [[], report.sm3After]);
});

test('objects in object streams and a cross-reference stream are read; a structure tree loses its reference to the widget', async (t) => {
  const made = await PdfLib.create();
  const page = made.addPage([200, 200]);
  const { context } = made;
  const seal = context.register(context.stream(SEAL_DRAWING, { BBox: [0, 0, 50, 50] }));
  const signature = context.register(context.obj({ Type: 'Sig', Filter: 'Adobe.PPKLite', Contents: PDFString.of('x'), ByteRange: [0, 1, 2, 3] }));
  const field = context.register(context.obj({ Type: 'Annot', Subtype: 'Widget', FT: 'Sig', T: PDFString.of('S'), V: signature, Rect: [0, 0, 50, 50], AP: { N: seal } }));
  page.node.set(PDFName.of('Annots'), context.obj([field]));
  made.catalog.set(PDFName.of('AcroForm'), context.obj({ Fields: [field] }));
  made.catalog.set(PDFName.of('StructTreeRoot'), context.register(context.obj({ Type: 'StructTreeRoot', K: [{ Type: 'StructElem', S: 'Form', K: [{ Type: 'OBJR', Obj: field }] }] })));
  const { output, report } = await stripSeals(Buffer.from(await made.save({ useObjectStreams: true })));
  t.is(report.sealImagesKept, 1);
  t.deepEqual(clean(output), []);
  t.false(output.includes('/OBJR'));
  t.regex(operators(output), /\/Artifact BMC\nq 1 0 0 1 0 0 cm \/Seal0 Do Q\nEMC/);
});

test('a file whose cross-reference is broken is read by looking through it', async (t) => {
  const source = Buffer.from(pdfDraft().sign(officer).build().toString('latin1').replace(/startxref\n\d+/, 'startxref\n99'), 'latin1');
  const { output, report } = await stripSeals(source);
  t.like(report, { signaturesRemoved: 1, sealImagesKept: 1 });
  t.deepEqual(clean(output), []);
});

test('第十七条: an encrypted PDF is refused with E_FMT_ENCRYPTED', async (t) => {
  const source = pdfDraft().put(9, '<< /Filter /Standard /V 2 >>').revision('/Encrypt 9 0 R').build();
  await t.throwsAsync(stripSeals(source), { code: 'E_FMT_ENCRYPTED' });
});

test('what is no PDF or OFD, or cannot be read, is refused by name', async (t) => {
  await t.throwsAsync(stripSeals(Buffer.from('hello')), { code: 'E_FMT_NOT_ALLOWED' });
  await t.throwsAsync(stripSeals(Buffer.from('hello'), 'image/png'), { code: 'E_FMT_NOT_ALLOWED' });
  await t.throwsAsync(stripSeals(Buffer.from('%PDF-1.7 nothing')), { code: 'E_FMT_UNREADABLE' });
  await t.throwsAsync(stripSeals(Buffer.from('PK\x03\x04 cut off')), { code: 'E_FMT_UNREADABLE' });
});
