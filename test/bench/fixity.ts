import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { Bulk } from '../../appliance/content/bulk.js';
import { openSealed } from '../../appliance/content/open.js';
import { createSealer } from '../../appliance/content/seal.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { median, rate, type Piece } from './figure.js';

const MEBI = 1024 * 1024;
const BYTES = 256 * MEBI;
const ROUNDS = 3;
const REACH = 0.8;

/** 固定性巡检: reads sealed contents through, every tag and the root, against `openssl dgst -sm3` of the same file. */
export const fixity: Piece = {
  name: 'fixity',
  async run(folder) {
    const provider = new NodeProvider();
    const bulk = new Bulk();
    const [file, objectId, secret] = [path.join(folder, 'sealed'), randomUUID(), provider.random(32)];
    try {
      const sealer = await createSealer({ provider, bulk }, { objectId, secret, path: file });
      const block = randomBytes(16 * MEBI);
      for (let at = 0; at < BYTES; at += block.length) await sealer.write(block);
      await sealer.finish();
      const [ours, theirs]: [number[], number[]] = [[], []];
      for (let round = 0; round < ROUNDS; round += 1) {
        const begin = performance.now();
        const { status } = spawnSync('openssl', ['dgst', '-sm3', file], { stdio: 'ignore' });
        if (status === 0) theirs.push(BYTES / MEBI / ((performance.now() - begin) / 1000));
        const start = performance.now();
        const reader = await openSealed({ provider, bulk }, file, secret, objectId);
        await reader.checkAll();
        await reader.close();
        ours.push(BYTES / MEBI / ((performance.now() - start) / 1000));
      }
      const reference = theirs.length === 0 ? null : { title: 'openssl dgst -sm3', value: median(theirs) };
      return [rate('fixity.read', '固定性巡检（封存内容 256 MiB）', median(ours), 'MiB/秒', reference, reference === null ? null : (ratio) => ({ text: `≥ ${String(REACH)} × 原生 SM3`, met: ratio >= REACH }))];
    } finally {
      await bulk.close();
    }
  },
};
