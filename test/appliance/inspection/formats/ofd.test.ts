import test from 'ava';
import sharp from 'sharp';
import { examineContent } from '../../../../appliance/inspection/identify.js';
import { EXAMINE_LIMITS } from '../../../../appliance/inspection/limits.js';
import { bufferSource } from '../../../../appliance/inspection/source.js';
import { judge } from '../../../../appliance/inspection/verdict.js';
import { readPageContent } from '../../../../appliance/inspection/formats/ofd/page.js';
import { readOfd } from '../../../../appliance/inspection/formats/ofd/reader.js';
import { makeOfd } from '../../../helpers/ofd-package.js';

const seal = (): Promise<Buffer> => sharp({ create: { width: 40, height: 40, channels: 3, background: '#e00000' } }).png().toBuffer();

async function look(bytes: Buffer, name = '通知.ofd'): Promise<{ verdict: string; keys: string[]; facts: Record<string, unknown>; mime: string }> {
  const examined = await examineContent(bufferSource(bytes), name, EXAMINE_LIMITS);
  return { verdict: judge(examined).verdict, keys: examined.observations.map((seen) => seen.key), facts: { ...examined.facts }, mime: examined.identified.mime };
}

test('第十七条: a plain OFD is accepted; its ZIP container is the format itself and no 压缩文件', async (t) => {
  const seen = await look(makeOfd({ pages: 2 }));
  t.is(seen.verdict, 'accept');
  t.like(seen, { mime: 'application/ofd', facts: { compressed: false, encrypted: false, signed: false, sealImage: false, extensionMismatch: false, valid: true, pages: 2 } });
});

test('第十九条: a sealed OFD whose digests match is accepted with a warning, and its seal picture is found with its place', async (t) => {
  const picture = await seal();
  const bytes = makeOfd({ seal: picture });
  t.like(await look(bytes), { verdict: 'warn', facts: { signed: true, sealImage: true, valid: true } });
  const file = await readOfd(bufferSource(bytes));
  const [signature] = file.signatures;
  t.like(signature, { type: 'Seal', provider: 'test', signedDigest: 'match', ses: { version: 4, sealName: '测试用印章' } });
  t.true(signature?.ses?.picture?.bytes.equals(picture));
  t.deepEqual(signature?.stamps.map((stamp) => [stamp.pageId, stamp.boundary]), [['1', [50, 80, 40, 40]]]);
  t.is(readPageContent(file, 0)?.stamps.length, 1);
});

test('第二十一条: an OFD changed after it was sealed is rejected as tampered', async (t) => {
  const seen = await look(makeOfd({ seal: await seal(), tamper: 'Doc_0/Pages/Page_0/Content.xml' }));
  t.is(seen.verdict, 'reject');
  t.true(seen.keys.includes('ofd.tampered'));
});

test('a digest algorithm that is not known cannot be verified, which is not tampering', async (t) => {
  const seen = await look(makeOfd({ seal: await seal(), checkMethod: '1.2.156.10197.1.401.2', tamper: 'Doc_0/Pages/Page_0/Content.xml' }));
  t.is(seen.verdict, 'warn');
  t.true(seen.keys.includes('ofd.signature-unverifiable'));
  t.false(seen.keys.includes('ofd.tampered'));
});

test('signatures that are declared but not in the package are reported and not taken for a seal', async (t) => {
  t.like(await look(makeOfd({ declareSignatures: true })), { verdict: 'warn', keys: ['ofd.signature-missing'], facts: { signed: false } });
});

test('GM/T 0099 encryption is found by its entry, and its integrity protection counts as signature information', async (t) => {
  const empty = new Uint8Array(Buffer.from('<?xml version="1.0"?><a/>'));
  t.like(await look(makeOfd({ extra: { 'Encryptions.xml': empty } })), { verdict: 'reject', keys: ['ofd.encrypted'], facts: { encrypted: true, valid: true } });
  t.like(await look(makeOfd({ extra: { 'OFDEntries.xml': empty } })), { verdict: 'warn', keys: ['ofd.integrity-protected'] });
});

test('attachments are counted, and a program nobody refers to is found', async (t) => {
  t.like(await look(makeOfd({ attachment: true })), { verdict: 'warn', keys: ['file.embedded'] });
  const program = new Uint8Array(Buffer.concat([Buffer.from('MZ'), Buffer.alloc(62), Buffer.from('PE\0\0')]));
  t.like(await look(makeOfd({ extra: { 'Doc_0/Res/update.bin': program } })), { verdict: 'reject', keys: ['file.embedded-executable'], facts: { activeContent: true } });
});

test('第二十六条: a cut package, a missing OFD.xml, a page that is no XML and a DTD are all rejected', async (t) => {
  const whole = makeOfd({ pages: 2 });
  t.like(await look(whole.subarray(0, whole.length - 200)), { verdict: 'reject', facts: { valid: false } });
  t.like(await look(makeOfd({ extra: { 'Doc_0/Pages/Page_0/Content.xml': new Uint8Array(Buffer.from('<a><b></a>')) } })), { verdict: 'reject', facts: { valid: false } });
  const dtd = await look(makeOfd({ extra: { 'Doc_0/Document.xml': new Uint8Array(Buffer.from('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')) } }));
  t.true(dtd.keys.includes('ofd.doctype'));
  t.is(dtd.verdict, 'reject');
});

test('an unusual namespace is noted, not refused', async (t) => {
  t.like(await look(makeOfd({ namespace: 'http://www.ofdspec.org' })), { verdict: 'accept', keys: ['ofd.nonstandard'] });
});
