import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { ArchiveError } from '../../../core/errors.js';
import { canonicalBytes } from '../../../core/canonical.js';
import { addressBytes, decodeTail } from '../../../secrecy/transfer-envelope.js';
import { parseCertificate } from '../../../appliance/crypto/certificate.js';
import { inPackage } from '../../../appliance/package-root.js';
import { readLabel } from '../../../appliance/packages/label.js';
import { MANIFEST } from '../../../appliance/packages/layout.js';
import type { EnvelopeOpening, EnvelopeSealing } from '../../../appliance/packages/port.js';
import { envelopeSink } from '../../../appliance/packages/seal-envelope.js';
import { folderSource } from '../../../appliance/packages/store.js';
import { tarEntries, tarHeader } from '../../../appliance/packages/tar-form.js';
import { certify, fileOf, hex, NOW, packageDesk, planOf, provider, recordOf, testBox, twoBoxes } from '../../helpers/packages.js';

const desk = packageDesk();
test.after.always(async () => desk.bulk.close());
const road = twoBoxes();
const { sender, sealing, opening } = road;
const records = [recordOf(1, [fileOf('main', 1, '通知.pdf', Buffer.alloc(200_000, 7))]), recordOf(2, [fileOf('main', 1, '函.ofd', Buffer.alloc(10, 1))])];

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-envelope-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

async function sealed(t: ExecutionContext, wish: Partial<EnvelopeSealing> = {}, plan: Parameters<typeof planOf>[2] = {}) {
  const folder = folderOf(t);
  const [one] = await desk.room.sealPackage(planOf(sender, records, plan), folder, () => sealing(randomUUID(), wish));
  if (one === undefined) throw new Error('nothing sealed');
  return { folder, file: one.envelope.path, ...one };
}

/** The code of the refusal, or `opened`. */
async function outcome(file: string, wish: Partial<EnvelopeOpening> = {}): Promise<string> {
  try {
    const { source } = await desk.room.openEnvelopeSource(file, opening(wish));
    await source.close();
    return 'opened';
  } catch (error) {
    return error instanceof ArchiveError ? error.code : String(error);
  }
}

test('第四十二条: sealed from a folder or straight from the plan, an envelope opens with both keys into the same package', async (t) => {
  const folder = folderOf(t);
  const plan = planOf(sender, records);
  const [written] = await desk.room.writePackage(plan, path.join(folder, 'plain'));
  const fromFolder = await desk.room.sealEnvelope(path.join(folder, 'plain', written?.folder ?? ''), path.join(folder, 'a.envelope'), sealing(randomUUID()));
  const [direct] = await desk.room.sealPackage(plan, path.join(folder, 'direct'), () => sealing(randomUUID()));
  t.deepEqual(await readdir(path.join(folder, 'direct')), ['YJ-2026-0001.envelope']);
  for (const envelope of [fromFolder, direct?.envelope]) {
    if (envelope === undefined) continue;
    t.is(envelope.bytes, (await readFile(envelope.path)).length);
    t.like(envelope.label, { package: { no: 'YJ-2026-0001', kind: 'transfer', volume: 1, volumes: 1 }, level: 3, mark: '机密★20年', handover: 'JJ-2026-0001', receiver: { box: 'SZ-RECEIVER' }, device: { no: 'SB-001' } });
    const out = path.join(folder, `${envelope.digest.slice(0, 8)}-out`);
    const opened = await desk.room.openEnvelope(envelope.path, out, opening());
    t.is(opened.digest, envelope.digest);
    const read = await desk.room.readPackage(out, { anchors: [sender.authority], at: NOW });
    t.deepEqual(read.findings, []);
    t.is(read.manifest, opened.label.content.manifest);
    const { source } = await desk.room.openEnvelopeSource(envelope.path, opening());
    const inPlace = await desk.room.readPackageFrom(source, { anchors: [sender.authority], at: NOW });
    t.deepEqual([inPlace.findings, inPlace.facts], [[], read.facts]);
    const codes: string[] = [];
    for await (const { row } of inPlace.records()) codes.push(row.archivalCode);
    t.deepEqual(codes, records.map(({ row }) => row.archivalCode));
    await inPlace.close();
    t.false((await readFile(envelope.path)).includes(Buffer.from('昆明市测试局')));
    await t.throwsAsync(desk.room.openEnvelope(envelope.path, out, opening()), { code: 'E_DUPLICATE' } as never);
  }
});

