import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { ArchiveError } from '../../../core/errors.js';
import { CHUNK_BYTES, FOOTER_BYTES, HEADER_BYTES, TAG_BYTES } from '../../../secrecy/envelope.js';
import { decodeTail, TAIL_BYTES } from '../../../secrecy/transfer-envelope.js';
import { CERTIFICATES, MANIFEST, SIGNATURE } from '../../../appliance/packages/layout.js';
import { folderSource } from '../../../appliance/packages/store.js';
import type { PackageSource } from '../../../appliance/packages/store.js';
import { fileOf, NOW, packageDesk, planOf, recordOf, twoBoxes } from '../../helpers/packages.js';

/** How often each of the two is damaged. */
const RUNS = Number(process.env['PACKAGE_MUTATIONS'] ?? '1100');
const desk = packageDesk({ quick: true });
const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-mutations-'));
test.after.always(async () => {
  await desk.bulk.close();
  rmSync(folder, { recursive: true, force: true });
});
const road = twoBoxes();
const trust = { anchors: [road.sender.authority], at: NOW };
const pattern = (bytes: number, seed: number): Buffer => Buffer.from(Array.from({ length: bytes }, (_, at) => (at * 31 + seed + (at >> 8)) & 255));
const records = [1, 2, 3].map((at) => recordOf(at, [fileOf('main', 1, '正文.pdf', pattern(40 * at, at)), fileOf('attachment', 2, '附.xlsx', pattern(33, at + 9))]));

type Files = Map<string, Buffer>;
const memorySource = (files: Files): PackageSource => ({
  name: 'YJ-2026-0001', list: async () => Promise.resolve([...files].map(([file, content]) => ({ path: file, kind: 'file' as const, bytes: content.length }))),
  async *open(file) { yield await Promise.resolve(files.get(file) ?? Buffer.alloc(0)); }, close: async () => Promise.resolve(),
});

const place = fc.nat({ max: 2 ** 30 });
const damage = fc.record({ kind: fc.constantFrom('flip', 'truncate', 'grow', 'drop', 'rename', 'swap', 'repeat', 'add'), at: place, other: place, offset: place, bit: fc.nat({ max: 7 }) });

test('2,000 mutations, package: any flip, cut, loss, exchange, renaming or addition is refused with the entry and the kind of its cause', async (t) => {
  t.timeout(240_000);
  await desk.room.writePackage(planOf(road.sender, records), folder);
  const whole: Files = new Map();
  const source = folderSource(path.join(folder, 'YJ-2026-0001'));
  for (const { path: file, kind } of await source.list()) if (kind === 'file') whole.set(file, await readFile(path.join(folder, 'YJ-2026-0001', file)));
  t.deepEqual((await desk.room.readPackageFrom(memorySource(whole), trust)).findings, []);
  const names = [...whole.keys()];
  const kinds = new Map<string, number>();

  await fc.assert(fc.asyncProperty(damage, async ({ kind, at, other, offset, bit }) => {
    const files: Files = new Map(whole);
    const name = names[at % names.length] ?? '';
    const content = whole.get(name) ?? Buffer.alloc(0);
    const changed = name === MANIFEST || name === SIGNATURE ? `E_PKG_SIGNATURE ${SIGNATURE}` : `E_PKG_FILE_CHANGED ${name}`;
    let expected = [changed];
    if (kind === 'flip') {
      const copy = Buffer.from(content);
      if (copy.length === 0) return;
      copy[offset % copy.length] = (copy[offset % copy.length] ?? 0) ^ (1 << bit);
      files.set(name, copy);
    } else if (kind === 'truncate') {
      if (content.length === 0) return;
      files.set(name, content.subarray(0, offset % content.length));
    } else if (kind === 'grow') files.set(name, Buffer.concat([content, Buffer.from([bit])]));
    else if (kind === 'drop' || kind === 'rename') {
      files.delete(name);
      expected = [name === MANIFEST ? `E_PKG_MANIFEST_MISSING ${name}` : `E_PKG_FILE_MISSING ${name}`];
      if (kind === 'rename') files.set(`${name}.x`, content);
      if (kind === 'rename' && name !== MANIFEST) expected.push(`E_PKG_FILE_EXTRA ${name}.x`);
    } else if (kind === 'swap') {
      const second = names[other % names.length] ?? '';
      const theirs = whole.get(second) ?? Buffer.alloc(0);
      if (theirs.equals(content)) return;
      files.set(name, theirs).set(second, content);
      if (second === MANIFEST) expected = [`E_PKG_SIGNATURE ${SIGNATURE}`];
      // Without a certificate no signature can be judged.
      if ([name, second].includes(CERTIFICATES) && [name, second].some((one) => one === MANIFEST || one === SIGNATURE)) expected = [`E_PKG_CERTIFICATE ${CERTIFICATES}`];
    } else {
      const added = kind === 'add' ? `其他/新文件${String(offset % 100)}.txt` : `${name}.copy`;
      files.set(added, kind === 'add' ? pattern(offset % 50, bit) : content);
      expected = [`E_PKG_FILE_EXTRA ${added}`];
    }
    const read = await desk.room.readPackageFrom(memorySource(files), trust);
    const found = read.findings.map(({ code, entry }) => `${code} ${entry}`);
    for (const one of expected) if (!found.includes(one)) throw new Error(`${kind} of ${name}: expected ${one}, found ${found.join('; ')}`);
    for (const one of found) kinds.set(one.split(' ')[0] ?? '', (kinds.get(one.split(' ')[0] ?? '') ?? 0) + 1);
  }), { numRuns: RUNS });
  t.log(Object.fromEntries(kinds));
  t.true(kinds.size >= 5);
});

