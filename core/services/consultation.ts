import { normaliseCode } from '../archival-code.js';
import { ArchiveError } from '../errors.js';
import { recordTarget } from '../holdings.js';
import type { Holdings, ListScope, RecordQuery, StoredRecord } from '../holdings.js';
import type { CalendarDate, Call, Instant, Level, ReadTools, UnitOfWork, WriteTools } from '../ports.js';
import { planQuery } from '../search-terms.js';
import type { RecordSearch, RecordShow } from '../../policies/schemas/record.js';

export interface ConsultationParts {
  readonly store: UnitOfWork<Holdings & WriteTools, Holdings & ReadTools>;
  readonly visible: (call: Call, act: string) => Promise<ListScope>;
  /** 会话密级: words of levels above it cannot even be formed. */
  readonly levelOf: (call: Call) => Promise<Level>;
  readonly nameOf: (person: string) => Promise<string>;
  /** 标志 of a record that carries one. */
  readonly markOf: (record: StoredRecord) => Promise<MarkCard | null>;
  /** 文件名后缀: the name under which a file of that level is shown. */
  readonly markedName: (fileName: string, level: Level) => string;
}

/** 国家秘密标志 of one record as its page shows it. */
export interface MarkCard {
  readonly classification: string;
  readonly state: string;
  readonly mark: string;
  /** 原始定密 / 派生定密 / 来文沿用. */
  readonly kind: string;
  readonly startOn: CalendarDate | null;
  readonly lastSecretOn: CalendarDate | null;
  readonly declassifiedFrom: CalendarDate | null;
  readonly reviewDueOn: CalendarDate | null;
  readonly periodText: string | null;
  readonly capText: string | null;
  readonly basis: string | null;
  readonly originOrg: string;
  readonly writtenRecordNo: string;
  readonly authorityName: string;
  /** 承办人, then 定密责任人. */
  readonly signers: readonly { readonly role: 'proposer' | 'authority'; readonly person: string; readonly name: string; readonly at: Instant; readonly certificateSerial: string }[];
  readonly scopeNames: readonly string[];
  /** 原标志与后续标志, oldest first: `old` is shown crossed out, `text` beside it. */
  readonly history: readonly { readonly old: string; readonly text: string; readonly on: CalendarDate; readonly no: string | null; readonly kind: string }[];
}

const LEVELS: readonly Level[] = [0, 1, 2, 3, 4];
const FILTERS = ['categoryCode', 'archivalYear', 'retentionCode', 'fonds', 'department', 'level'] as const;

/** 检索与档案详情. What the person may not see is not there: not in the list, not in the count, not by its id. */
export function consultationService(parts: ConsultationParts) {
  const { store } = parts;
  return {
    async search(call: Call, input: RecordSearch) {
      // Whoever asks for the beginning of a 档号 expects the codes in their order.
      const { page = 1, size = 50, sort = input.codePrefix === undefined ? 'newest' : 'code' } = input;
      const plan = input.q === undefined ? null : planQuery(input.q);
      const visible = await parts.visible(call, call.act);
      const highest = await parts.levelOf(call);
      const equals: RecordQuery['equals'] = Object.fromEntries(FILTERS.flatMap((key) => (input[key] === undefined ? [] : [[key, input[key]]])));
      return store.read(call, async (tx) => {
        await tx.allow();
        // The words themselves never reach the ledger: only that there were some.
        tx.audit({ action: call.act, detail: { words: input.q !== undefined, filters: [...Object.keys(equals), ...(input.resourceType === undefined ? [] : ['resourceType'])], page } });
        if (plan !== null && plan.any.every((phrases) => phrases.length === 0)) {
          return { page, size, total: 0, more: false, rows: [], tooShort: plan.tooShort };
        }
        const { rows, total, more = false } = await tx.records.search({
          visible, words: plan === null ? null : plan.any, levels: LEVELS.filter((level) => level <= highest), equals,
          ...(input.resourceType === undefined ? {} : { resourceType: input.resourceType }), codePrefix: input.codePrefix === undefined ? null : normaliseCode(input.codePrefix), from: input.from ?? null, until: input.until ?? null, sort,
        }, { offset: (page - 1) * size, limit: size });
        return { page, size, total, more, rows, tooShort: plan?.tooShort ?? [] };
      });
    },

    async show(call: Call, input: RecordShow) {
      return store.read(call, async (tx) => {
        const record = await tx.records.get(input.record);
        if (!record) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record));
        const [stored, events] = [await tx.files.ofRecord(record.id), await tx.records.events(record.id)];
        const files = stored.map((file) => ({ ...file, sealed: { ...file.sealed, fileName: parts.markedName(file.sealed.fileName, record.level) } }));
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level });
        const names = new Map<string, string>();
        for (const { person } of events) if (!names.has(person)) names.set(person, await parts.nameOf(person));
        return { record, files, classification: await parts.markOf(record), events: events.map((event) => ({ ...event, personName: names.get(event.person) ?? '' })) };
      });
    },
  };
}
