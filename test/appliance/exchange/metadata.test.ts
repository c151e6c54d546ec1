import test from 'ava';
import fc from 'fast-check';
import { readCatalogueFile } from '../../../appliance/capture/catalogue-file.js';
import { catalogueRules } from '../../../appliance/capture/intake.js';
import { metadataLines, metadataWorkbook } from '../../../appliance/exchange/metadata-table.js';
import { loadPolicies } from '../../../appliance/policies.js';
import { allColumns, type CatalogueEntry } from '../../../core/catalogue.js';
import { dictionary } from '../../../core/dictionary.js';
import { allElements } from '../../../core/metadata.js';
import { cleanText } from '../../../core/text.js';
import { titleDetails } from '../../../core/description.js';
import type { MetadataElement } from '../../../policies/schemas/metadata.js';

const rules = catalogueRules(loadPolicies());
type Entry = Omit<CatalogueEntry, 'line'>;
const STRUCTURE = new Set(['documentDate', 'completedOn', 'archivalYear', 'retentionCode', 'categoryCode', 'orgOrFunction', 'scheduleItemId', 'fondsIdentifier', 'securityLevel', 'captureMethod']);
const OWN = new Set(['title', 'titleSupplied', 'fileName', 'attachments', 'digest', 'rowNumber']);
const LINES = new Set(['abstract', 'annotation', 'background', 'caption', 'otherReceivers']);

/** Texts an officer may write: separators, quotes, formulas, brackets, escapes of spreadsheets, rare characters. */
const words = (limit: number, lines = false): fc.Arbitrary<string> => fc.array(fc.oneof(
  fc.constantFrom('、', '；', ';', '|', '"', "'", '=1+1', '+', '-', '@', '_x0041_', '_x000D_', '&amp;', '<b>', ']]>', '[', ']', '["', '"]', '\\', '\\u0041', '𠮷', '䶮', '〔2026〕', '①', '1.0', '007', '1e5', 'TRUE', '%0A', ...(lines ? ['\n'] : [])),
  fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
), { minLength: 1, maxLength: 8 }).map((parts) => parts.join('')).map((text) => { const clean = cleanText(text, lines); return clean.ok ? clean.text : ''; })
  .filter((text) => text !== '' && [...text].length <= limit && !text.includes('\ufffd'));
const days = fc.date({ min: new Date('1949-10-01'), max: new Date('2026-11-23'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10));
const valueFor = (element: MetadataElement): fc.Arbitrary<unknown> | undefined => {
  const terms = element.dictionary ?? (element.kind === 'term' ? element.key : undefined);
  if (element.pattern !== undefined && terms === undefined) return element.pattern === '^\\d+$' ? fc.integer({ min: 0, max: 99_999 }).map(String) : undefined;
  if (terms !== undefined) return fc.constantFrom(...dictionary(rules.dictionaries, terms).terms.map(({ key }) => key));
  if (element.kind === 'date' || element.kind === 'dateOrSpan') return days;
  if (element.kind === 'integer') return fc.integer({ min: element.minimum ?? 0, max: element.maximum ?? 99_999 });
  if (element.kind === 'text') return element.repeatable === true ? fc.uniqueArray(words(element.maxLength ?? 50).filter((text) => !text.includes('\n')), { minLength: 1, maxLength: 4 }) : words(element.maxLength ?? 50, LINES.has(element.key));
  return undefined;
};

const elements = new Map(allElements(rules.scheme).filter(({ place }) => place === 'record').map((element) => [element.key, element]));
const keys = allColumns(rules).filter(({ key, ignored }) => ignored !== true && !OWN.has(key)).map(({ key }) => key);
const known: Readonly<Record<string, fc.Arbitrary<unknown>>> = { retentionCode: fc.constantFrom('Y', 'D30', 'D10'), securityLevel: fc.integer({ min: 0, max: 4 }), fondsIdentifier: fc.constantFrom('Z109', 'A001') };
const fields = Object.fromEntries(keys.flatMap((key) => {
  const element = elements.get(key);
  const value = known[key] ?? (element === undefined ? undefined : valueFor(element));
  return value === undefined ? [] : [[key, value] as const];
}));
const entry: fc.Arbitrary<Entry> = fc.tuple(
  fc.record(fields, { requiredKeys: [] }), words(200).filter((title) => titleDetails(title).length === 0), fc.boolean(), fc.integer({ min: 0, max: 3 }), fc.uuid(),
).map(([values, title, supplied, attachments, unique]): Entry => {
  const told = Object.entries(values).filter(([, value]) => value !== undefined);
  const plain = supplied && !/^[[［].*[\]］]$/u.test(title);
  return {
    description: { ...Object.fromEntries(told.filter(([key]) => !STRUCTURE.has(key))), title, ...(plain ? { titleSupplied: true } : {}), declaredArchivalCode: unique },
    structure: Object.fromEntries(told.filter(([key]) => STRUCTURE.has(key))),
    files: [`${unique}.pdf`, ...Array.from({ length: attachments }, (_, at) => `附件/${unique}、${String(at)}；a.pdf`)],
  };
});

const sorted = (value: object): string => JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
const same = (t: { is(a: unknown, b: unknown, message?: string): void }, read: readonly CatalogueEntry[], put: readonly Entry[]): void => {
  t.is(read.length, put.length);
  put.forEach((one, at) => {
    t.is(sorted(read[at]?.description ?? {}), sorted(one.description));
    t.is(sorted(read[at]?.structure ?? {}), sorted(one.structure));
    t.is(JSON.stringify(read[at]?.files), JSON.stringify(one.files));
  });
};

test('第十八条: every element of the description has a column, so that nothing described is left behind', (t) => {
  const described = allElements(rules.scheme).filter(({ place, home, kind }) => place === 'record' && home === 'sealed' && kind !== 'id').map(({ key }) => key);
  const columns = new Set(allColumns(rules).map(({ key }) => key));
  t.deepEqual(described.filter((key) => !columns.has(key)), []);
  t.true(Object.keys(fields).length > 40, 'the law below covers them');
});

for (const [form, write] of [
  ['XLSX', async (rows: readonly Entry[]) => metadataWorkbook(rows, rules)],
  ['JSON Lines', async (rows: readonly Entry[]) => { const parts: Buffer[] = []; for await (const part of metadataLines(rows, rules)) parts.push(part); return Buffer.concat(parts); }],
] as const) {
  test(`第十八条: metadata written as ${form} are read again as they were, whatever they say`, async (t) => {
    await fc.assert(fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 4 }), async (rows) => {
      const reading = await readCatalogueFile(await write(rows), rules);
      t.deepEqual(reading.faults, []);
      same(t, reading.entries, rows);
    }), { numRuns: Number(process.env['LAW_RUNS'] ?? 60) });
  });
}
