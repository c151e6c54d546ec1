import { ArchiveError } from '../errors.js';
import { recordTarget } from '../holdings.js';
import type { Holdings, ListScope, StoredRecord } from '../holdings.js';
import type { Call, Clock, Ids, Level, ReadTools, UnitOfWork, WriteTools } from '../ports.js';
import { arrangedApart, partedBy, relationType, requireAcyclic, requireNotParted } from '../relations.js';
import type { Broken, Relation, RelationRepository, RelationSide } from '../relations.js';
import { cleanText } from '../text.js';
import { descriptionIsOpen, isRecordState } from '../record.js';
import type { PartingStage, RelationDeclare, RelationEnd, RelationList, RelationPart, RelationPolicy } from '../../policies/schemas/relation.js';

export interface RelationTx { readonly relations: RelationRepository }

const EVERYTHING: ListScope = { sql: '1 = 1', values: [] };
/** States that take an end out of a stage: it has gone this way already, or never will. */
const GONE: Readonly<Record<Exclude<PartingStage, 'arrangement'>, (state: string) => boolean>> = {
  filing: (state) => !isRecordState(state) || !descriptionIsOpen(state),
  transfer: (state) => ['withdrawn', 'transferred', 'retained_copy', 'pending_destruction', 'destroyed'].includes(state),
  appraisal: (state) => ['withdrawn', 'appraised', 'pending_destruction', 'destroyed'].includes(state),
  destruction: (state) => ['withdrawn', 'pending_destruction', 'destroyed'].includes(state),
};

export interface Parted { readonly told: readonly Broken[]; readonly sides: ReadonlyMap<string, RelationSide>; readonly unseen: readonly Relation[] }

/**
 * 不得拆散已登记的关系 (办法第十九条第二款), asked by every room that takes records out of where they stand together. What the person may not know
 * of is neither named nor in the way: the box notes the parting, and whoever may know both ends finds it.
 */
export function relationGuard(policy: RelationPolicy, clock: Pick<Clock, 'now'>) {
  async function parted(tx: RelationTx, stage: Exclude<PartingStage, 'arrangement'>, members: readonly string[], visible: ListScope, gone: (side: RelationSide) => boolean = () => false): Promise<Parted> {
    const relations = await tx.relations.of(members);
    if (relations.length === 0) return { told: [], sides: new Map(), unseen: [] };
    const ends = relations.flatMap(({ from, to }) => [from, to]);
    const all = await tx.relations.sides(ends, EVERYTHING);
    const sides = await tx.relations.sides(ends, visible);
    const partings = await tx.relations.partings(relations.map(({ id }) => id));
    const broken = partedBy({
      policy, stage, relations, members: new Set(members), partings,
      settled: (id) => { const side = all.get(id); return side === undefined || GONE[stage](side.state) || gone(side); },
    });
    return { told: broken.filter(({ outside }) => sides.has(outside)), sides, unseen: broken.filter(({ outside }) => !sides.has(outside)).map(({ relation }) => relation) };
  }

  return {
    policy, parted,
    /** @throws ArchiveError `E_ARRANGE_RELATION_BROKEN` naming what is to be added */
    async requireWhole(tx: RelationTx & WriteTools, stage: Exclude<PartingStage, 'arrangement'>, members: readonly string[], visible: ListScope, gone?: (side: RelationSide) => boolean): Promise<void> {
      const { told, sides, unseen } = await parted(tx, stage, members, visible, gone);
      requireNotParted(policy, stage, told, sides);
      for (const relation of unseen) {
        await tx.relations.part(relation, { stage, by: 'system', at: clock.now(), reason: '办理人不知悉另一端，由本机记下' });
        tx.audit({ action: 'relation.part', object: relation.id, objectType: 'relation', objectLevel: relation.level, detail: { stage, unseen: true } });
      }
    },
    /** The saved rows as they will stand, with what is related to them. @throws ArchiveError `E_ARRANGE_RELATION_BROKEN` */
    async requireAlike(tx: RelationTx, saved: readonly StoredRecord[], visible: ListScope): Promise<void> {
      const relations = await tx.relations.of(saved.map(({ id }) => id));
      if (relations.length === 0) return;
      const sides = new Map([...await tx.relations.sides(relations.flatMap(({ from, to }) => [from, to]), visible), ...saved.map((record) => [record.id, sideOf(record)] as const)]);
      const partings = await tx.relations.partings(relations.map(({ id }) => id));
      requireNotParted(policy, 'arrangement', arrangedApart(policy, relations.filter(({ from, to }) => sides.has(from) && sides.has(to)), sides, partings), sides);
    },
  };
}
export type RelationGuard = ReturnType<typeof relationGuard>;

