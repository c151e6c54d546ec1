// npm run demo [-- --json] [-- --out FOLDER]: the rehearsal on real files, through the HTTP API of a box started for it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureBuilt } from './build.mjs';

const args = process.argv.slice(2);
const asJson = args.includes('--json');
const given = args.indexOf('--out');
await ensureBuilt();
const { tellStory } = await import('../../dist/appliance/demo/story.js');
const { NodeProvider } = await import('../../dist/appliance/crypto/node-provider.js');

const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-demo-'));
const out = path.resolve(given < 0 ? 'data/demo' : (args[given + 1] ?? 'data/demo'));
const steps = [];
const told = (step) => {
  steps.push(step);
  if (!asJson) process.stdout.write(`${step.ok ? '✔' : '✘'} ${step.title}（${step.milliseconds} 毫秒）\n${asJson ? '' : details(step.facts)}`);
};
const details = (facts) =>
  Object.entries(facts)
    .map(([name, value]) => `    ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}\n`)
    .join('');

try {
  await tellStory({ data: path.join(folder, 'unit'), out, crypto: new NodeProvider(), year: new Date().getFullYear(), told });
} catch (error) {
  if (steps.every(({ ok }) => ok)) steps.push({ step: 'error', title: '中断', ok: false, milliseconds: 0, facts: { message: String(error) } });
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const failed = steps.filter(({ ok }) => !ok).length;
if (asJson) process.stdout.write(`${JSON.stringify({ ok: failed === 0, steps, out }, null, 2)}\n`);
else process.stdout.write(`${steps.length - failed} 步完成，${failed} 步未完成；带走的文件在 ${path.relative(process.cwd(), out) || '.'}\n`);
