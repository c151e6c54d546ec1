import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { Bulk } from '../../appliance/content/bulk.js';
import { createSealer } from '../../appliance/content/seal.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { startBox } from '../../appliance/demo/box-process.js';
import { Client, type RehearsalPerson } from '../../appliance/remote/client.js';
import { sampleFiles } from '../../appliance/demo/sample-files.js';
import { rate, type Piece } from './figure.js';

const DOCUMENTS = 400;
const AT_ONCE = 6;

/** Small documents through the whole door: upload over HTTPS, digest, identification, every check, seal, one transaction each. */
export const capture: Piece = {
  name: 'capture',
  async run(folder) {
    const provider = new NodeProvider();
    const pdf = (await sampleFiles(2026))[0]?.bytes ?? Buffer.alloc(0);
    const box = await startBox(path.join(folder, 'box'));
    const done: number[] = [];
    let took: number;
    try {
      const { people } = await new Client(box.url, box.certificate, provider).get<{ people: readonly RehearsalPerson[] }>('rehearsal.people', {});
      const person = people.find(({ account }) => account === 'zhaoxiaolan');
      if (person === undefined) throw new Error('no archivist');
      const client = new Client(box.url, box.certificate, provider);
      await client.signIn(person);
      const { batch } = await client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'DAS', method: 'offline_upload' });
      let next = 0;
      const begin = performance.now();
      const hand = async (): Promise<void> => {
        for (let n = next++; n < DOCUMENTS; n = next++) {
          // A comment after the end makes each file another one without harming it.
          const bytes = Buffer.concat([pdf, Buffer.from(`\n% ${randomBytes(12).toString('hex')}\n%%EOF\n`)]);
          const { upload } = await client.post<{ upload: string }>('capture.begin-upload', { batch, fileName: `文件${n}.pdf`, bytes: bytes.length });
          await client.put('capture.upload', { upload, offset: 0 }, bytes);
          done.push(performance.now() - begin);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, hand));
      took = performance.now() - begin;
    } finally {
      await box.stop();
    }
    const speed = (DOCUMENTS * 1000) / took;
    const quarter = DOCUMENTS / 4;
    const early = quarter / ((done[quarter * 2 - 1] ?? 1) - (done[quarter - 1] ?? 0));
    const late = quarter / ((done[DOCUMENTS - 1] ?? 1) - (done[quarter * 3 - 1] ?? 0));
    const alone = await sealingAlone(folder, provider, pdf);
    return [
      rate('capture', '收集小文件，含全部检查，逐件落盘', speed, '件/秒', { title: '只封存同样的文件', value: alone }, () => ({ text: '≥ 60 件/秒', met: speed >= 60 })),
      rate('capture.steady', '收集速度保持（末段比前段）', late / early, '倍', null, (value) => ({ text: '≥ 0.85', met: value >= 0.85 })),
    ];
  },
};

/** The same bytes sealed and synced, one after the other, and nothing else. */
async function sealingAlone(folder: string, provider: NodeProvider, bytes: Buffer): Promise<number> {
  const bulk = new Bulk();
  const count = 200;
  const begin = performance.now();
  for (let n = 0; n < count; n += 1) {
    const target = path.join(folder, `alone-${n}`);
    const sealer = await createSealer({ provider, bulk }, { objectId: '6f1c1a3e-5b7d-4f57-9c0b-2f6f5d2f7a10', secret: provider.random(32), path: `${target}.part` });
    await sealer.write(bytes);
    await sealer.finish();
    await rename(`${target}.part`, target);
  }
  const speed = (count * 1000) / (performance.now() - begin);
  await bulk.close();
  return speed;
}
