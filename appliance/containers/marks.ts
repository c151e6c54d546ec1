import type { AuditDraft } from '../../core/audit.js';
import type { Level } from '../../core/ports.js';
import { follow, NO_MARK, rollUpItem } from '../../secrecy/container.js';
import type { ContainerMark } from '../../secrecy/container.js';
import type { MarkPolicy } from '../../secrecy/marking.js';
import { combine, EMPTY, reach, rollUp } from '../../secrecy/roll-up.js';
import type { RollUp, RollUpItem } from '../../secrecy/roll-up.js';
import { places } from '../store/sql.js';
import type { Sql, SqlValue } from '../store/sql.js';

/** What holds records or other containers: 收集批次 and 报表 now; 卷、盒、包、盘 by the same rows. */
export interface ContainerRef { readonly kind: string; readonly id: string }
/** A batch holds the records that name it; everything else holds what `container_item` says. */
const BATCH = 'capture';
const BULK = 400;
const DEEPEST = 20;

interface MarkRow { kind: string; id: string; level: Level; level_by: string | null; term: string | null; last_secret_day: string | null; term_by: string | null; due: string | null; changed_at: string; version: number }
export interface StoredContainer extends ContainerRef, ContainerMark { readonly changedAt: string; readonly version: number }

const stored = (row: MarkRow): StoredContainer => ({
  kind: row.kind, id: row.id, changedAt: row.changed_at, version: row.version,
  held: { level: row.level, levelBy: row.level_by, term: row.term === null ? null : JSON.parse(row.term) as RollUp['term'], lastSecretDay: row.last_secret_day, termBy: row.term_by },
  due: row.due === null ? null : JSON.parse(row.due) as RollUp,
});

export interface Containers {
  get(sql: Sql, ref: ContainerRef): Promise<StoredContainer | undefined>;
  /** Those that wait to be lowered, newest first. */
  pending(sql: Sql): Promise<readonly StoredContainer[]>;
  /** Puts items into a container, which carries what they ask for at once. */
  put(sql: Sql, ref: ContainerRef, items: readonly ContainerRef[], at: string): Promise<readonly AuditDraft[]>;
  /** After records were touched: every container they lie in, and what those lie in. In the same transaction. */
  follow(sql: Sql, records: readonly string[], at: string): Promise<readonly AuditDraft[]>;
  save(sql: Sql, ref: ContainerRef, mark: ContainerMark, at: string): Promise<void>;
  /** Roll-up of records as they stand. */
  of(sql: Sql, records: readonly string[]): Promise<RollUp>;
}

