import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Bulk } from '../../appliance/content/bulk.js';
import { packageRoom } from '../../appliance/packages/compose.js';
import type { PackageFile } from '../../appliance/packages/port.js';
import { dictionaries, hex, planOf, provider, recordOf, scheme, two, twoBoxes } from '../helpers/packages.js';
import { rate, type Figure, type Piece } from './figure.js';

const MEBI = 1024 * 1024;
/** 4096 for the figure of a whole disc; needs three times that on the disk. */
const SIZE_MIB = Number(process.env['BENCH_PACKAGE_MIB'] ?? '256');
const FILES = 4;
const KEY = '00112233445566778899aabbccddeeff';

/** The same work by hand on one file of the size. */
function reference(folder: string, script: string): number | null {
  const begin = performance.now();
  const { status } = spawnSync('bash', ['-c', script, 'bash', folder, KEY], { stdio: 'ignore' });
  return status === 0 ? SIZE_MIB / ((performance.now() - begin) / 1000) : null;
}
const JOINING = 'cd "$1"; cat plain/*/电子档案/*/*/*/内容/* > reference.in';
const SEALING = `cd "$1"; openssl dgst -sm3 reference.in >/dev/null & openssl enc -sm4-ctr -K "$2" -iv "$2" -in reference.in -out reference.out && openssl dgst -sm3 -mac HMAC -macopt "hexkey:$2$2" reference.out >/dev/null && sync -d reference.out; code=$?; wait; exit "$code"`;
const OPENING = 'cd "$1"; openssl dgst -sm3 -mac HMAC -macopt "hexkey:$2$2" reference.out >/dev/null && openssl enc -d -sm4-ctr -K "$2" -iv "$2" -in reference.out -out reference.back && sync -d reference.back';

/** Bytes that are not on a disk before: a block over and over, its start changed each time. */
function madeFile(position: number, block: Buffer): PackageFile {
  const blocks = Math.ceil((SIZE_MIB * MEBI) / FILES / block.length);
  const pieces = function* (): Generator<Uint8Array> {
    for (let at = 0; at < blocks; at += 1) {
      block.writeUInt32BE(at * FILES + position, 0);
      yield block;
    }
  };
  const digest = provider.sm3Stream();
  for (const piece of pieces()) digest.update(piece);
  return { role: position === 1 ? 'main' : 'attachment', position, name: `${String(position)}.pdf`, bytes: blocks * block.length, sm3: hex(digest.digest()), async *open() { for (const piece of pieces()) yield await Promise.resolve(piece); } };
}

/** 封装与启封: a package of a disc's size into its envelope and out again, in turns with the openssl programs. */
export const packages: Piece = {
  name: 'package',
  async run(folder) {
    const bulk = new Bulk();
    const room = packageRoom({ provider, bulk, two, scheme, dictionaries });
    const road = twoBoxes();
    const block = randomBytes(MEBI);
    const [plain, out, back] = [path.join(folder, 'plain'), path.join(folder, 'a.envelope'), path.join(folder, 'back')];
    const plan = planOf(road.sender, [recordOf(1, Array.from({ length: FILES }, (_, at) => madeFile(at + 1, block)))]);
    const [volume] = await room.writePackage(plan, plain);

    reference(folder, JOINING); // not part of its time
    const sealReference = reference(folder, SEALING);
    await rm(path.join(folder, 'reference.in'), { force: true });
    const openReference = reference(folder, OPENING);
    for (const name of ['reference.out', 'reference.back']) await rm(path.join(folder, name), { force: true });

    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let peak = before;
    const watch = setInterval(() => { peak = Math.max(peak, process.memoryUsage().rss); }, 20);
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const begin = performance.now();
      await work();
      return SIZE_MIB / ((performance.now() - begin) / 1000);
    };
    const sealed = await timed(async () => room.sealEnvelope(path.join(plain, volume?.folder ?? ''), out, road.sealing(randomUUID())));
    await rm(plain, { recursive: true, force: true });
    const opened = await timed(async () => room.openEnvelope(out, back, road.opening()));
    clearInterval(watch);
    const name = bulk.choice.name;
    await bulk.close();
    for (const one of [out, back]) await rm(one, { recursive: true, force: true });

    const held = (title: string, value: number | null) => (value === null ? null : { title, value });
    const goal = name === 'libgcrypt' ? 2.5 : 1.6;
    const size = `${String(SIZE_MIB)} MiB（SM4 由 ${name}）`;
    const figures: Figure[] = [
      rate('package.seal', `封装信息包 ${size}`, sealed, 'MiB/秒', held('openssl dgst & (enc; hmac) 管道', sealReference), sealReference === null ? null : (ratio) => ({ text: `≥ ${String(goal)} × openssl 管道`, met: ratio >= goal })),
      rate('package.open', `启封并落盘 ${size}`, opened, 'MiB/秒', held('openssl hmac; enc -d', openReference), null),
      rate('package.memory', '封装与启封时内存增量', (peak - before) / MEBI, 'MiB', null, (value) => ({ text: '< 200 MiB', met: value < 200 })),
      rate('package.rss', '封装与启封时进程内存峰值', peak / MEBI, 'MiB', null, null),
    ];
    return figures;
  },
};
