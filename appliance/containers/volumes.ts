import { archivalCodes } from '../../core/archival-code.js';
import { findScheme } from '../../core/arrangement.js';
import type { FondsRules } from '../../core/arrangement.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Level } from '../../core/ports.js';
import { descriptionIsOpen, isRecordState } from '../../core/record.js';
import type { RelationGuard } from '../../core/services/relations.js';
import { requireNotParted } from '../../core/relations.js';
import { cleanText } from '../../core/text.js';
import { pageSpans, requireClosable, unfitFor, volumeSpan } from '../../core/volume.js';
import type { Volume, VolumeItem } from '../../core/volume.js';
import type { VolumeArrange, VolumeClose, VolumeList, VolumeOpen, VolumePrint, VolumeReopen, VolumeShow } from '../../policies/schemas/volume.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import { highest } from '../../secrecy/level.js';
import type { Box } from '../box.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import { VOLUME_COLUMNS, volumeTarget } from '../store/repositories/volumes.js';
import type { ReadTools } from '../../core/ports.js';
import { volumePaper } from './volume-papers.js';

type Tx = Repositories & ReadTools;
export interface VolumeParts {
  readonly box: Pick<Box, 'store' | 'gate' | 'clock' | 'ids' | 'policies' | 'containers' | 'identity' | 'profile'>;
  readonly relations: RelationGuard;
  readonly fondsRules: (fonds: string) => FondsRules;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 按卷整理 (办法第十九条第二款): a volume is opened, its items put in order with their pages, closed with its 备考表 and numbered. */
export function volumeService({ box, relations, fondsRules, nameOf }: VolumeParts) {
  const { store, gate, clock, ids, policies } = box;
  const codes = archivalCodes(policies.content('archival-codes.json'));

  function plain(at: string, text: string): string {
    const cleaned = cleanText(text, true);
    if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '文字为空或含有不可见字符' }]);
    return cleaned.text;
  }

  /** 案卷号 is counted in what stands before it in the 档号; where the code has no volume, in everything that the volume has in common. */
  function seriesOf(rules: FondsRules, volume: Pick<Volume, 'fonds' | 'categoryCode' | 'archivalYear' | 'retentionCode' | 'orgOrFunction'>): string {
    const template = codes.templateFor(rules.profile, volume.categoryCode, 'volume');
    const at = template.parts.findIndex(({ key }) => key === 'volume');
    const keys = at < 0 ? ['fonds', 'category', 'year', 'retention', 'org'] : template.parts.slice(0, at).map(({ key }) => key);
    const values: Readonly<Record<string, string>> = { fonds: volume.fonds, category: volume.categoryCode, year: String(volume.archivalYear), retention: volume.retentionCode, org: volume.orgOrFunction ?? '' };
    return keys.map((key) => values[key] ?? '').join('|');
  }

  /** The volume with its items; whoever may not know one of them may not know the volume. */
  async function found(tx: Tx, call: ServerCall, id: string, act?: string): Promise<{ volume: Volume; items: readonly VolumeItem[]; records: readonly StoredRecord[] }> {
    const volume = await tx.volumes.get(id);
    if (volume === undefined) throw new ArchiveError('E_NOT_FOUND');
    const items = await tx.volumes.items(id);
    const records: StoredRecord[] = [];
    for (const { record: one } of items) {
      const record = await tx.records.get(one);
      if (record === undefined || !(await gate.knows(call, recordTarget(record)))) throw new ArchiveError('E_NOT_FOUND', { volume: id });
      records.push(record);
    }
    await tx.allow(volumeTarget(volume), act);
    return { volume, items, records };
  }

  const entry = (tx: ReadTools, call: ServerCall, volume: Volume, detail: Readonly<Record<string, unknown>> = {}): void => {
    tx.audit({ action: call.act, object: volume.id, objectType: 'volume', objectLevel: volume.level, detail });
  };

  async function pagesOf(tx: Tx, record: string): Promise<number> {
    const files = (await tx.files.ofRecord(record)).filter(({ replacedBy }) => replacedBy === null);
    return Math.max(1, files.reduce((sum, { facts }) => sum + (typeof facts['pages'] === 'number' ? facts['pages'] : 1), 0));
  }

  return {
    async list(call: ServerCall, input: VolumeList) {
      const { page = 1, size = 50 } = input;
      const visible = await gate.visible(call, call.act, 1, VOLUME_COLUMNS);
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.volumes.list(visible, async (from) => gate.visible(call, 'record.show', from), input.state ?? null, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, rows: rows.map(({ told, series, ...row }) => ({ ...row, title: told.title, series })) };
      });
    },

    async show(call: ServerCall, input: VolumeShow) {
      return store.read(call, async (tx) => {
        const { volume, items, records } = await found(tx, call, input.volume);
        const spans = pageSpans(items);
        entry(tx, call, volume);
        const { told, ...head } = volume;
        return {
          volume: { ...head, title: told.title, note: told.note, arrangedBy: await nameOf(told.arrangedBy), arrangedOn: told.arrangedOn, checkedBy: told.checkedBy === null ? null : await nameOf(told.checkedBy), checkedOn: told.checkedOn },
          span: volumeSpan(records), pages: items.reduce((sum, { pages }) => sum + pages, 0),
          items: items.map(({ record: id, position, pages }, at) => {
            const record = records[at];
            return {
              record: id, position, pages, from: spans.get(id)?.from ?? 0, to: spans.get(id)?.to ?? 0, ref: record?.archivalCode ?? record?.electronicRecordCode ?? '', title: record?.description.title ?? '', documentNumber: record?.description.documentNumber ?? null,
              author: record?.description.author ?? [], documentDate: record?.documentDate ?? null, level: record?.level ?? 0, mark: record?.mark ?? null, state: record?.state ?? '', unfit: record === undefined ? null : unfitFor(volume, record),
            };
          }),
        };
      });
    },

    async open(call: ServerCall, input: VolumeOpen) {
      const title = plain('/title', input.title);
      const level: Level = (await gate.subjectOf(call)).currentLevel ?? 0;
      const rules = fondsRules(input.fonds);
      if (findScheme(policies.content('schemes.json'), rules.schemeId).codeHasOrg && input.orgOrFunction === undefined) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['orgOrFunction'] }, [{ at: '/orgOrFunction', message: '请填写机构（问题）' }]);
      return store.write(call, async (tx) => {
        if (!(await tx.people.departments()).some(({ id }) => id === input.department)) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/department', message: '没有这个部门，请从列表中选择' }]);
        const common = { fonds: input.fonds, categoryCode: input.categoryCode, archivalYear: input.archivalYear, retentionCode: input.retentionCode, orgOrFunction: input.orgOrFunction ?? null };
        const volume: Volume = {
          ...common, id: ids.uuid(), department: input.department, owner: call.person, series: seriesOf(rules, common), number: null, state: 'open', level, openedAt: clock.now(), closedAt: null, version: 1,
          told: { title, note: null, arrangedBy: call.person, arrangedOn: null, checkedBy: null, checkedOn: null },
        };
        await tx.allow({ ...volumeTarget(volume), id: NOT_YET_MADE });
        await tx.volumes.add(volume);
        entry(tx, call, volume, { category: volume.categoryCode, year: volume.archivalYear, retention: volume.retentionCode });
        return { volume: volume.id, version: 1 };
      });
    },

    /** 排列: the items in order; what is left out leaves the volume, unless it belongs to what stays. */
    async arrange(call: ServerCall, input: VolumeArrange) {
      return store.write(call, async (tx) => {
        const { volume } = await found(tx, call, input.volume);
        if (volume.state !== 'open') throw new ArchiveError('E_STATE_INVALID', { volume: volume.id, state: volume.state }, [{ at: '', message: '案卷已封卷，请先重开' }]);
        const at = await tx.volumes.placesOf(input.items.map(({ record }) => record));
        const items: VolumeItem[] = [];
        const levels: Level[] = [volume.level];
        for (const [n, { record: id, pages }] of input.items.entries()) {
          const record = await tx.records.get(id);
          if (record === undefined || !(await gate.knows(call, recordTarget(record)))) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: `/items/${String(n)}`, message: '没有这件' }]);
          const wrong = !isRecordState(record.state) || !descriptionIsOpen(record.state) ? '已归档或已撤回，不能再排入案卷' : (at.get(id)?.volume ?? volume.id) !== volume.id ? '已在另一案卷中' : unfitFor(volume, record);
          if (wrong !== null) throw new ArchiveError('E_INPUT_INVALID', { record: id }, [{ at: `/items/${String(n)}`, message: wrong }]);
          if (items.some((one) => one.record === id)) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: `/items/${String(n)}`, message: '同一件不得排两次' }]);
          items.push({ record: id, position: n + 1, pages: pages ?? await pagesOf(tx, id) });
          levels.push(record.level);
        }
        const next: Volume = { ...volume, level: highest(levels) };
        await tx.volumes.save(next, input.seenVersion);
        await tx.volumes.put(volume.id, items);
        for (const draft of await box.containers.put(tx.sql, { kind: 'volume', id: volume.id }, items.map(({ record }) => ({ kind: 'record', id: record })), clock.now())) tx.audit(draft);
        entry(tx, call, next, { items: items.length });
        return { volume: volume.id, items: items.length, version: input.seenVersion + 1 };
      });
    },

    /** 封卷: nothing missing, nothing parted, 备考表 filled in; the 案卷号 follows the last one. */
    async close(call: ServerCall, input: VolumeClose) {
      const note = plain('/note', input.note);
      return store.write(call, async (tx) => {
        const { volume, items, records } = await found(tx, call, input.volume);
        requireClosable(volume, records, ({ state }) => state === 'arranged');
        const { told: parted, sides } = await relations.parted(tx, 'filing', items.map(({ record }) => record), await gate.visible(call, 'record.show', 1));
        requireNotParted(relations.policy, 'filing', parted.filter(({ rule }) => rule === 'refuse'), sides);
        const checker = await tx.people.get(input.checker);
        if (checker?.status !== 'active') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/checker', message: '没有这个在用的账号，请从列表中选择' }]);
        const number = volume.number ?? (await tx.volumes.lastNumber(volume.series)) + 1;
        const next: Volume = { ...volume, state: 'closed', number, closedAt: clock.now(), told: { ...volume.told, note, arrangedBy: call.person, arrangedOn: clock.today(), checkedBy: checker.id, checkedOn: clock.today() } };
        await tx.volumes.save(next, input.seenVersion);
        for (const record of records) await tx.records.addEvent(record.id, { activity: 'volume_forming', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第十九条', detail: { volume: volume.id, number } });
        entry(tx, call, next, { number, items: items.length });
        return { volume: volume.id, number, version: input.seenVersion + 1 };
      });
    },

    /** 重开: while nothing of it is filed; the number is kept. */
    async reopen(call: ServerCall, input: VolumeReopen) {
      return store.write(call, async (tx) => {
        const { volume, records } = await found(tx, call, input.volume);
        if (volume.state !== 'closed' || records.some(({ archivalCode }) => archivalCode !== null)) throw new ArchiveError('E_STATE_INVALID', { volume: volume.id, state: volume.state }, [{ at: '', message: '未封卷，或卷内已有归档的件' }]);
        const next: Volume = { ...volume, state: 'open', closedAt: null };
        await tx.volumes.save(next, input.seenVersion);
        entry(tx, call, next);
        return { volume: volume.id, version: input.seenVersion + 1 };
      });
    },

    /** 案卷目录、卷内目录、备考表 */
    async print(call: ServerCall, input: VolumePrint) {
      return store.read(call, async (tx) => {
        const { volume, items, records } = await found(tx, call, input.volume);
        const mark = await box.containers.get(tx.sql, { kind: 'volume', id: volume.id });
        const { name, pdf } = await volumePaper(box, input.paper, { volume, items, records, held: mark?.held ?? null, arrangedBy: await nameOf(volume.told.arrangedBy), checkedBy: volume.told.checkedBy === null ? '' : await nameOf(volume.told.checkedBy) });
        entry(tx, call, volume, { paper: input.paper });
        return bytes('application/pdf', pdf, { fileName: name });
      });
    },
  };
}
export type VolumeService = ReturnType<typeof volumeService>;