test('stock openssl and tar open an envelope from its page, given both halves', async (t) => {
  const { file, envelope, folder } = await sealed(t);
  const bytes = await readFile(file);
  const { sealedBytes, labelBytes, signatureBytes } = decodeTail(bytes.subarray(-32));
  await writeFile(path.join(folder, 'label.json'), bytes.subarray(sealedBytes, sealedBytes + labelBytes));
  await writeFile(path.join(folder, 'label.sig'), bytes.subarray(sealedBytes + labelBytes, sealedBytes + labelBytes + signatureBytes));
  await writeFile(path.join(folder, 'box.pem'), sender.chain[0] ?? '');
  const { halves, content, ...address } = envelope.label;
  await writeFile(path.join(folder, 'address.json'), canonicalBytes(address));
  t.deepEqual(canonicalBytes(address), addressBytes(address));
  const [a, b] = [provider.sm2Decrypt(Buffer.from(halves.box, 'base64'), road.envelopeKey), provider.sm2Decrypt(Buffer.from(halves.device, 'base64'), road.deviceKey)];
  const script = `set -e
openssl x509 -in box.pem -pubkey -noout > key.pem
openssl dgst -sm3 -verify key.pem -sigopt distid:1234567812345678 -signature label.sig label.json
INFO=$(printf 'shouzang transfer envelope 1' | od -An -tx1 | tr -d ' \\n')$(openssl dgst -sm3 -r address.json | cut -c1-64)
S=$(openssl kdf -keylen 32 -kdfopt digest:SM3 -kdfopt hexkey:${hex(a)}${hex(b)} -kdfopt hexsalt:${envelope.label.envelope.replaceAll('-', '')} -kdfopt hexinfo:$INFO HKDF | tr -d :)
K=$(openssl kdf -keylen 16 -kdfopt digest:SM3 -kdfopt hexkey:$S -kdfopt hexsalt:${envelope.label.envelope.replaceAll('-', '')} -kdfopt info:"shouzang envelope 1 enc" HKDF | tr -d :)
tail -c +129 YJ-2026-0001.envelope | head -c ${String(content.bytes)} | openssl enc -d -sm4-ctr -K $K -iv ${hex(bytes.subarray(32, 48))} > package.tar
mkdir out && tar -xf package.tar -C out && sh out/其他/verify-package.sh out`;
  t.regex(execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' }), /Verified OK[\s\S]*全部相符/u);
});

test('第四十二条: each envelope that is not for here, now, once, by these keys is refused by its own code', async (t) => {
  const { file, envelope } = await sealed(t);
  const given = opening();
  const strange = provider.generateKeyPair();
  t.is(await outcome(file), 'opened');
  t.is(await outcome(file, { seen: async (id) => Promise.resolve(id === envelope.label.envelope) }), 'E_ENVELOPE_REPLAYED');
  t.is(await outcome(file, { box: { ...given.box, serial: 'SZ-ELSEWHERE' } }), 'E_ENVELOPE_FOREIGN');
  t.is(await outcome(file, { box: { ...given.box, publicKey: strange.publicKey } }), 'E_ENVELOPE_FOREIGN');
  t.is(await outcome(file, { device: { ...given.device, no: 'SB-002', publicKey: strange.publicKey } }), 'E_ENVELOPE_DEVICE');
  t.is(await outcome(file, { device: { ...given.device, unwrap: (wrapped) => provider.sm2Decrypt(wrapped, strange) } }), 'E_DECRYPT_FAILED');
  t.is(await outcome(file, { device: { ...given.device, validTo: '2026-11-24' } }), 'E_ENVELOPE_EXPIRED');
  t.is(await outcome(file, { at: '2026-12-23T08:00:00.001Z' }), 'E_ENVELOPE_EXPIRED');
  t.is(await outcome(file, { at: '2026-11-22T08:00:00.000Z' }), 'E_ENVELOPE_EXPIRED');
  t.is(await outcome(file, { box: { ...given.box, systemLevel: 2 } }), 'E_ENVELOPE_LEVEL');
  t.is(await outcome(file, { device: { ...given.device, certifiedLevel: 2 } }), 'E_ENVELOPE_LEVEL');
  t.is(await outcome(file, { senders: [testBox('SZ-SENDER').authority] }), 'E_ENVELOPE_SENDER');
});

test('what no receiver would open is not sealed: level, expired certificates, foreign chains; nothing is left behind', async (t) => {
  const base = sealing(randomUUID());
  const refused = async (wish: Partial<EnvelopeSealing>, code: string): Promise<void> => {
    const folder = folderOf(t);
    await t.throwsAsync(desk.room.sealPackage(planOf(sender, records), folder, () => sealing(randomUUID(), wish)), { code } as never);
    t.deepEqual(await readdir(folder), []);
  };
  await refused({ receiver: { ...base.receiver, systemLevel: 2 } }, 'E_ENVELOPE_LEVEL');
  await refused({ device: { ...base.device, certifiedLevel: 2 } }, 'E_ENVELOPE_LEVEL');
  await refused({ device: { ...base.device, validTo: '2026-11-22' } }, 'E_ENVELOPE_EXPIRED');
  await refused({ validUntil: '2026-11-22T00:00:00.000Z' }, 'E_ENVELOPE_EXPIRED');
  await refused({ sealedAt: '2037-01-01T00:00:00.000Z', validUntil: '2038-01-01T00:00:00.000Z' }, 'E_ENVELOPE_EXPIRED');
  await refused({ receiver: { ...base.receiver, anchor: sender.authority } }, 'E_CERT_INVALID');
  await refused({ receiver: { ...base.receiver, chain: [] } }, 'E_CERT_INVALID');
  await refused({ device: { ...base.device, certificate: certify(testBox('SZ-Y'), 'SB-001', road.deviceKey, ['keyEncipherment']) } }, 'E_CERT_INVALID');
  await refused({ device: { ...base.device, certificate: certify(sender, 'SB-001', road.deviceKey, ['digitalSignature']) } }, 'E_CERT_INVALID');
});

test('a sender whose own certificate had run out, a content that is another package: refused', async (t) => {
  const old = testBox('SZ-SENDER', '2026-06-01T00:00:00.000Z');
  const folder = folderOf(t);
  const base = sealing(randomUUID());
  const device = { ...base.device, certificate: certify(old, 'SB-001', road.deviceKey, ['keyEncipherment']) };
  const expired = { ...base, device, sender: { serial: old.serial, chain: old.chain, sign: (message: Uint8Array) => provider.sign(message, old.key) } };
  const [one] = await desk.room.sealPackage(planOf(old, records), folder, () => expired);
  t.is(await outcome(one?.envelope.path ?? '', { senders: [old.authority] }), 'E_ENVELOPE_EXPIRED');

  const [first, second] = [await sealed(t), await sealed(t)];
  const [a, b] = [await readFile(first.file), await readFile(second.file)];
  const tail = decodeTail(a.subarray(-32));
  t.is(tail.sealedBytes, decodeTail(b.subarray(-32)).sealedBytes);
  const swapped = path.join(folder, 'swapped');
  await writeFile(swapped, Buffer.concat([b.subarray(0, tail.sealedBytes), a.subarray(tail.sealedBytes)]));
  t.is(await outcome(swapped), 'E_ENVELOPE_SWAPPED');
  const relabelled = path.join(folder, 'relabelled');
  const forged = canonicalBytes({ ...first.envelope.label, receiver: { ...first.envelope.label.receiver, box: 'SZ-THIEF' } });
  await writeFile(relabelled, Buffer.concat([a.subarray(0, tail.sealedBytes), forged, a.subarray(tail.sealedBytes + tail.labelBytes, -32), Buffer.from(a.subarray(-32))]));
  t.is(await outcome(relabelled), 'E_ENVELOPE_LABEL');
});

test('a label of a lower level, another volume or another number than the package behind it opens nothing', async (t) => {
  const folder = folderOf(t);
  const [written] = await desk.room.writePackage(planOf(sender, records), path.join(folder, 'plain'));
  const source = folderSource(path.join(folder, 'plain', written?.folder ?? ''));
  const about = { packageNo: 'YJ-2026-0001', kind: 'transfer', volume: 1, volumes: 1, level: 3, mark: '机密★20年' } as const;
  for (const wish of [{}, { level: 2 }, { mark: '机密★10年' }, { volume: 2, volumes: 2 }, { packageNo: 'YJ-2026-0002' }, { kind: 'filing' }] as const) {
    const sink = await envelopeSink(desk.tools, path.join(folder, `${randomUUID()}.envelope`), sealing(randomUUID()), { ...about, ...wish });
    for (const { path: one, bytes, kind } of await source.list()) if (kind === 'file') await sink.put(one, bytes, source.open(one));
    await sink.finish();
    t.is(await outcome(sink.sealed().path), Object.keys(wish).length === 0 ? 'opened' : 'E_ENVELOPE_CONTENT', JSON.stringify(wish));
  }
});

test('the label is for every eye: it tells handling and no title, name or 档号, and needs no key', async (t) => {
  const { file, envelope } = await sealed(t);
  const { label, digest } = await readLabel(desk.tools.two, file);
  t.deepEqual([label, digest], [envelope.label, envelope.digest]);
  const text = JSON.stringify({ ...label, sender: label.sender.box });
  for (const word of ['包', '通知', '测试局', 'Z109-WS']) t.false(text.includes(word), word);
});

test('tar form: what is written reads back for any path and size, and other tars are refused', async (t) => {
  for (const [name, bytes] of [['a', 0], ['电子档案/一.pdf', 513], ['x'.repeat(101), 511], ['y'.repeat(100), 512], [MANIFEST, 9 * 8 ** 10], ['中'.repeat(33), 9 * 8 ** 11]] as const) {
    const header = tarHeader(name, bytes);
    const total = header.length + Math.ceil(bytes / 512) * 512 + 1024;
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const out = Buffer.alloc(Math.min(length, total - offset));
      if (offset < header.length) header.copy(out, 0, offset);
      return Promise.resolve(out);
    };
    t.deepEqual(await tarEntries(total, read), [{ path: name, bytes, at: header.length }]);
    await t.throwsAsync(tarEntries(total + 512, read), { code: 'E_ENVELOPE_CONTENT' } as never);
  }
  const link = tarHeader('link', 0);
  link.write('2', 156);
  await t.throwsAsync(tarEntries(1536, async (offset, length) => Promise.resolve(Buffer.concat([link, Buffer.alloc(1024)]).subarray(offset, offset + length))), { code: 'E_ENVELOPE_CONTENT' } as never);
});

