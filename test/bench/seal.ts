import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Bulk } from '../../appliance/content/bulk.js';
import { ctrNamed, type CtrName } from '../../appliance/content/ctr.js';
import { createSealer } from '../../appliance/content/seal.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { median, rate, type Figure, type Piece } from './figure.js';

const MEBI = 1024 * 1024;
const BYTES = 512 * MEBI;
const ROUNDS = 3;
const KEY = '00112233445566778899aabbccddeeff';

/** The same work by hand: digest beside encryption, then the code over what was encrypted, all of it on the disk. */
function pipeline(source: string, target: string): number | null {
  const script = [
    'openssl dgst -sm3 "$1" >/dev/null & ',
    'openssl enc -sm4-ctr -K "$3" -iv "$3" -in "$1" -out "$2" && openssl dgst -sm3 -mac HMAC -macopt "hexkey:$3$3" "$2" >/dev/null && sync -d "$2"; ',
    'code=$?; wait; exit "$code"',
  ].join('');
  const begin = performance.now();
  const { status } = spawnSync('bash', ['-c', script, 'bash', source, target, KEY], { stdio: 'ignore' });
  return status === 0 ? BYTES / MEBI / ((performance.now() - begin) / 1000) : null;
}

async function sealOnce(source: string, target: string, ctr: CtrName): Promise<{ speed: number; memory: number }> {
  const provider = new NodeProvider();
  const bulk = new Bulk({ ctr });
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 20);
  const begin = performance.now();
  const sealer = await createSealer({ provider, bulk }, { objectId: '6f1c1a3e-5b7d-4f57-9c0b-2f6f5d2f7a10', secret: provider.random(32), path: target });
  for await (const segment of createReadStream(source, { highWaterMark: MEBI })) await sealer.write(segment as Buffer);
  await sealer.finish();
  const speed = BYTES / MEBI / ((performance.now() - begin) / 1000);
  clearInterval(watch);
  await bulk.close();
  return { speed, memory: (peak - before) / MEBI };
}

/** SM3 + SM4-CTR + HMAC-SM3 + durable write of a large content, in turns with the openssl programs. */
export const seal: Piece = {
  name: 'seal',
  async run(folder) {
    const [source, target] = [path.join(folder, 'content'), path.join(folder, 'sealed')];
    const file = await open(source, 'wx');
    const block = randomBytes(16 * MEBI);
    for (let at = 0; at < BYTES; at += block.length) await file.write(block);
    await file.sync();
    await file.close();
    if ((await stat(source)).size !== BYTES) throw new Error('the disk is full');

    const names: readonly CtrName[] = ctrNamed('libgcrypt') === ctrNamed('node') ? ['node'] : ['node', 'libgcrypt'];
    const theirs: number[] = [];
    const ours = new Map(names.map((name) => [name, [] as number[]]));
    let memory = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const reference = pipeline(source, target);
      if (reference !== null) theirs.push(reference);
      await rm(target, { force: true });
      for (const name of names) {
        const once = await sealOnce(source, target, name);
        ours.get(name)?.push(once.speed);
        memory = Math.max(memory, once.memory);
        await rm(target, { force: true });
      }
    }
    const reference = theirs.length === 0 ? null : { title: 'openssl dgst & (enc; hmac) 管道', value: median(theirs) };
    const goal = { node: 1.6, libgcrypt: 2.5 } as const;
    const figures: Figure[] = names.map((name) =>
      rate(`seal.${name}`, `封存 512 MiB（SM4 由 ${name}）`, median(ours.get(name) ?? []), 'MiB/秒', reference,
        reference === null ? null : (ratio) => ({ text: `≥ ${goal[name]} × openssl 管道`, met: ratio >= goal[name] })),
    );
    return [...figures, rate('seal.memory', '封存时内存增量', memory, 'MiB', null, (value) => ({ text: '< 200 MiB', met: value < 200 }))];
  },
};