const wound = fc.record({ kind: fc.constantFrom('flip', 'flip-end', 'cut', 'drop', 'repeat', 'exchange', 'overwrite', 'with-tags', 'insert'), at: place, other: place, bit: fc.nat({ max: 7 }) });

test('2,000 mutations, envelope: any flipped byte, and any chunk lost, repeated, exchanged or cut off, is refused with its cause', async (t) => {
  t.timeout(240_000);
  const big = recordOf(9, [fileOf('main', 1, '正文.pdf', pattern(180_000, 3))]);
  const [made] = await desk.room.sealPackage(planOf(road.sender, [big]), path.join(folder, 'sealed'), () => road.sealing('0d9c1c6e-7a51-4b38-8d19-7f3d0c9a1b22'));
  const whole = await readFile(made?.envelope.path ?? '');
  const { sealedBytes, labelBytes, signatureBytes } = decodeTail(whole.subarray(-TAIL_BYTES));
  const bytes = made?.envelope.label.content.bytes ?? 0;
  const [bodyEnd, tableEnd] = [HEADER_BYTES + bytes, sealedBytes - FOOTER_BYTES];
  const full = Math.floor(bytes / CHUNK_BYTES);
  const file = path.join(folder, 'wounded');
  const kinds = new Map<string, number>();

  const outcome = async (): Promise<string> => {
    try {
      const { source } = await desk.room.openEnvelopeSource(file, road.opening());
      try {
        for (const { path: one } of await source.list()) for await (const piece of source.open(one)) if (piece.length < 0) return '';
      } finally {
        await source.close();
      }
      return 'opened';
    } catch (error) {
      return error instanceof ArchiveError ? error.code : String(error);
    }
  };
  writeFileSync(file, whole);
  t.is(await outcome(), 'opened');

  const byPlace = (at: number): readonly string[] => {
    if (at < HEADER_BYTES) return ['E_ENVELOPE_HEADER', 'E_ENVELOPE_VERSION', 'E_ENVELOPE_SWAPPED'];
    if (at < tableEnd) return ['E_ENVELOPE_CHUNK_TAG'];
    if (at < sealedBytes) return ['E_ENVELOPE_FOOTER', 'E_ENVELOPE_TRUNCATED'];
    if (at < sealedBytes + labelBytes + signatureBytes) return ['E_ENVELOPE_LABEL'];
    return ['E_ENVELOPE_LABEL', 'E_ENVELOPE_VERSION', 'E_ENVELOPE_TRUNCATED'];
  };

  await fc.assert(fc.asyncProperty(wound, async ({ kind, at, other, bit }) => {
    const copy = Buffer.from(whole);
    const chunkAt = (index: number): number => HEADER_BYTES + index * CHUNK_BYTES;
    const [i, j] = [at % full, other % full];
    let cut = copy;
    let expected: readonly string[] = ['E_ENVELOPE_CHUNK_ORDER'];
    if (kind === 'flip' || kind === 'flip-end') {
      const spot = kind === 'flip' ? at % whole.length : tableEnd - 64 + (at % (whole.length - tableEnd + 64));
      copy[spot] = (copy[spot] ?? 0) ^ (1 << bit);
      expected = byPlace(spot);
    } else if (kind === 'cut') {
      cut = copy.subarray(0, at % whole.length);
      expected = ['E_ENVELOPE_TRUNCATED'];
    } else if (kind === 'drop') cut = Buffer.concat([copy.subarray(0, chunkAt(i)), copy.subarray(chunkAt(i + 1))]);
    else if (kind === 'repeat') cut = Buffer.concat([copy.subarray(0, chunkAt(i + 1)), copy.subarray(chunkAt(i))]);
    else if (kind === 'insert') cut = Buffer.concat([copy.subarray(0, at % bodyEnd), Buffer.from([bit]), copy.subarray(at % bodyEnd)]);
    else {
      if (i === j) return;
      const tagAt = (index: number): number => bodyEnd + index * TAG_BYTES;
      whole.copy(copy, chunkAt(i), chunkAt(j), chunkAt(j + 1));
      if (kind === 'exchange' || kind === 'with-tags') whole.copy(copy, chunkAt(j), chunkAt(i), chunkAt(i + 1));
      if (kind === 'with-tags') {
        whole.copy(copy, tagAt(i), tagAt(j), tagAt(j + 1));
        whole.copy(copy, tagAt(j), tagAt(i), tagAt(i + 1));
      }
    }
    writeFileSync(file, cut);
    const found = await outcome();
    if (!expected.includes(found)) throw new Error(`${kind} at ${String(at)}: expected ${expected.join(' or ')}, found ${found}`);
    kinds.set(found, (kinds.get(found) ?? 0) + 1);
  }), { numRuns: RUNS });
  t.log(Object.fromEntries(kinds));
  t.true(kinds.size >= 6);
});
