import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Type } from '@sinclair/typebox';
import test, { type ExecutionContext } from 'ava';
import { ArchiveError } from '../../core/errors.js';
import { loadPolicies, SHIPPED, type PolicyShelf } from '../../appliance/policies.js';
import { checkFor } from '../../appliance/validation.js';

const Terms = Type.Object({ years: Type.Integer({ minimum: 1, maximum: 30 }), source: Type.String({ minLength: 1 }) }, { $id: 'terms', additionalProperties: false });

function shelf(t: ExecutionContext, files: Readonly<Record<string, string | Buffer>>): PolicyShelf {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'policies-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return { folder, files: { 'terms.json': Terms }, texts: ['access.csv'] };
}

const GOOD = { 'terms.json': '{"years":20,"source":"保守国家秘密法(2024)第二十条"}', 'access.csv': 'p,\n', 'README.md': '#', 'schemas/terms.ts': '' };

const refused = test.macro<[files: Record<string, string | Buffer>, places: string[]]>({
  exec(t, files, places) {
    const error = t.throws(() => loadPolicies(shelf(t, { ...GOOD, ...files })), { instanceOf: ArchiveError });
    t.is(error?.code, 'E_POLICY_INVALID');
    t.deepEqual(error?.details.map(({ at }) => at), places);
    for (const { message } of error?.details ?? []) t.regex(message, /\p{Script=Han}/u);
  },
  title: (given) => `the box does not start on ${given ?? ''}`,
});

test('a shelf that satisfies its schemas loads', (t) => {
  t.is(loadPolicies(shelf(t, GOOD)).text('access.csv'), 'p,\n');
});
test('a policy of nested folders is known by its path', (t) => {
  const nested = shelf(t, { ...GOOD, 'packs/level-3.json': '{}' });
  t.throws(() => loadPolicies(nested), { instanceOf: ArchiveError });
  t.notThrows(() => loadPolicies({ ...nested, files: { ...nested.files, 'packs/level-3.json': Type.Object({}, { additionalProperties: false }) } }));
});
test('every policy that ships is listed, present and satisfies its schema', (t) => {
  t.notThrows(() => loadPolicies());
});
test('every object in a shipped policy schema refuses unknown fields', (t) => {
  const open: string[] = [];
  const walk = (node: unknown, at: string): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('type' in node && node.type === 'object' && 'properties' in node && !('additionalProperties' in node)) open.push(at);
    for (const [key, inner] of Object.entries(node)) walk(inner, `${at}/${key}`);
  };
  for (const [name, schema] of Object.entries(SHIPPED.files)) walk(schema, name);
  t.deepEqual(open, []);
});
test('a value out of place (text for a number) is refused, not repaired', (t) => {
  t.false(checkFor(Terms)({ years: '20', source: '第二十条' }).ok);
});

test('a value over the limit', refused, { 'terms.json': '{"years":31,"source":"x"}' }, ['terms.json#/years']);
test('an unknown field', refused, { 'terms.json': '{"years":3,"source":"x","yeers":4}' }, ['terms.json#/yeers']);
test('a missing field', refused, { 'terms.json': '{"years":3}' }, ['terms.json#/source']);
test('broken JSON', refused, { 'terms.json': '{"years":3' }, ['terms.json']);
test('a file in another encoding', refused, { 'access.csv': Buffer.from([0xb1, 0xa3, 0xc3, 0xdc]) }, ['access.csv']);
test('a file nobody listed', refused, { 'extra.json': '{}' }, ['extra.json']);
test('several faults, all named at once', refused, { 'terms.json': '{"years":0}', 'x.csv': '' }, ['x.csv', 'terms.json#/source', 'terms.json#/years']);
test('a missing file', (t) => {
  const { 'access.csv': _absent, ...rest } = GOOD;
  t.like(t.throws(() => loadPolicies(shelf(t, rest)), { instanceOf: ArchiveError }), { details: [{ at: 'access.csv' }] });
});
