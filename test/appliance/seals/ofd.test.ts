import test from 'ava';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { stripSeals } from '../../../appliance/seals/strip.js';
import { makeOfd, rsaSigner, SEAL_SVG, sealOfd, sealPng, signCms, sm2Signer } from '../../helpers/sealed-files.js';

const officer = sm2Signer('某某市档案局');

function files(output: Buffer): Record<string, Buffer> {
  return Object.fromEntries(Object.entries(unzipSync(output)).map(([path, bytes]) => [path, Buffer.from(bytes)]));
}

/** Names of entries and elements that speak of signatures. */
function traces(output: Buffer): readonly string[] {
  return Object.entries(files(output)).flatMap(([path, bytes]) => [
    ...(/sign|\.esl$/i.test(path) ? [path] : []),
    ...(path.endsWith('.xml') && /Signature|StampAnnot|SignedValue/.test(bytes.toString()) ? [path] : []),
  ]);
}

const pictures: readonly (readonly [type: string, bytes: Buffer])[] = [['PNG', sealPng()], ['ofd', sealOfd()], ['svg', SEAL_SVG], ['jpeg', Buffer.from('ffd8ffe000104a464946ffd9', 'hex')]];
for (const version of [1, 4] as const) {
  for (const [type, bytes] of pictures) {
    test(`第十九条三款: an OFD sealed by SES version ${version} with a picture of type ${type} loses the signature and keeps the picture`, async (t) => {
      const source = makeOfd(officer, { version, picture: { type, bytes } });
      const { output, report } = await stripSeals(source, 'application/ofd');
      t.deepEqual(traces(output), []);
      t.deepEqual(report.signaturesFound, [{ signer: '某某市档案局', time: '2026-01-02T03:04:05', algorithm: 'SM2withSM3', verified: true, reason: null, visible: true, coversWhole: true }]);
      t.like(report, { format: 'ofd', signaturesRemoved: 1, sealImagesKept: 1 });
      const after = files(output);
      t.true(Object.values(after).some((one) => one.equals(bytes)), 'the picture as it was in the seal');
      const page = after['Doc_0/Pages/0.xml']?.toString() ?? '';
      t.regex(page, type === 'ofd' ? /<ofd:CompositeObject ID="\d+" Boundary="50 50 40 40" CTM="1.333333 0 0 2 0 0" ResourceID="\d+"\/>/ : /<ofd:ImageObject ID="\d+" Boundary="50 50 40 40" CTM="40 0 0 40 0 0" ResourceID="\d+"\/>/);
      const largest = Math.max(...[...Object.values(after).map((one) => one.toString()).join('').matchAll(/ ID="(\d+)"/g)].map((match) => Number(match[1])));
      t.is(Number(/<ofd:MaxUnitID>(\d+)/.exec(after['Doc_0/Document.xml']?.toString() ?? '')?.[1]), largest);
      t.deepEqual((await stripSeals(source)).output, output, 'the same input gives the same bytes');
      t.is((await stripSeals(output)).output, output, 'a stripped file comes through untouched');
    });
  }
}

test('骑缝章: each page shows its own part of the seal, and the picture is kept once', async (t) => {
  const stamps = [{ page: '1', boundary: '202 40 40 40', clip: '0 0 8 40' }, { page: '21', boundary: '194 40 40 40', clip: '8 0 8 40' }];
  const { output, report } = await stripSeals(makeOfd(officer, { stamps }));
  const after = files(output);
  t.is(report.sealImagesKept, 1);
  t.regex(after['Doc_0/Pages/0.xml']?.toString() ?? '', /Boundary="202 40 40 40".*<ofd:Path Boundary="0 0 8 40"/);
  t.regex(after['Doc_0/Pages/1.xml']?.toString() ?? '', /<ofd:Content><ofd:Layer[^>]*><ofd:ImageObject[^>]*Boundary="194 40 40 40".*<ofd:Path Boundary="8 0 8 40".*<\/ofd:Content>/);
  t.is(Object.values(after).filter((one) => one.equals(sealPng())).length, 1);
});

test('of two seals the first stays verified although the second changed Signatures.xml', async (t) => {
  const { output, report } = await stripSeals(makeOfd(officer, { times: 2 }));
  t.deepEqual(report.signaturesFound.map((one) => one.verified), [true, true]);
  t.like(report, { signaturesRemoved: 2, sealImagesKept: 2 });
  t.deepEqual(traces(output), []);
});

test('an embedded seal brings its fonts under new numbers', async (t) => {
  const after = files((await stripSeals(makeOfd(officer, { picture: { type: 'ofd', bytes: sealOfd() } }))).output);
  const resources = after['Doc_0/DocumentRes.xml']?.toString() ?? '';
  const font = /<ofd:Font ID="(\d+)" FontName="楷体"><ofd:FontFile>(SealPart_0\.ttf)/.exec(resources);
  t.is(after[`Doc_0/Res/${font?.[2] ?? ''}`]?.toString(), 'font');
  t.true(resources.includes(`Font="${font?.[1] ?? ''}"`));
  t.regex(resources, /<ofd:CompositeGraphicUnit ID="\d+" Width="30" Height="20"><ofd:Content><ofd:PageBlock ID="\d+" ?><ofd:TextObject/);
});

