import type { AuditEntry } from '../../core/audit.js';
import { ArchiveError } from '../../core/errors.js';
import type { Level, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { KnowledgeExport, KnowledgeList } from '../../policies/schemas/guarding.js';
import { knowings } from '../../secrecy/knowledge.js';
import type { Knowing } from '../../secrecy/knowledge.js';
import { highest, levelName } from '../../secrecy/level.js';
import { markedName } from '../../secrecy/mark-places.js';
import type { AccessGate } from '../access/gate.js';
import { csvFile } from '../reports/csv.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import { insert } from '../store/sql.js';
import type { Sql, SqlValue } from '../store/sql.js';

/** Registers what the entries of one unit say was known. @throws ArchiveError `E_KNOWLEDGE_LOG_REQUIRED`: then nothing has been read */
export async function enterKnowledge(writer: Sql, entries: readonly AuditEntry[]): Promise<void> {
  try {
    for (const one of knowings(entries)) await insert(writer, 'knowledge', { ...one });
  } catch {
    throw new ArchiveError('E_KNOWLEDGE_LOG_REQUIRED');
  }
}

export interface KnowledgeParts {
  readonly store: UnitOfWork<Repositories & WriteTools, Repositories & ReadTools>;
  readonly gate: AccessGate;
  readonly nameOf: (person: string) => Promise<string>;
  /** Lines of one file. */
  readonly exported?: number;
}

interface Row { id: number; record: string; person: string; at: string; level: Level; mode: Knowing['mode']; approval: string | null; file: string | null; page: number | null; terminal: string }
const MODES: Readonly<Record<Knowing['mode'], string>> = { show: '查看著录', read: '阅览全文', report: '报表', export: '打印、刻录、导出' };
const EXPORTED = 10_000;
const HEADINGS = ['时间', '人员', '密级', '档号或电子文件号', '题名', '方式', '页', '审批单号', '终端'];

/** 知悉登记: who came to know what, for whoever may know of the record. */
export function knowledgeService(parts: KnowledgeParts) {
  const { store, gate, exported = EXPORTED } = parts;

  async function found(call: ServerCall, tx: Repositories, input: KnowledgeExport, limit: number, offset: number) {
    const visible = await gate.visible(call, 'record.show', 1);
    const values: SqlValue[] = [...visible.values];
    const wheres = [visible.sql];
    const where = (text: string, value: SqlValue): void => { values.push(value); wheres.push(text.replace('?', `$${String(values.length)}`)); };
    if (input.record !== undefined) where('knowledge.record = ?', input.record);
    if (input.person !== undefined) where('knowledge.person = ?', input.person);
    if (input.from !== undefined) where('knowledge.at >= ?', new Date(`${input.from}T00:00:00+08:00`).toISOString());
    if (input.until !== undefined) where('knowledge.at <= ?', new Date(`${input.until}T23:59:59.999+08:00`).toISOString());
    const from = `FROM knowledge JOIN record ON record.id = knowledge.record WHERE ${wheres.join(' AND ')}`;
    const rows = await tx.sql.all<Row>(`SELECT knowledge.* ${from} ORDER BY knowledge.id DESC LIMIT ${String(limit)} OFFSET ${String(offset)}`, ...values);
    const total = (await tx.sql.one<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values))?.n ?? 0;
    const names = new Map<string, string>();
    const records = new Map<string, { readonly code: string; readonly title: string; readonly level: Level; readonly mark: string | null }>();
    for (const { person, record } of rows) {
      if (!names.has(person)) names.set(person, await parts.nameOf(person));
      if (records.has(record)) continue;
      const it = await tx.records.get(record);
      if (it !== undefined) records.set(record, { code: it.archivalCode ?? it.electronicRecordCode, title: it.description.title, level: it.level, mark: it.mark });
    }
    return { total, rows: rows.map((row) => ({ ...row, personName: names.get(row.person) ?? '', modeName: MODES[row.mode], code: records.get(row.record)?.code ?? '', title: records.get(row.record)?.title ?? '', mark: records.get(row.record)?.mark ?? null, recordLevel: records.get(row.record)?.level ?? row.level })) };
  }

  return {
    async list(call: ServerCall, input: KnowledgeList) {
      const { page = 1, size = 50, ...wish } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const result = await found(call, tx, wish, size, (page - 1) * size);
        tx.audit({ action: call.act, objectLevel: highest(result.rows.map((row) => row.recordLevel)), detail: { page, size, rows: result.rows.length } });
        return { page, size, ...result };
      });
    },

    /** 知悉登记簿 as CSV: it carries titles, so it carries the highest mark of what it lists, in its name and in its first line. */
    async export(call: ServerCall, input: KnowledgeExport) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await found(call, tx, input, exported, 0);
        const level = highest(rows.map((row) => row.recordLevel));
        tx.audit({ action: call.act, objectLevel: level, detail: { rows: rows.length, total } });
        const left = total > rows.length ? `\u3000共 ${String(total)} 条，本表只列最近 ${String(rows.length)} 条，请按日期分段导出` : '';
        const lines = rows.map((row) => [row.at, row.personName, levelName(row.recordLevel), row.code, row.title, row.modeName, row.page, row.approval, row.terminal]);
        const body = csvFile([[`知悉登记簿\u3000密级：${levelName(level)}${left}`], HEADINGS, ...lines]);
        return bytes('text/csv; charset=utf-8', body, { fileName: markedName('知悉登记簿.csv', level) });
      });
    },
  };
}
