import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { hasIsoTools, readIso, sumPath, writeIso } from '../../../appliance/packages/iso.js';
import { fileOf, NOW, packageDesk, planOf, provider, recordOf, twoBoxes } from '../../helpers/packages.js';

const present = await hasIsoTools();
const withTools = present ? test : test.skip;
const desk = packageDesk({ quick: true });
test.after.always(async () => desk.bulk.close());
const road = twoBoxes();
const trust = { anchors: [road.sender.authority], at: NOW };

withTools('第二十二条: a package and an envelope go onto an image and come back whole; a damaged image is noticed', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-iso-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  const records = [recordOf(1, [fileOf('main', 1, '通知.pdf', Buffer.alloc(70_000, 3)), fileOf('attachment', 2, '附件.xlsx', Buffer.alloc(10, 4))])];
  await desk.room.writePackage(planOf(road.sender, records), path.join(folder, 'disc'));
  const image = await writeIso(provider, path.join(folder, 'disc'), path.join(folder, 'disc.iso'), 'YJ_2026_0001');
  t.is(await readFile(sumPath(image.path), 'utf8'), `${image.sm3}  disc.iso\n`);
  t.is(image.bytes % 2048, 0);
  await t.throwsAsync(writeIso(provider, path.join(folder, 'disc'), image.path, 'YJ_2026_0001'), { code: 'E_DUPLICATE' } as never);

  await readIso(provider, image.path, path.join(folder, 'back'));
  t.deepEqual(await readdir(path.join(folder, 'back')), ['YJ-2026-0001']);
  t.deepEqual((await desk.room.readPackage(path.join(folder, 'back', 'YJ-2026-0001'), trust)).findings, []);

  const bytes = await readFile(image.path);
  const at = bytes.indexOf(Buffer.alloc(2000, 3));
  bytes[at + 100] = 9;
  await writeFile(image.path, bytes);
  await t.throwsAsync(readIso(provider, image.path, path.join(folder, 'damaged')), { code: 'E_ISO_FAILED' } as never);
  await rm(sumPath(image.path));
  await readIso(provider, image.path, path.join(folder, 'damaged'));
  t.deepEqual((await desk.room.readPackage(path.join(folder, 'damaged', 'YJ-2026-0001'), trust)).findings.map(({ code }) => code), ['E_PKG_FILE_CHANGED']);

  await mkdir(path.join(folder, 'road'));
  const [sealed] = await desk.room.sealPackage(planOf(road.sender, records), path.join(folder, 'road'), () => road.sealing('0d9c1c6e-7a51-4b38-8d19-7f3d0c9a1b22'));
  await writeIso(provider, path.join(folder, 'road'), path.join(folder, 'road.iso'), 'ROAD');
  await readIso(provider, path.join(folder, 'road.iso'), path.join(folder, 'arrived'));
  t.deepEqual(await readFile(path.join(folder, 'arrived', 'YJ-2026-0001.envelope')), await readFile(sealed?.envelope.path ?? ''));

  await writeFile(path.join(folder, 'no.iso'), Buffer.alloc(4096));
  await t.throwsAsync(readIso(provider, path.join(folder, 'no.iso'), path.join(folder, 'none')), { code: 'E_ISO_FAILED' } as never);
  t.false((await readdir(folder)).some((name) => name.endsWith('.part')));
});

test('an image without the tool, or with a bad name, is refused by its code', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-iso-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  await t.throwsAsync(writeIso(provider, folder, path.join(folder, 'x.iso'), '移交'), { code: 'E_INPUT_INVALID' } as never);
  if (present) return;
  await t.throwsAsync(writeIso(provider, folder, path.join(folder, 'x.iso'), 'X'), { code: 'E_ISO_UNAVAILABLE' } as never);
});
