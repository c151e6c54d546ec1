import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { readBag } from '../../../appliance/exchange/bag-read.js';
import { zipPackage } from '../../../appliance/exchange/zip-source.js';
import { bufferSource } from '../../../appliance/inspection/source.js';

const CORPUS = path.resolve('../shared/corpus/package');
const LIMITS = { entries: 200_000, unpackedBytes: 1 << 30, ratio: 200 };
const opened = async (name: string, bytes: Buffer) => zipPackage({ ...bufferSource(bytes), close: async () => Promise.resolve() }, name, LIMITS);

test('BagIt 一致性测试套件: every bag of the suite is judged right (第十六条)', async (t) => {
  if (!existsSync(CORPUS)) return t.pass();
  for (const name of readdirSync(CORPUS).filter((one) => one.startsWith('bag_'))) {
    const { source, findings } = await opened(name, readFileSync(path.join(CORPUS, name)));
    const read = await readBag(source);
    const bad = [...findings, ...read.findings];
    const wanted = /_(valid|invalid|warning|linux-only|windows-only)_/u.exec(name)?.[1];
    t.is(bad.length === 0, wanted === 'valid' || wanted === 'warning', `${name}: ${JSON.stringify(bad)}`);
    if (wanted === 'warning') t.true(read.warnings.length > 0, name);
    for (const one of bad) t.true(one.entry !== '', name);
  }
});