export const sideOf = (record: StoredRecord): RelationSide => ({
  id: record.id, ref: record.archivalCode ?? record.electronicRecordCode, state: record.state, batch: record.batch,
  categoryCode: record.categoryCode, archivalYear: record.archivalYear, retentionCode: record.retentionCode, orgOrFunction: record.orgOrFunction,
});

export interface RelationParts {
  readonly store: UnitOfWork<Holdings & RelationTx & WriteTools, Holdings & RelationTx & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: RelationPolicy;
  readonly visibleRecords: (call: Call) => Promise<ListScope>;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 文件关系: declared, shown from both ends, parted only for a stated reason. */
export function relationService(parts: RelationParts) {
  const { store, clock, ids, policy } = parts;

  async function known(tx: Holdings & ReadTools, id: string, at: string, act?: string): Promise<StoredRecord> {
    const record = await tx.records.get(id);
    if (record === undefined) throw new ArchiveError('E_NOT_FOUND', {}, [{ at, message: '没有这件' }]);
    await tx.allow(recordTarget(record), act);
    return record;
  }

  /** Both ends are known to the person; the reason is written at the level of the higher one. */
  async function both(tx: Holdings & RelationTx & WriteTools, call: Call, id: string): Promise<{ relation: Relation; ends: readonly [StoredRecord, StoredRecord] }> {
    const relation = await tx.relations.get(id);
    if (relation === undefined) throw new ArchiveError('E_NOT_FOUND');
    const [from, to] = [await known(tx, relation.from, '', 'relation.list'), await known(tx, relation.to, '', 'relation.list')];
    await tx.allow(recordTarget(from.level > to.level ? from : to), call.act);
    return { relation: { ...relation, level: from.level > to.level ? from.level : to.level }, ends: [from, to] };
  }

  function plain(reason: string): string {
    const cleaned = cleanText(reason, true);
    if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/reason', message: '文字为空或含有不可见字符' }]);
    return cleaned.text;
  }

  return {
    types: policy.types.map(({ key, name, from, to }) => ({ key, name, from, to })),

    async list(call: Call, input: RelationList) {
      const visible = await parts.visibleRecords(call);
      return store.read(call, async (tx) => {
        const record = await known(tx, input.record, '/record');
        const relations = await tx.relations.of([record.id]);
        const others = await tx.relations.sides(relations.flatMap(({ from, to }) => [from, to]), visible);
        const shown = relations.filter(({ from, to }) => others.has(from === record.id ? to : from));
        const partings = await tx.relations.partings(shown.map(({ id }) => id));
        const rows = [];
        for (const relation of shown) {
          const type = relationType(policy, relation.type);
          const from = relation.from === record.id;
          const other = await tx.records.get(from ? relation.to : relation.from);
          if (other === undefined) continue;
          rows.push({
            id: relation.id, type: type.key, name: type.name, own: from ? type.from : type.to, role: from ? type.to : type.from, rules: type.rules, declaredAt: relation.declaredAt, declaredByName: await parts.nameOf(relation.declaredBy),
            other: { record: other.id, ref: other.archivalCode ?? other.electronicRecordCode, title: other.description.title, level: other.level, mark: other.mark, state: other.state, batch: other.batch },
            partings: await Promise.all(partings.filter((one) => one.relation === relation.id).map(async (one) => ({ stage: one.stage, at: one.at, byName: await parts.nameOf(one.by), reason: one.reason }))),
          });
        }
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level });
        return { record: record.id, types: policy.types.map(({ key, name, from, to }) => ({ key, name, from, to })), stages: policy.stages, rows };
      });
    },

