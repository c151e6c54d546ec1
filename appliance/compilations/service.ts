import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Clock, Ids, ReadTools } from '../../core/ports.js';
import { suggestionsFor, topicsOf } from '../../core/suggestions.js';
import { cleanText } from '../../core/text.js';
import type { CompilationAdd, CompilationList, CompilationOpen, CompilationRegister, CompilationRemove, CompilationShow, SuggestionList, SuggestionRules, SuggestionSettle, SuggestionTopics } from '../../policies/schemas/compilation.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import { highest, isSecret } from '../../secrecy/level.js';
import type { MarkPolicy } from '../../secrecy/marking.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import type { AccessGate } from '../access/gate.js';
import type { ServerCall } from '../call.js';
import type { Containers } from '../containers/marks.js';
import { codeOf } from '../outputs/contents.js';
import { COMPILATION_COLUMNS, compilationTarget } from '../store/repositories/compilations.js';
import type { Compilation } from '../store/repositories/compilations.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';

type Tx = Repositories & ReadTools;
export interface CompilationParts {
  readonly store: Store<Repositories>; readonly gate: AccessGate; readonly clock: Clock; readonly ids: Ids; readonly containers: Pick<Containers, 'of'>; readonly marks: MarkPolicy; readonly rules: SuggestionRules;
  readonly nameOf: (person: string) => Promise<string>;
}

const LEVELS = [0, 1, 2, 3, 4] as const;
export const plainWords = (text: string, at: string): string => {
  const cleaned = cleanText(text, true);
  if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '文字为空或含有不可见字符' }]);
  return cleaned.text;
};

