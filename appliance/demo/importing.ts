import { zipSync } from 'fflate';
import type { Client } from '../remote/client.js';
import type { SampleFile } from './sample-files.js';

interface Shown { readonly state: string; readonly version: number; readonly form: string | null; readonly total: number; readonly done: number; readonly running: unknown; readonly findings: readonly { readonly code: string; readonly entry: string }[] }
const POLL_MILLISECONDS = 50;

async function settled(client: Client, id: string): Promise<Shown> {
  for (;;) {
    const one = await client.get<Shown>('import.show', { import: id });
    if (one.running === null && !['checking', 'taking'].includes(one.state)) return one;
    await new Promise((resolve) => { setTimeout(resolve, POLL_MILLISECONDS); });
  }
}

async function sent(client: Client, fileName: string, bytes: Buffer): Promise<{ readonly id: string; readonly one: Shown }> {
  const { import: id } = await client.post<{ import: string }>('import.begin', { fonds: 'Z109', department: 'BGS', offlineReason: '下属单位未联网（演练）', source: { kind: 'file', fileName, bytes: bytes.length } });
  await client.put('import.upload', { import: id, offset: 0 }, bytes);
  return { id, one: await settled(client, id) };
}

/** 离线数据包: one that is whole comes in, one that climbs out of its folder is refused by its entry. */
export async function importPackages(client: Client, samples: readonly SampleFile[], year: number): Promise<Readonly<Record<string, unknown>>> {
  const good = samples.filter(({ expected }) => expected === 'accept').slice(0, 2);
  const rows = good.map((_sample, at) => `关于演练数据包第${String(at + 1)}件的通知,昆明市演练局,${String(year)}0506,包内/${String(at + 1)}.pdf\n`);
  const entries = Object.fromEntries(good.map(({ bytes }, at) => [`包内/${String(at + 1)}.pdf`, new Uint8Array(bytes)]));
  const list = new TextEncoder().encode(`题名,责任者,日期,文件名\n${rows.join('')}`);
  const whole = await sent(client, '数据包.zip', Buffer.from(zipSync({ '目录.csv': list, ...entries })));
  if (whole.one.state !== 'checked') throw new Error(`refused: ${JSON.stringify(whole.one.findings)}`);
  await client.post('import.take', { import: whole.id, seenVersion: whole.one.version });
  const taken = await settled(client, whole.id);
  const hostile = await sent(client, '越界.zip', Buffer.from(zipSync({ '目录.csv': list, ...entries, '../外面.txt': list })));
  if (taken.state !== 'taken' || hostile.one.state !== 'refused') throw new Error(`${taken.state}, ${hostile.one.state}`);
  return { form: taken.form, items: taken.done, refused: hostile.one.findings.map(({ code }) => code) };
}