    async declare(call: Call, input: RelationDeclare) {
      const type = relationType(policy, input.type);
      return store.write(call, async (tx) => {
        const to = await known(tx, input.to, '/to');
        const made: string[] = [];
        for (const [n, id] of input.from.entries()) {
          const at = `/from/${String(n)}`;
          const from = await known(tx, id, at);
          const wrong = from.id === to.id ? '同一件不能与自己有关系' : from.fonds !== to.fonds ? '两件须属同一全宗' : [from, to].some(({ state }) => !isRecordState(state) || state === 'destroyed') ? '已撤回或已销毁的件不能登记关系' : null;
          if (wrong !== null) throw new ArchiveError('E_INPUT_INVALID', { type: type.key }, [{ at, message: wrong }]);
          const standing = await closure(tx, [from.id, to.id], type.key);
          if (standing.some((one) => one.from === from.id && one.to === to.id)) throw new ArchiveError('E_DUPLICATE', { type: type.key }, [{ at, message: '这一关系已登记' }]);
          requireAcyclic(type, standing, from.id, to.id);
          const level: Level = from.level > to.level ? from.level : to.level;
          const relation: Relation = { id: ids.uuid(), type: type.key, from: from.id, to: to.id, declaredBy: call.person, declaredAt: clock.now(), level };
          const sides = new Map([from, to].map((one) => [one.id, sideOf(one)] as const));
          requireNotParted(policy, 'arrangement', arrangedApart(policy, [relation], sides, []).filter(({ rule }) => rule === 'refuse'), sides);
          await tx.relations.add(relation);
          for (const one of [from, to]) await tx.records.addEvent(one.id, { activity: 'arrange', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第十九条', detail: { relation: type.key, as: one === from ? 'from' : 'to' } });
          tx.audit({ action: call.act, object: relation.id, objectType: 'relation', objectLevel: level, detail: { type: type.key, from: from.id, to: to.id } });
          made.push(relation.id);
        }
        return { relations: made };
      });
    },

    /** 撤销登记: what was declared by mistake, before either end is filed. */
    async end(call: Call, input: RelationEnd) {
      const reason = plain(input.reason);
      return store.write(call, async (tx) => {
        const { relation, ends } = await both(tx, call, input.relation);
        if (ends.some(({ state }) => !isRecordState(state) || !descriptionIsOpen(state))) throw new ArchiveError('E_STATE_INVALID', { relation: relation.id }, [{ at: '', message: '已归档的件，关系不得撤销；确需分开办理的，登记分开的原因' }]);
        await tx.relations.end(relation, call.person, clock.now(), reason);
        tx.audit({ action: call.act, object: relation.id, objectType: 'relation', objectLevel: relation.level, detail: { type: relation.type } });
        return { relation: relation.id };
      });
    },

    /** 登记分开的原因, where the rule of the stage lets a reason count. */
    async part(call: Call, input: RelationPart) {
      const reason = plain(input.reason);
      return store.write(call, async (tx) => {
        const { relation } = await both(tx, call, input.relation);
        const type = relationType(policy, relation.type);
        if (type.rules[input.stage] !== 'reason') throw new ArchiveError('E_ARRANGE_RELATION_BROKEN', { relations: [relation.id], stage: input.stage }, [{ at: '/stage', message: type.rules[input.stage] === 'refuse' ? `“${type.name}”在${policy.stages[input.stage]}时不得分开，须一并办理` : `“${type.name}”在${policy.stages[input.stage]}时不限制，无须登记原因` }]);
        await tx.relations.part(relation, { stage: input.stage, by: call.person, at: clock.now(), reason });
        tx.audit({ action: call.act, object: relation.id, objectType: 'relation', objectLevel: relation.level, detail: { stage: input.stage, type: relation.type } });
        return { relation: relation.id, stage: input.stage };
      });
    },
  };
}
export type RelationService = ReturnType<typeof relationService>;

/** Standing relations of a type that hang together with these records. */
async function closure(tx: RelationTx, from: readonly string[], type: string): Promise<readonly Relation[]> {
  const found = new Map<string, Relation>();
  const seen = new Set<string>();
  for (let next: readonly string[] = from; next.length > 0;) {
    next.forEach((id) => seen.add(id));
    for (const one of (await tx.relations.of(next)).filter((relation) => relation.type === type)) found.set(one.id, one);
    next = [...new Set([...found.values()].flatMap((one) => [one.from, one.to]))].filter((id) => !seen.has(id));
  }
  return [...found.values()];
}

