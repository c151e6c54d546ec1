import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { FileInspection, Verdict } from '../../../policies/schemas/inspection.js';
import { inspectFiles } from '../../../appliance/inspection/inspect.js';
import { openPool } from '../../../appliance/inspection/pool.js';
import { inPackage } from '../../../appliance/package-root.js';

/** Real files with what a correct system says of each; present on the developers' machines only. */
const folder = inPackage('..', 'shared', 'corpus');
const run = existsSync(join(folder, 'manifest.json')) ? test.serial : test.serial.skip;

const FACTS = ['encrypted', 'signed', 'activeContent', 'extensionMismatch', 'valid'] as const;
const VERDICTS: Readonly<Record<string, Verdict>> = { accept: 'accept', 'accept-with-warning': 'warn', reject: 'reject' };
const WEIGHT: Readonly<Record<Verdict, number>> = { accept: 0, warn: 1, reject: 2 };

interface Entry {
  readonly path: string;
  readonly case: string;
  readonly expectedAsRecord: string;
  readonly soft: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
}

run('第十七、二十一条: verdict and facts agree with the corpus on at least 95 %, and no file brings the box down', async (t) => {
  t.timeout(570_000);
  const entries = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Entry[];
  const pool = openPool();
  t.teardown(() => pool.close());
  const found = await inspectFiles(pool, entries.map((entry) => join(folder, entry.path)));
  const apart: string[] = [];
  let verdicts = 0;
  let facts = 0;
  let measured = 0;
  for (const [position, entry] of entries.entries()) {
    const file = found[position];
    if (file === undefined) return t.fail(`${entry.path} was not judged`);
    const wanted = VERDICTS[entry.expectedAsRecord] ?? 'reject';
    const agrees = file.verdict === wanted || (entry.soft !== null && WEIGHT[file.verdict] < WEIGHT[wanted]);
    if (agrees) verdicts++;
    const differing = FACTS.filter((fact) => typeof entry.facts[fact] === 'boolean' && entry.facts[fact] !== file.facts[fact]);
    measured += FACTS.filter((fact) => typeof entry.facts[fact] === 'boolean').length;
    facts += FACTS.filter((fact) => typeof entry.facts[fact] === 'boolean').length - differing.length;
    if (!agrees || differing.length > 0) apart.push(line(entry, file, wanted, differing));
    t.false(file.findings.some((finding) => finding.message.includes('异常终止')), `${entry.path} brought its examiner down`);
  }
  for (const one of apart) t.log(one);
  t.log(`verdict ${String(verdicts)}/${String(entries.length)}, facts ${String(facts)}/${String(measured)}`);
  t.true(verdicts >= entries.length * 0.95);
  t.true(facts >= measured * 0.95);
});

function line(entry: Entry, file: FileInspection, wanted: Verdict, differing: readonly (typeof FACTS)[number][]): string {
  const told = differing.map((fact) => `${fact} ${String(file.facts[fact])} for ${String(entry.facts[fact])}`);
  return `${entry.path} (${entry.case}): ${file.verdict} for ${wanted} ${told.join(', ')}`;
}
