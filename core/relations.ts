import { ArchiveError } from './errors.js';
import type { ErrorDetail } from './errors.js';
import type { ListScope } from './holdings.js';
import type { Instant, Level } from './ports.js';
import type { PartingRule, PartingStage, RelationPolicy, RelationType } from '../policies/schemas/relation.js';

/** 已登记的关系, standing: 附件 `from` belongs to 正文 `to`, 批复 `from` answers 请示 `to`. */
export interface Relation { readonly id: string; readonly type: string; readonly from: string; readonly to: string; readonly declaredBy: string; readonly declaredAt: Instant; readonly level: Level }

/** What the rules ask of the record at either end. */
export interface RelationSide {
  readonly id: string;
  /** 档号, else 电子文件号: never a title. */
  readonly ref: string;
  readonly state: string;
  readonly batch: string;
  readonly categoryCode: string | null;
  readonly archivalYear: number | null;
  readonly retentionCode: string | null;
  readonly orgOrFunction: string | null;
}

export interface Parting { readonly relation: string; readonly stage: PartingStage; readonly by: string; readonly at: Instant; readonly reason: string }

export interface RelationRepository {
  add(relation: Relation): Promise<void>;
  get(id: string): Promise<Relation | undefined>;
  /** Standing relations with either end among these. */
  of(records: readonly string[]): Promise<readonly Relation[]>;
  /** Those of the records that are within `visible`. */
  sides(records: readonly string[], visible: ListScope): Promise<ReadonlyMap<string, RelationSide>>;
  end(relation: Relation, by: string, at: Instant, reason: string): Promise<void>;
  part(relation: Relation, parting: Omit<Parting, 'relation'>): Promise<void>;
  partings(relations: readonly string[]): Promise<readonly Parting[]>;
}

/** A relation with one end inside and the other left behind. */
export interface Broken { readonly relation: Relation; readonly type: RelationType; readonly rule: Exclude<PartingRule, 'free'>; readonly inside: string; readonly outside: string }

export function relationType(policy: RelationPolicy, key: string): RelationType {
  const found = policy.types.find((type) => type.key === key);
  if (found === undefined) throw new ArchiveError('E_INPUT_INVALID', { type: key }, [{ at: '/type', message: '没有这种关系，请从列表中选择' }]);
  return found;
}

export interface PartingFacts {
  readonly policy: RelationPolicy;
  readonly stage: PartingStage;
  readonly relations: readonly Relation[];
  readonly members: ReadonlySet<string>;
  readonly partings: readonly Pick<Parting, 'relation' | 'stage'>[];
  /** The other end has gone this way already, or will never go it. */
  readonly settled: (record: string) => boolean;
}

/**
 * Relations that an act on `members` would part (办法第十九条第二款). A reason given before lets those through whose rule asks for one; nothing
 * lets the others through.
 */
export function partedBy({ policy, stage, relations, members, partings, settled }: PartingFacts): readonly Broken[] {
  return relations.flatMap((relation): Broken[] => {
    const [from, to] = [members.has(relation.from), members.has(relation.to)];
    if (from === to) return [];
    const type = relationType(policy, relation.type);
    const rule = type.rules[stage];
    const [inside, outside] = from ? [relation.from, relation.to] : [relation.to, relation.from];
    if (rule === 'free' || settled(outside)) return [];
    if (rule === 'reason' && partings.some((one) => one.relation === relation.id && one.stage === stage)) return [];
    return [{ relation, type, rule, inside, outside }];
  });
}

/** 整理时两端须相同: what both have filled in and differs, by key. */
export const differing = (policy: RelationPolicy, one: RelationSide, other: RelationSide): RelationPolicy['together'] =>
  policy.together.filter((key) => one[key] !== null && other[key] !== null && one[key] !== other[key]);

const KEY_NAMES: Readonly<Record<RelationPolicy['together'][number], string>> = { categoryCode: '门类', archivalYear: '年度', retentionCode: '保管期限', orgOrFunction: '机构（问题）' };

/** Ends whose arrangement differs, where the rule of 整理 forbids it or asks for a reason that nobody gave. */
export function arrangedApart(policy: RelationPolicy, relations: readonly Relation[], sides: ReadonlyMap<string, RelationSide>, partings: readonly Pick<Parting, 'relation' | 'stage'>[]): readonly (Broken & { readonly keys: RelationPolicy['together'] })[] {
  return relations.flatMap((relation) => {
    const [from, to] = [sides.get(relation.from), sides.get(relation.to)];
    const type = relationType(policy, relation.type);
    const rule = type.rules.arrangement;
    if (from === undefined || to === undefined || rule === 'free') return [];
    if (rule === 'reason' && partings.some((one) => one.relation === relation.id && one.stage === 'arrangement')) return [];
    const keys = differing(policy, from, to);
    return keys.length === 0 ? [] : [{ relation, type, rule, inside: relation.from, outside: relation.to, keys }];
  });
}

const TOLD_AT_MOST = 50;

/** @throws ArchiveError `E_ARRANGE_RELATION_BROKEN`, each relation with what is to be added; only ends in `sides` are named */
export function requireNotParted(policy: RelationPolicy, stage: PartingStage, broken: readonly (Broken & { readonly keys?: RelationPolicy['together'] })[], sides: ReadonlyMap<string, RelationSide>): void {
  if (broken.length === 0) return;
  const details = broken.slice(0, TOLD_AT_MOST).map(({ relation, type, rule, inside, outside, keys }): ErrorDetail => {
    const [own, other] = [sides.get(inside)?.ref ?? '', sides.get(outside)?.ref ?? ''];
    const role = outside === relation.from ? type.from : type.to;
    const way = rule === 'refuse' ? '' : `，或先在“文件关系”中登记${policy.stages[stage]}时分开的原因`;
    const what = keys === undefined ? `请一并加入${role} ${other}` : `请把${keys.map((key) => KEY_NAMES[key]).join('、')}改为相同（${role} ${other}）`;
    return { at: `/relations/${relation.id}`, message: `${own} 有“${type.name}”关系，${what}${way}` };
  });
  throw new ArchiveError('E_ARRANGE_RELATION_BROKEN', { stage, relations: broken.map(({ relation }) => relation.id), missing: [...new Set(broken.map(({ outside }) => outside))] }, details);
}

/** @throws ArchiveError `E_INPUT_INVALID` where the new relation would close a circle */
export function requireAcyclic(type: RelationType, relations: readonly Relation[], from: string, to: string): void {
  if (!type.acyclic) return;
  const next = new Map<string, string[]>();
  for (const one of relations) if (one.type === type.key) next.set(one.from, [...next.get(one.from) ?? [], one.to]);
  const seen = new Set<string>();
  const waiting = [to];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at === from) throw new ArchiveError('E_INPUT_INVALID', { type: type.key }, [{ at: '/to', message: `“${type.name}”不得首尾相接，请核对哪一件是${type.to}` }]);
    if (seen.has(at)) continue;
    seen.add(at);
    waiting.push(...next.get(at) ?? []);
  }
}
