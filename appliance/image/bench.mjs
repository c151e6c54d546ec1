// npm run bench [-- --json] [--all] [piece …]: figures as ratios to a reference measured in the same run. Exit 1 when one that has a
// goal misses it under `--strict`.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';

const args = process.argv.slice(2);
const wanted = args.filter((one) => !one.startsWith('--'));
await ensureBuilt({ console: false });
const { PIECES } = await import('../../dist/test/bench/pieces.js');

const unknown = wanted.filter((name) => !PIECES.some((piece) => piece.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such piece: ${unknown.join(', ')}; there are ${PIECES.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const round = (value) => (value === null ? null : Number(value.toPrecision(4)));
const figures = [];
for (const piece of PIECES.filter(({ name, long }) => (wanted.length === 0 ? !long || args.includes('--all') : wanted.includes(name)))) {
  process.stderr.write(`${piece.name} …\n`);
  const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-bench-'));
  try {
    figures.push(...(await piece.run(folder)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const machine = { node: process.version, openssl: process.versions.openssl, cores: cpus().length, cpu: cpus()[0]?.model ?? '' };
if (args.includes('--json')) {
  const rounded = figures.map((one) => ({
    ...one,
    value: round(one.value),
    ratio: round(one.ratio),
    reference: one.reference === null ? null : { ...one.reference, value: round(one.reference.value) },
  }));
  process.stdout.write(`${JSON.stringify({ machine, figures: rounded }, null, 2)}\n`);
} else {
  for (const { title, value, unit, reference, ratio, reach } of figures) {
    const held = reference === null ? '' : `  ${round(ratio)} × ${reference.title}（${round(reference.value)}）`;
    const goal = reach === null ? '' : `  ${reach.met ? '达到' : '未达到'} ${reach.text}`;
    process.stdout.write(`${title}：${round(value)} ${unit}${held}${goal}\n`);
  }
}
if (args.includes('--strict') && figures.some(({ reach }) => reach !== null && !reach.met)) process.exitCode = 1;
