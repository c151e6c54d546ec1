import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startBox } from '../../appliance/demo/box-process.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { Client, type RehearsalPerson } from '../../appliance/remote/client.js';
import { rate, type Figure, type Piece } from './figure.js';

interface Shown { readonly state: string; readonly version: number; readonly done: number; readonly total: number; readonly running: unknown; readonly findings: readonly unknown[] }
const HEAD = '题名,责任者,文号,日期,办理完毕日,门类,保管期限,保管期限表条目,机构,文件名\n';
/** A hundred thousand rows in half an hour. */
const A_SECOND = 100_000 / 1800;
const MEMORY = 700;
const POLL_MILLISECONDS = 250;

/** One package of so many rows, each with its file, read from a medium, judged and taken in. */
async function run(folder: string, rows: number): Promise<readonly Figure[]> {
  const medium = path.join(folder, 'medium');
  await mkdir(medium, { recursive: true });
  const lines: string[] = [];
  for (let n = 1; n <= rows; n += 1) {
    const under = `${String(Math.floor(n / 1000))}`;
    if (n === 1 || n % 1000 === 0) await mkdir(path.join(medium, under), { recursive: true });
    await writeFile(path.join(medium, under, `${String(n)}.txt`), `关于第${String(n)}号工作的通知\n各处室：请按时办结。\n`);
    lines.push(`关于第${String(n)}号工作的通知,昆明市演练局,昆演〔2026〕${String(n)}号,20260506,20260601,文书,10年,6.2,BGS,${under}/${String(n)}.txt\n`);
  }
  await writeFile(path.join(medium, '目录.csv'), HEAD + lines.join(''));
  const provider = new NodeProvider();
  const box = await startBox(path.join(folder, 'box'));
  try {
    const { people } = await new Client(box.url, box.certificate, provider).get<{ people: readonly RehearsalPerson[] }>('rehearsal.people', {});
    const person = people.find(({ account }) => account === 'zhaoxiaolan');
    if (person === undefined) throw new Error('no archivist');
    const client = new Client(box.url, box.certificate, provider);
    await client.signIn(person);
    const begun = performance.now();
    const { import: id } = await client.post<{ import: string }>('import.begin', { fonds: 'Z109', department: 'BGS', offlineReason: '下属单位未联网', source: { kind: 'medium', place: medium } });
    const at: { readonly done: number; readonly when: number }[] = [];
    const until = async (wanted: string): Promise<Shown> => {
      for (;;) {
        const one = await client.get<Shown>('import.show', { import: id });
        at.push({ done: one.done, when: performance.now() });
        if (one.findings.length > 0) throw new Error(JSON.stringify(one.findings[0]));
        if (one.state === wanted && one.running === null) return one;
        await new Promise((resolve) => { setTimeout(resolve, POLL_MILLISECONDS); });
      }
    };
    const checked = await until('checked');
    at.length = 0;
    await client.post('import.take', { import: id, seenVersion: checked.version });
    await until('taken');
    const seconds = (performance.now() - begun) / 1000;
    // The most the process ever held, as the kernel counted it.
    const memory = Number(/^VmHWM:\s+(\d+) kB/mu.exec(await readFile(`/proc/${String(box.pid)}/status`, 'utf8'))?.[1] ?? '0') / 1024;
    const speed = (from: number, to: number): number => {
      const [a, b] = [at.find(({ done }) => done >= rows * from), at.find(({ done }) => done >= rows * to)];
      return a === undefined || b === undefined || b.when === a.when ? 1 : ((b.done - a.done) * 1000) / (b.when - a.when);
    };
    return [
      rate('import', `离线导入 ${String(rows)} 行目录及其文件，整包核对后收入`, rows / seconds, '件/秒', null, () => ({ text: `≥ ${A_SECOND.toFixed(1)} 件/秒（十万行三十分钟）`, met: rows / seconds >= A_SECOND })),
      rate('import.steady', '收入速度保持（末段比前段）', speed(0.75, 1) / speed(0.25, 0.5), '倍', null, (value) => ({ text: '≥ 0.85', met: value >= 0.85 })),
      rate('import.memory', '导入时服务进程的内存峰值', memory, 'MiB', null, (value) => ({ text: `< ${String(MEMORY)} MiB`, met: value < MEMORY })),
    ];
  } finally {
    await box.stop();
  }
}

export const imports: Piece = { name: 'imports', run: async (folder) => run(folder, Number(process.env['IMPORT_ROWS'] ?? 1000)) };
/** The whole of it: half an hour. */
export const importsLong: Piece = { name: 'imports-100000', long: true, run: async (folder) => run(folder, 100_000) };