/** 容器密级: see secrecy/container.ts for the rule. @param levelled told, in the same transaction, of every level that a container now carries */
export function containerMarks(policy: MarkPolicy, levelled: (sql: Sql, ref: ContainerRef, level: Level) => Promise<void>): Containers {
  const ITEM = 'SELECT record.id, record.level, record.mark, classification.last_secret_day AS lastSecretDay FROM record LEFT JOIN classification ON classification.id = record.classification';

  async function items(sql: Sql, where: string, ...values: SqlValue[]): Promise<readonly RollUpItem[]> {
    const rows = await sql.all<{ id: string; level: Level; mark: string | null; lastSecretDay: string | null }>(`${ITEM} WHERE ${where}`, ...values);
    return rows.map((row) => rollUpItem(row, policy));
  }

  const get = async (sql: Sql, { kind, id }: ContainerRef): Promise<StoredContainer | undefined> => {
    const row = await sql.one<MarkRow>('SELECT * FROM container_mark WHERE kind = $1 AND id = $2', kind, id);
    return row && stored(row);
  };

  async function save(sql: Sql, { kind, id }: ContainerRef, { held, due }: ContainerMark, at: string): Promise<void> {
    await sql.run(
      `INSERT INTO container_mark (kind, id, level, level_by, term, last_secret_day, term_by, due, changed_at, version) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,1)
       ON CONFLICT (kind, id) DO UPDATE SET level = excluded.level, level_by = excluded.level_by, term = excluded.term, last_secret_day = excluded.last_secret_day, term_by = excluded.term_by,
       due = excluded.due, changed_at = excluded.changed_at, version = version + 1`,
      kind, id, held.level, held.levelBy, held.term === null ? null : JSON.stringify(held.term), held.lastSecretDay, held.termBy, due === null ? null : JSON.stringify(due), at,
    );
    await levelled(sql, { kind, id }, held.level);
  }

  /** What a container asks for now: its records, and what the containers in it carry. */
  async function asked(sql: Sql, ref: ContainerRef): Promise<RollUp> {
    if (ref.kind === BATCH) return rollUp(await items(sql, "record.batch = $1 AND record.level >= 2 AND record.state <> 'withdrawn'", ref.id));
    const records = rollUp(await items(sql, "record.id IN (SELECT item FROM container_item WHERE kind = $1 AND id = $2 AND item_kind = 'record')", ref.kind, ref.id));
    const inner = await sql.all<MarkRow>(
      `SELECT container_mark.* FROM container_item JOIN container_mark ON container_mark.kind = container_item.item_kind AND container_mark.id = container_item.item
       WHERE container_item.kind = $1 AND container_item.id = $2`, ref.kind, ref.id,
    );
    return inner.map((row) => stored(row).held).reduce(combine, records);
  }

  /** Brings one container up to date and then whatever holds it. A container that never held a secret has no row. */
  async function settle(sql: Sql, ref: ContainerRef, at: string, deep = 0): Promise<AuditDraft[]> {
    if (deep > DEEPEST) throw new Error('containers hold one another');
    const [before, now] = [await get(sql, ref), await asked(sql, ref)];
    if (before === undefined && now.level < 2) return [];
    const next = follow(before ?? NO_MARK, now);
    if (before !== undefined && JSON.stringify([before.held, before.due]) === JSON.stringify([next.held, next.due])) return [];
    await save(sql, ref, next, at);
    const draft: AuditDraft = {
      action: 'container.follow', object: ref.id, objectType: ref.kind, objectLevel: next.held.level,
      detail: { level: next.held.level, levelBy: next.held.levelBy, termBy: next.held.termBy, pending: next.due !== null },
    };
    return [draft, ...await outwards(sql, ref, at, deep)];
  }

  /** A large batch is not looked through for every file: what asks for no more than is held, and is not what it is held for, changes nothing. */
  async function covered(sql: Sql, ref: ContainerRef, touched: readonly string[]): Promise<boolean> {
    const mark = ref.kind === BATCH && touched.length <= BULK ? await get(sql, ref) : undefined;
    if (mark === undefined || mark.due !== null || touched.some((id) => id === mark.held.levelBy || id === mark.held.termBy)) return false;
    const asks = rollUp(await items(sql, `record.batch = $${String(touched.length + 1)} AND record.id IN (${places(touched.length)})`, ...touched, ref.id));
    return asks.level <= mark.held.level && reach(asks) <= reach(mark.held);
  }

  async function outwards(sql: Sql, ref: ContainerRef, at: string, deep: number): Promise<AuditDraft[]> {
    const outer = await sql.all<ContainerRef>('SELECT kind, id FROM container_item WHERE item_kind = $1 AND item = $2', ref.kind, ref.id);
    const drafts: AuditDraft[] = [];
    for (const one of outer) drafts.push(...await settle(sql, one, at, deep + 1));
    return drafts;
  }

  return {
    get, save,
    pending: async (sql) => (await sql.all<MarkRow>('SELECT * FROM container_mark WHERE due IS NOT NULL ORDER BY changed_at DESC, kind, id LIMIT 500')).map(stored),
    async put(sql, ref, held, at) {
      for (const { kind, id } of held) await sql.run('INSERT OR IGNORE INTO container_item (kind, id, item_kind, item) VALUES ($1,$2,$3,$4)', ref.kind, ref.id, kind, id);
      return settle(sql, ref, at);
    },
    async follow(sql, records, at) {
      const refs = new Map<string, ContainerRef>();
      for (let from = 0; from < records.length; from += BULK) {
        const part = records.slice(from, from + BULK);
        const found = await sql.all<ContainerRef>(
          `SELECT DISTINCT kind, id FROM container_item WHERE item_kind = 'record' AND item IN (${places(part.length)})
           UNION SELECT '${BATCH}' AS kind, batch AS id FROM record WHERE id IN (${places(part.length)}) AND (level >= 2 OR EXISTS (SELECT 1 FROM container_mark WHERE kind = '${BATCH}' AND container_mark.id = record.batch))`, ...part,
        );
        for (const ref of found) refs.set(`${ref.kind}/${ref.id}`, { kind: ref.kind, id: ref.id });
      }
      const drafts: AuditDraft[] = [];
      for (const ref of refs.values()) if (!(await covered(sql, ref, records))) drafts.push(...await settle(sql, ref, at));
      return drafts;
    },
    async of(sql, records) {
      let sum = EMPTY;
      for (let from = 0; from < records.length; from += BULK) {
        const part = records.slice(from, from + BULK);
        sum = combine(sum, rollUp(await items(sql, `record.id IN (${places(part.length)})`, ...part)));
      }
      return sum;
    },
  };
}
