/**
 * Reads folders of JSON test vectors and runs every list of an algorithm that the product offers, by what a case contains,
 * not by what its file is called. Lists it does not run are named with the reason, so that nothing is passed over silently.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CryptoProvider } from './provider.js';
import type { SecondVerifier } from './sm-crypto-adapter.js';
import { CASE_KINDS, type VectorCase } from './vector-cases.js';

export interface ListResult {
  readonly file: string;
  readonly list: string;
  readonly cases: number;
  readonly passed: number;
  /** Ids or places of cases that came out wrong. */
  readonly failed: readonly string[];
  /** Cases not run, by reason: an algorithm or mode the product does not offer. */
  readonly skipped: Readonly<Record<string, number>>;
}
export interface VectorReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly lists: readonly ListResult[];
}

const isRecord = (value: unknown): value is VectorCase => typeof value === 'object' && value !== null && !Array.isArray(value);

export async function runVectors(provider: CryptoProvider, second: SecondVerifier, dir: string): Promise<VectorReport> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json')).sort();
  const files = new Map<string, VectorCase>();
  for (const name of names) {
    const content: unknown = JSON.parse(await readFile(join(dir, name), 'utf8'));
    if (isRecord(content)) files.set(name, content);
  }
  const world = { provider, second, lookUp: (file: string, list: string): readonly VectorCase[] => casesIn(files.get(file)?.[list]) };
  const lists: ListResult[] = [];
  for (const [file, content] of files) {
    for (const [list, value] of Object.entries(content)) {
      const cases = casesIn(value);
      if (cases.length > 0) lists.push(await runList(file, list, cases, world));
    }
  }
  const sum = (pick: (one: ListResult) => number) => lists.reduce((total, one) => total + pick(one), 0);
  return {
    passed: sum((one) => one.passed), failed: sum((one) => one.failed.length),
    skipped: sum((one) => Object.values(one.skipped).reduce((a, b) => a + b, 0)), lists,
  };
}

/** Wycheproof groups are spread over their tests, each test with what its group says. */
function casesIn(value: unknown): VectorCase[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).flatMap((one) => (Array.isArray(one['tests'])
    ? one['tests'].filter(isRecord).map((test) => ({ ...test, groupType: one['type'], tagSize: one['tagSize'] }))
    : [one]));
}

async function runList(file: string, list: string, cases: readonly VectorCase[], world: Parameters<(typeof CASE_KINDS)[number]['run']>[1]): Promise<ListResult> {
  const failed: string[] = [];
  const skipped: Record<string, number> = {};
  let passed = 0;
  for (const [place, one] of cases.entries()) {
    const kind = CASE_KINDS.find(({ fits }) => fits(one));
    const reason = kind === undefined ? '未识别的用例形式' : kind.skip?.(one);
    if (kind === undefined || reason !== undefined) {
      skipped[reason ?? ''] = (skipped[reason ?? ''] ?? 0) + 1;
      continue;
    }
    const good = await Promise.resolve().then(() => kind.run(one, world)).catch(() => false);
    if (good) passed++;
    else failed.push(String(one['id'] ?? one['tcId'] ?? `#${place + 1}`));
  }
  return { file, list, cases: cases.length, passed, failed, skipped };
}