test('changed after sealing: stripped all the same, verified false; unknown digest method: verified null', async (t) => {
  const changed = await stripSeals(makeOfd(officer, { after: (all) => { all['Doc_0/Pages/0.xml'] = Buffer.from((all['Doc_0/Pages/0.xml'] ?? '').toString().replace('正文', '改文')); } }));
  t.like(changed.report.signaturesFound[0], { verified: false, reason: 'digest-mismatch' });
  t.deepEqual(traces(changed.output), []);
  const described = await stripSeals(makeOfd(officer, { after: (all) => { all['Doc_0/Signs/Sign_0/Signature.xml'] = Buffer.from((all['Doc_0/Signs/Sign_0/Signature.xml'] ?? '').toString().replace('ProviderName="test"', 'ProviderName="tost"')); } }));
  t.like(described.report.signaturesFound[0], { verified: false, reason: 'digest-mismatch' });
  const unknown = await stripSeals(makeOfd(officer, { checkMethod: '1.2.156.10197.1.401.2' }));
  t.like(unknown.report.signaturesFound[0], { verified: null, reason: 'algorithm-unsupported' });
});

test('a signature without a seal is removed and shows nothing', async (t) => {
  const { output, report } = await stripSeals(makeOfd(officer, { stamps: [] }));
  t.like(report, { signaturesRemoved: 1, sealImagesKept: 0 });
  t.like(report.signaturesFound[0], { signer: '某某市档案局', verified: true, visible: false });
  t.deepEqual(Object.keys(files(output)).sort(), ['Doc_0/Document.xml', 'Doc_0/Pages/0.xml', 'Doc_0/Pages/1.xml', 'OFD.xml']);
});

test('signatures declared but missing: the declaration goes, nothing is called signed', async (t) => {
  const dangling = makeOfd(officer, { after: (all) => { for (const path of Object.keys(all)) if (path.includes('Signs/')) delete all[path]; } });
  const { output, report } = await stripSeals(dangling);
  t.deepEqual(report.signaturesFound, []);
  t.deepEqual(traces(output), []);
  const valueless = await stripSeals(makeOfd(officer, { after: (all) => { delete all['Doc_0/Signs/Sign_0/SignedValue.dat']; } }));
  t.like(valueless.report.signaturesFound[0], { verified: false, reason: 'data-missing' });
});

test('the picture survives a damaged seal; a readable seal without a picture is refused with E_SEAL_IMAGE_LOST', async (t) => {
  const damaged = await stripSeals(makeOfd(officer, { after: (all) => { all['Doc_0/Signs/Sign_0/SignedValue.dat']?.fill(0xff, 0, 4); } }));
  t.like(damaged.report, { signaturesRemoved: 1, sealImagesKept: 1 });
  t.like(damaged.report.signaturesFound[0], { verified: false });
  await t.throwsAsync(stripSeals(makeOfd(officer, { picture: { type: 'PNG', bytes: Buffer.alloc(0) } })), { code: 'E_SEAL_IMAGE_LOST' });
});

test('signature data under odd names goes too; a signed attachment 附件 is a record of its own and stays', async (t) => {
  const cms = signCms(rsaSigner('x'), Buffer.from('y'));
  const { output } = await stripSeals(makeOfd(officer, { after: (all) => {
    all['Doc_0/Res/logo.bin'] = cms;
    all['Doc_0/Attachs/a.p7m'] = cms;
    all['Doc_0/Attachs/Attachments.xml'] = Buffer.from('<ofd:Attachments xmlns:ofd="http://www.ofdspec.org/2016"><ofd:Attachment ID="90"><ofd:FileLoc>a.p7m</ofd:FileLoc></ofd:Attachment></ofd:Attachments>');
  } }));
  t.false('Doc_0/Res/logo.bin' in files(output));
  t.true('Doc_0/Attachs/a.p7m' in files(output));
});

test('an unsigned OFD and one with an empty signature list come through byte for byte', async (t) => {
  const empty = makeOfd(officer, { times: 0, after: (all) => { all['Doc_0/Signs/Signatures.xml'] = Buffer.from('<ofd:Signatures xmlns:ofd="http://www.ofdspec.org/2016"/>'); } });
  t.is((await stripSeals(empty)).output, empty);
  t.deepEqual((await stripSeals(empty)).report.signaturesFound, []);
});

test('GM/T 0099: an encrypted OFD is refused; an integrity list goes with the signatures it can no longer vouch for', async (t) => {
  const encrypted = Buffer.from(zipSync({ 'OFD.xml': strToU8('<ofd:OFD xmlns:ofd="x"/>'), 'Encryptions.xml': strToU8('<a/>'), 'enc/0.dat': strToU8('x') }));
  await t.throwsAsync(stripSeals(encrypted), { code: 'E_FMT_ENCRYPTED' });
  const list = '<ofd:DocEntries xmlns:ofd="http://www.ofdspec.org/2016" ID="1"><ofd:SignedValueLoc>/signedvalue.dat</ofd:SignedValueLoc></ofd:DocEntries>';
  const { output } = await stripSeals(makeOfd(officer, { after: (all) => {
    all['OFDEntries.xml'] = Buffer.from(list);
    all['signedvalue.dat'] = signCms(officer, Buffer.from(list));
  } }));
  t.deepEqual(traces(output), []);
  t.false('OFDEntries.xml' in files(output));
});

test('a ZIP without OFD.xml is refused with E_FMT_UNREADABLE', async (t) => {
  await t.throwsAsync(stripSeals(Buffer.from(zipSync({ 'a.txt': strToU8('x') }))), { code: 'E_FMT_UNREADABLE' });
});