/** 编研、专题与提取的词 (办法第三十六条): what is put together carries the highest mark of it; what is computed is only suggested. */
export function compilationService(parts: CompilationParts) {
  const { store, gate, clock, ids, rules } = parts;

  async function recordsOf(tx: Tx, input: readonly string[]): Promise<readonly StoredRecord[]> {
    const records: StoredRecord[] = [];
    for (const id of input) {
      const record = await tx.records.get(id);
      if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
      await tx.allow(recordTarget(record), 'record.read');
      records.push(record);
    }
    return records;
  }
  async function stored(tx: Tx, id: string): Promise<Compilation> {
    const one = await tx.compilations.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    return one;
  }
  const draft = (one: Compilation, event: string): void => { if (one.state !== 'draft') throw new ArchiveError('E_STATE_INVALID', { compilation: one.id, state: one.state, event }); };
  const row = async (one: Compilation) => ({ id: one.id, no: one.no, kind: one.kind, state: one.state, level: one.level, title: one.title, mark: one.mark, ownerName: await parts.nameOf(one.owner), openedAt: one.openedAt, registeredAt: one.registeredAt, version: one.version });
  /** Titles that the person may see, newest first: what suggestions are counted over. */
  async function titles(call: ServerCall, tx: Tx): Promise<readonly StoredRecord[]> {
    const { ceiling } = await gate.subjectOf(call);
    const { rows } = await tx.records.search({ visible: await gate.visible(call, 'record.search', 1), words: null, levels: LEVELS.filter((level) => level <= ceiling), equals: {}, codePrefix: null, from: null, until: null, sort: 'newest' }, { offset: 0, limit: rules.maxTitles });
    return rows;
  }

  return {
    async list(call: ServerCall, input: CompilationList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.compilations.list(await gate.visible(call, call.act, 1, COMPILATION_COLUMNS), input.kind ?? null, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, rows: await Promise.all(rows.map(row)) };
      });
    },

    /** With the items that the person may know of; the others are not counted. */
    async show(call: ServerCall, input: CompilationShow) {
      return store.read(call, async (tx) => {
        const one = await stored(tx, input.compilation);
        await tx.allow(compilationTarget(one));
        tx.audit({ action: call.act, object: one.id, objectType: 'compilation', objectLevel: one.level });
        const items = [];
        for (const id of await tx.compilations.items(one.id)) {
          const record = await tx.records.get(id);
          if (record !== undefined && await gate.knows(call, recordTarget(record))) items.push({ record: id, code: codeOf(record), level: record.level, mark: record.mark, title: record.description.title ?? '' });
        }
        const due = isSecret(one.level) ? rollUpMark(await parts.containers.of(tx.sql, await tx.compilations.items(one.id)), parts.marks) : null;
        return { ...await row(one), note: one.note, dueMark: due, items };
      });
    },

    async open(call: ServerCall, input: CompilationOpen) {
      const [title, note] = [plainWords(input.title, '/title'), input.note === undefined ? null : plainWords(input.note, '/note')];
      const { ceiling } = await gate.subjectOf(call);
      return store.write(call, async (tx) => {
        await tx.allow();
        const records = await recordsOf(tx, input.records);
        const one: Compilation = {
          id: ids.uuid(), no: await drawNumber(ids, `${input.kind === 'topic' ? 'ZT' : 'BY'}-${clock.today().slice(0, 4)}-`, async (no) => tx.compilations.numbered(no)), kind: input.kind, state: 'draft', fonds: records[0]?.fonds ?? '', department: await tx.people.departmentOf(call.person) ?? '',
          owner: call.person, openedAt: clock.now(), registeredAt: null, level: highest([ceiling, ...records.map(({ level }) => level)]), title, note, mark: null, version: 1,
        };
        await tx.allow({ ...compilationTarget(one), id: NOT_YET_MADE });
        await tx.compilations.add(one);
        await tx.compilations.put(one.id, input.records);
        tx.audit({ action: call.act, object: one.id, objectType: 'compilation', objectLevel: one.level, detail: { no: one.no, kind: one.kind, records: records.length } });
        return { compilation: one.id, no: one.no, level: one.level };
      });
    },

    async add(call: ServerCall, input: CompilationAdd) {
      return store.write(call, async (tx) => {
        const one = await stored(tx, input.compilation);
        await tx.allow(compilationTarget(one), 'compilation.show');
        const records = await recordsOf(tx, input.records);
        const next = { ...one, level: highest([one.level, ...records.map(({ level }) => level)]) };
        await tx.allow(compilationTarget(next));
        draft(one, 'add');
        await tx.compilations.save(next, input.seenVersion);
        await tx.compilations.put(one.id, input.records);
        tx.audit({ action: call.act, object: one.id, objectType: 'compilation', objectLevel: next.level, detail: { no: one.no, records: input.records } });
        return { compilation: one.id, level: next.level, version: input.seenVersion + 1 };
      });
    },

    /** The level does not fall with it: what was read stays read. */
    async remove(call: ServerCall, input: CompilationRemove) {
      return store.write(call, async (tx) => {
        const one = await stored(tx, input.compilation);
        await tx.allow(compilationTarget(one));
        draft(one, 'remove');
        await tx.compilations.save(one, input.seenVersion);
        await tx.compilations.remove(one.id, input.record);
        tx.audit({ action: call.act, object: one.id, objectType: 'compilation', objectLevel: one.level, detail: { no: one.no, record: input.record } });
        return { compilation: one.id, version: input.seenVersion + 1 };
      });
    },

    /** 登记成果: one that cites state secrets bears the highest mark of them. @throws ArchiveError `E_CLS_MARK_MISSING`, `E_CLS_MARK_ON_NON_SECRET` */
    async register(call: ServerCall, input: CompilationRegister) {
      return store.write(call, async (tx) => {
        const one = await stored(tx, input.compilation);
        await tx.allow(compilationTarget(one));
        draft(one, 'register');
        const due = rollUpMark(await parts.containers.of(tx.sql, await tx.compilations.items(one.id)), parts.marks);
        const secret = isSecret(one.level) && due !== '';
        if (!secret && input.mark !== undefined) throw new ArchiveError('E_CLS_MARK_ON_NON_SECRET', { level: one.level });
        if (secret && input.mark !== due) throw new ArchiveError('E_CLS_MARK_MISSING', { compilation: one.id }, [{ at: '/mark', message: `按所引档案的最高密级，应标志为 ${due}` }]);
        await tx.compilations.save({ ...one, state: 'registered', registeredAt: clock.now(), mark: secret ? due : null }, input.seenVersion);
        tx.audit({ action: call.act, object: one.id, objectType: 'compilation', objectLevel: one.level, detail: { no: one.no, marked: secret } });
        return { compilation: one.id, state: 'registered', mark: secret ? due : null, version: input.seenVersion + 1 };
      });
    },

    /** 建议的主题词、人名、地名 of a record, each with its reason; what was settled is not suggested again. */
    async suggestions(call: ServerCall, input: SuggestionList) {
      return store.read(call, async (tx) => {
        const record = await tx.records.get(input.record);
        if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        const { ceiling } = await gate.subjectOf(call);
        const settled = await tx.compilations.terms(record.id, ceiling);
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level });
        const seen = (await titles(call, tx)).map(({ description }) => description.title ?? '');
        return {
          record: record.id, accepted: await Promise.all(settled.filter(({ accepted }) => accepted).map(async ({ kind, term, by, at }) => ({ kind, term, byName: await parts.nameOf(by), at }))),
          suggested: suggestionsFor(record.description.title ?? '', seen, rules).filter(({ kind, term }) => !settled.some((one) => one.kind === kind && one.term === term)),
        };
      });
    },

    /** 专题建议: terms that several of the titles this person sees have in common. */
    async topics(call: ServerCall, _input: SuggestionTopics) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const seen = await titles(call, tx);
        tx.audit({ action: call.act, detail: {} });
        return { rows: topicsOf(seen.map(({ description }) => description.title ?? ''), rules).map(({ term }) => ({ term, records: seen.filter(({ description }) => (description.title ?? '').includes(term)).map(({ id }) => id) })) };
      });
    },

    /** 采纳 or not, by a person: entered beside the description, which stands as it was filed. */
    async settle(call: ServerCall, input: SuggestionSettle) {
      const term = plainWords(input.term, '/term');
      return store.write(call, async (tx) => {
        const record = await tx.records.get(input.record);
        if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        if ((await tx.compilations.terms(record.id, record.level)).some((one) => one.kind === input.kind && one.term === term)) throw new ArchiveError('E_DUPLICATE', { record: record.id });
        await tx.compilations.settle({ id: ids.uuid(), record: record.id, kind: input.kind, term, by: call.person, at: clock.now(), accepted: input.accepted, level: record.level });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { kind: input.kind, accepted: input.accepted } });
        return { record: record.id };
      });
    },
  };
}
