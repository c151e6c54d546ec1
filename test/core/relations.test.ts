import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { arrangedApart, differing, partedBy, relationType, requireAcyclic, requireNotParted } from '../../core/relations.js';
import type { Relation, RelationSide } from '../../core/relations.js';
import { ArchiveError } from '../../core/errors.js';
import { inPackage } from '../../appliance/package-root.js';
import type { PartingStage, RelationPolicy } from '../../policies/schemas/relation.js';

const policy = JSON.parse(readFileSync(inPackage('policies', 'relations.json'), 'utf8')) as RelationPolicy;
const relation = (type: string, from = 'A', to = 'B'): Relation => ({ id: `${type}:${from}>${to}`, type, from, to, declaredBy: 'P1', declaredAt: '2026-11-23T00:00:00Z', level: 1 });
const side = (id: string, change: Partial<RelationSide> = {}): RelationSide => ({ id, ref: `R-${id}`, state: 'arranged', batch: 'C1', categoryCode: 'WS', archivalYear: 2026, retentionCode: 'D30', orgOrFunction: 'BGS', ...change });
const codeOf = (work: () => unknown): string | null => {
  try { work(); return null; } catch (error) { return error instanceof ArchiveError ? error.code : String(error); }
};
const STAGES: readonly PartingStage[] = ['arrangement', 'filing', 'transfer', 'appraisal', 'destruction'];

for (const type of policy.types) {
  for (const stage of STAGES.slice(1)) {
    const rule = type.rules[stage];
    test(`第十九条第二款: ${type.name} at ${stage}: ${rule}`, (t) => {
      const facts = { policy, stage, relations: [relation(type.key)], members: new Set(['A']), partings: [], settled: () => false };
      t.is(partedBy(facts).length, rule === 'free' ? 0 : 1);
      t.is(partedBy({ ...facts, members: new Set(['A', 'B']) }).length, 0, 'both together');
      t.is(partedBy({ ...facts, members: new Set(['C']) }).length, 0, 'neither of them');
      t.is(partedBy({ ...facts, settled: (id) => id === 'B' }).length, 0, 'the other went before');
      t.is(partedBy({ ...facts, partings: [{ relation: relation(type.key).id, stage }] }).length, rule === 'refuse' ? 1 : 0, 'with a stated reason');
      const other = STAGES.find((one) => one !== stage) ?? stage;
      t.is(partedBy({ ...facts, partings: [{ relation: relation(type.key).id, stage: other }] }).length, rule === 'free' ? 0 : 1, 'a reason of another stage');
    });
  }
}

test('第十九条第二款: the refusal names what is to be added, and only what may be named', (t) => {
  const facts = { policy, stage: 'filing' as const, relations: [relation('part_of'), relation('answers', 'A', 'D')], members: new Set(['A']), partings: [], settled: () => false };
  const broken = partedBy(facts);
  const error = t.throws(() => { requireNotParted(policy, 'filing', broken, new Map([['A', side('A')], ['B', side('B')], ['D', side('D')]])); }, { instanceOf: ArchiveError });
  t.is(error.code, 'E_ARRANGE_RELATION_BROKEN');
  t.deepEqual(error.facts['missing'], ['B', 'D']);
  t.deepEqual(error.details.map(({ message }) => message), [
    'R-A 有“正文—附件”关系，请一并加入正文 R-B',
    'R-A 有“请示—批复”关系，请一并加入请示 R-D，或先在“文件关系”中登记归档时分开的原因',
  ]);
});

test('第十九条: 正文 and 附件 of another year, category or period are arranged apart; what is not filled in yet is not', (t) => {
  const apart = (change: Partial<RelationSide>) => arrangedApart(policy, [relation('part_of')], new Map([['A', side('A')], ['B', side('B', change)]]), []);
  t.deepEqual(apart({}).length, 0);
  for (const change of [{ archivalYear: 2025 }, { categoryCode: 'KU' }, { retentionCode: 'Y' }]) t.is(apart(change).length, 1, JSON.stringify(change));
  t.is(apart({ archivalYear: null, retentionCode: null }).length, 0);
  t.deepEqual(differing(policy, side('A'), side('B', { archivalYear: 2025, retentionCode: 'Y' })), ['archivalYear', 'retentionCode']);
  t.is(arrangedApart(policy, [relation('answers')], new Map([['A', side('A')], ['B', side('B', { archivalYear: 2025 })]]), []).length, 0, '请示 and 批复 stand by themselves');
});

test('第十九条: an attachment is not the main text of its own main text', (t) => {
  const part = relationType(policy, 'part_of');
  t.is(codeOf(() => { requireAcyclic(part, [relation('part_of', 'A', 'B'), relation('part_of', 'B', 'C')], 'C', 'A'); }), 'E_INPUT_INVALID');
  t.is(codeOf(() => { requireAcyclic(part, [relation('part_of', 'A', 'B')], 'A', 'C'); }), null);
  t.is(codeOf(() => { requireAcyclic(relationType(policy, 'answers'), [relation('answers', 'A', 'B')], 'B', 'A'); }), null);
  t.is(codeOf(() => { relationType(policy, 'cousin_of'); }), 'E_INPUT_INVALID');
});

test('law: whatever is taken, nothing is parted exactly when no standing relation of a binding rule has one end in it', (t) => {
  const ends = fc.constantFrom('A', 'B', 'C', 'D', 'E');
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...policy.types.map(({ key }) => key)), ends, ends), { maxLength: 8 }), fc.uniqueArray(ends), fc.constantFrom(...STAGES), (drawn, members, stage) => {
    const relations = drawn.filter(([, from, to]) => from !== to).map(([type, from, to]) => relation(type, from, to));
    const taken = new Set<string>(members);
    const parted = partedBy({ policy, stage, relations, members: taken, partings: [], settled: () => false });
    const whole = relations.every(({ type, from, to }) => relationType(policy, type).rules[stage] === 'free' || taken.has(from) === taken.has(to));
    return (parted.length === 0) === whole;
  }));
  t.pass();
});
