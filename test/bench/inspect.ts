import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sampleFiles } from '../../appliance/demo/sample-files.js';
import { inPackage } from '../../appliance/package-root.js';
import { rate, type Figure, type Piece } from './figure.js';
import { watchTree } from './process-tree.js';

const MEBI = 1024 * 1024;
const LIMIT_SECONDS = 60;

interface Listed { readonly path: string; readonly mime: string; readonly bytes: number; readonly case: string }

/** The largest file of every kind, and every one made to grow when it is opened; without the corpus, small ones of our own. */
async function heaviest(folder: string): Promise<readonly string[]> {
  const corpus = inPackage('..', 'shared', 'corpus');
  const manifest = path.join(corpus, 'manifest.json');
  if (!existsSync(manifest)) {
    return (await sampleFiles(2026)).map(({ name, bytes }, at) => {
      const file = path.join(folder, `${String(at)}${path.extname(name)}`);
      writeFileSync(file, bytes);
      return file;
    });
  }
  const listed = (JSON.parse(readFileSync(manifest, 'utf8')) as readonly Listed[]).filter((one) => existsSync(path.join(corpus, one.path)));
  const largest = new Map<string, Listed>();
  for (const one of listed) if (one.bytes > (largest.get(one.mime)?.bytes ?? -1)) largest.set(one.mime, one);
  const growing = listed.filter((one) => /bomb|huge|deep|nest/u.test(one.case));
  return [...new Set([...largest.values(), ...growing].map((one) => path.join(corpus, one.path)))];
}

/** `shouzang inspect FILE` from the shell, one file a run: the whole of it counts, start of the program included. */
export const inspect: Piece = {
  name: 'inspect',
  async run(folder) {
    const files = await heaviest(folder);
    const uses: { readonly file: string; readonly seconds: number; readonly peakBytes: number }[] = [];
    for (const file of files) uses.push({ file, ...await watchTree(process.execPath, [inPackage('appliance', 'shouzang.mjs'), 'inspect', file, '--json'], LIMIT_SECONDS) });
    const most = (of: (use: (typeof uses)[number]) => number): { readonly file: string; readonly value: number } =>
      uses.reduce((best, use) => (of(use) > best.value ? { file: path.basename(use.file), value: of(use) } : best), { file: '—', value: 0 });
    const memory = most((use) => use.peakBytes / MEBI);
    const slowest = most((use) => use.seconds);
    const figures: Figure[] = [
      rate('inspect.memory', `检测 ${String(files.length)} 个最大、最刁钻的文件，进程树内存峰值（${memory.file}）`, memory.value, 'MiB', null, (value) => ({ text: '< 1024 MiB', met: value < 1024 })),
      rate('inspect.time', `其中最慢的一个（${slowest.file}）`, slowest.value, '秒', null, (value) => ({ text: '< 20 秒', met: value < 20 })),
    ];
    return figures;
  },
};