interface Vector {
  readonly name: string; readonly envelope: string; readonly digest: string; readonly label: unknown; readonly at: string; readonly keys: { readonly receiver: string; readonly device: string }; readonly sender: string;
  readonly parts: { readonly sealedBytes: number; readonly labelBytes: number; readonly signatureBytes: number }; readonly files: readonly { readonly path: string; readonly content: string }[];
  readonly damage: readonly { readonly what: string; readonly edit: readonly [string, number, number]; readonly expect: string }[];
}

function edited(bytes: Buffer, [kind, offset, more]: Vector['damage'][number]['edit']): Buffer {
  const at = offset < 0 ? bytes.length + offset : offset;
  if (kind === 'cut') return bytes.subarray(0, bytes.length - offset);
  if (kind === 'drop') return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + more)]);
  if (kind !== 'flip') throw new Error(kind);
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ more;
  return copy;
}

test('golden vectors: an envelope kept from the day of the format opens, and each damage is refused by its kind', async (t) => {
  const folder = folderOf(t);
  const from = inPackage('test', 'vectors', 'transfer-envelope');
  for (const name of (await readdir(from)).filter((one) => one.endsWith('.json'))) {
    const vector = JSON.parse(await readFile(path.join(from, name), 'utf8')) as Vector;
    const [receiver, device] = [provider.loadPrivateKey(Buffer.from(vector.keys.receiver, 'base64')), provider.loadPrivateKey(Buffer.from(vector.keys.device, 'base64'))];
    const base = opening();
    const wish: Partial<EnvelopeOpening> = {
      at: vector.at, senders: [parseCertificate(vector.sender)], box: { ...base.box, publicKey: receiver.publicKey, unwrap: (wrapped) => provider.sm2Decrypt(wrapped, receiver) },
      device: { ...base.device, publicKey: device.publicKey, unwrap: (wrapped) => provider.sm2Decrypt(wrapped, device) },
    };
    const bytes = Buffer.from(vector.envelope, 'base64');
    const file = path.join(folder, 'vector');
    await writeFile(file, bytes);
    t.deepEqual(decodeTail(bytes.subarray(-32)), vector.parts);
    const { label, digest, source } = await desk.room.openEnvelopeSource(file, opening(wish));
    t.deepEqual([label, digest], [vector.label as typeof label, vector.digest]);
    for (const { path: one, content } of vector.files) {
      const pieces: Uint8Array[] = [];
      for await (const piece of source.open(one)) pieces.push(piece);
      t.is(Buffer.concat(pieces).toString('base64'), content, one);
    }
    await source.close();
    for (const { what, edit, expect } of vector.damage) {
      await writeFile(file, edited(bytes, edit));
      t.is(await outcome(file, wish), expect, `${vector.name}: ${what}`);
    }
  }
});
