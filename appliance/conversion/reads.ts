import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { Level } from '../../core/ports.js';
import type { ConversionFiles, ConversionFormats, ConversionList, ConversionShow, RegisterRow } from '../../policies/schemas/conversion.js';
import type { ServerCall } from '../call.js';
import type { SqlValue } from '../store/sql.js';
import { CONVERSION_COLUMNS, conversionRows, conversionTarget } from './rows.js';
import type { StoredConversion } from './rows.js';
import type { ConversionParts, Tx } from './parts.js';
import { CONVERTIBLE } from './work.js';

const LIVE = `record.state IN (${CONVERTIBLE.map((state) => `'${state}'`).join(',')})`;

/** 格式风险, holdings by format, cases and their files. */
export function conversionReads(parts: ConversionParts) {
  const { store, gate, policy } = parts;
  const rowOf = (key: string) => policy.converters.find((one) => one.key === key);

  /** 格式风险登记: the row that names the format most closely. */
  function riskOf(mime: string, format: string): Pick<RegisterRow, 'risk' | 'action' | 'why' | 'converter'> & { readonly source: string; readonly listed: boolean } {
    const named = policy.register.filter((row) => row.mime === mime && (row.format === undefined || new RegExp(row.format, 'u').test(format)));
    const row = named.find((one) => one.format !== undefined) ?? named[0];
    return row === undefined ? { ...policy.unlisted, converter: null, source: '', listed: false } : { ...row, listed: true };
  }

  async function outward(tx: Tx, one: StoredConversion) {
    const { it } = one;
    const row = rowOf(it.converter);
    const name = async (person: string | undefined | null): Promise<string | null> => (person == null ? null : parts.nameOf(person));
    return {
      id: it.id, no: it.no, state: it.state, level: one.level, converter: it.converter, converterName: row?.name ?? it.converter, effect: row?.effect ?? 'current', tool: it.tool, approval: it.approval,
      draftedBy: it.draftedBy, startedBy: it.startedBy, draftedByName: await name(it.draftedBy), draftedAt: it.draftedAt, startedByName: await name(it.startedBy), startedAt: it.startedAt, finishedAt: it.finishedAt,
      reviewedByName: await name(it.review?.by), reviewedAt: it.review?.at ?? null, rolledBackByName: await name(it.rolledBack?.by), rolledBackAt: it.rolledBack?.at ?? null,
      counts: await conversionRows(tx.sql, parts.sealing).counts(it.id), version: one.version,
    };
  }

  return {
    riskOf,

    /** What of the holdings that the person may see is kept in which format, and how safe that is. */
    async formats(call: ServerCall, _input: ConversionFormats) {
      const visible = await gate.visible(call, 'record.show', 1);
      const tools = await parts.converters.tools();
      return store.read(call, async (tx) => {
        await tx.allow();
        const rows = await tx.sql.all<{ mime: string; format: string; files: number; bytes: number }>(
          `SELECT computer_file.mime, computer_file.format, count(*) AS files, sum(computer_file.bytes) AS bytes FROM record JOIN computer_file ON computer_file.record = record.id
           WHERE ${visible.sql} AND ${LIVE} AND computer_file.replaced_by IS NULL GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 500`, ...visible.values,
        );
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return {
          rows: rows.map((row) => ({ ...row, ...riskOf(row.mime, row.format) })), tools,
          converters: policy.converters.map(({ key, name, tool, effect, from, source }) => ({ key, name, tool, effect, from, source, ready: tool !== 'libreoffice' || tools.some((one) => one.key === 'libreoffice' && one.state === 'ready') })),
          risks: policy.risks, measureFrom: policy.measureFrom, most: policy.limits.items,
        };
      });
    },

    /** Current files of one format, to choose from. */
    async files(call: ServerCall, input: ConversionFiles) {
      const { page = 1, size = 50 } = input;
      const visible = await gate.visible(call, 'record.show', 1);
      return store.read(call, async (tx) => {
        await tx.allow();
        const values: SqlValue[] = [...visible.values];
        const bind = (value: SqlValue): string => `$${String(values.push(value))}`;
        const where = [visible.sql, LIVE, 'computer_file.replaced_by IS NULL', `computer_file.mime = ${bind(input.mime)}`];
        if (input.format !== undefined) where.push(`computer_file.format = ${bind(input.format)}`);
        if (input.level !== undefined) where.push(`record.level = ${bind(input.level)}`);
        const from = `FROM record JOIN computer_file ON computer_file.record = record.id WHERE ${where.join(' AND ')}`;
        const total = (await tx.sql.one<{ n: number }>(`SELECT count(*) AS n ${from}`, ...values))?.n ?? 0;
        const found = await tx.sql.all<{ id: string }>(`SELECT computer_file.id AS id ${from} ORDER BY record.archival_code, computer_file.position LIMIT ${bind(size)} OFFSET ${bind((page - 1) * size)}`, ...values);
        const taken = await conversionRows(tx.sql, parts.sealing).taken(found.map(({ id }) => id));
        const rows = [];
        for (const { id } of found) {
          const file = await tx.files.get(id);
          const record = file && await tx.records.get(file.record);
          if (file === undefined || record === undefined) continue;
          rows.push({ file: id, record: record.id, code: record.archivalCode ?? record.electronicRecordCode, title: record.description.title, level: record.level, mark: record.mark, format: file.format, mime: file.mime, bytes: file.bytes, takenBy: taken.get(id) ?? null });
        }
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, rows };
      });
    },

    async list(call: ServerCall, input: ConversionList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const visible = await gate.visible(call, call.act, 1, CONVERSION_COLUMNS);
        const { rows, total } = await conversionRows(tx.sql, parts.sealing).list(visible, input.state ?? null, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, rows: await Promise.all(rows.map(async (one) => outward(tx, one))) };
      });
    },

    /** One case whole; of its files, those of records that the person may know of. */
    async show(call: ServerCall, input: ConversionShow) {
      const { page = 1, size = 100 } = input;
      return store.read(call, async (tx) => {
        const rows = conversionRows(tx.sql, parts.sealing);
        const one = await rows.get(input.conversion);
        if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(conversionTarget(one));
        tx.audit({ action: call.act, object: one.it.id, objectType: 'conversion', objectLevel: one.level });
        const items = [];
        for (const item of await rows.items(one.it.id, { offset: (page - 1) * size, limit: size })) {
          const record = await tx.records.get(item.record);
          if (record === undefined || !(await gate.knows(call, recordTarget(record)))) continue;
          items.push({ ...item, code: record.archivalCode ?? record.electronicRecordCode, title: record.description.title, level: record.level as Level });
        }
        return {
          ...await outward(tx, one), need: one.it.need, reason: one.it.reason, opinion: one.it.review?.opinion ?? null, rollBackReason: one.it.rolledBack?.reason ?? null,
          risks: policy.risks.map(({ key, name }) => { const of = one.it.risks.find(({ risk }) => risk === key); return { key, name, likelihood: of?.likelihood ?? null, impact: of?.impact ?? null, measure: of?.measure ?? '' }; }),
          measureFrom: policy.measureFrom, page, size, items,
        };
      });
    },
  };
}
