import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import type { RawRow } from '../../core/catalogue.js';
import { canonicalBytes } from '../../core/canonical.js';
import { ArchiveError } from '../../core/errors.js';
import type { FondsRules } from '../../core/arrangement.js';
import type { ReadTools } from '../../core/ports.js';
import { cleanText } from '../../core/text.js';
import { compareTables, TABLE_KINDS, tableFaults } from '../../core/tables.js';
import type { TableContent, TableKind } from '../../core/tables.js';
import type { TableApprove, TableCompare, TableEffects, TableExport, TableImport, TableList, TableRehearse, TableShow, TableWithdraw } from '../../policies/schemas/table.js';
import type { Box } from '../box.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import { valueOf } from '../capture/refusal.js';
import type { WorkerAnswer } from '../capture/refusal.js';
import { openWorkers } from '../inspection/pool.js';
import { bufferSource } from '../inspection/source.js';
import type { Repositories } from '../store/repositories/index.js';
import type { TableVersion } from '../store/repositories/tables.js';
import { checkFor } from '../validation.js';
import { effectsOver } from './effects.js';
import { sheetOfDifferences, sheetOfTable, tableFromSheet } from './sheet.js';
import { approvedText, TABLE_SCHEMAS } from './shelf.js';

type Tx = Repositories & ReadTools;

export interface TableParts {
  readonly box: Box;
  readonly nameOf: (person: string) => Promise<string>;
  readonly rulesOf: (fonds: string) => FondsRules;
}

export const TABLE_BYTES = 8 * 1024 * 1024;
/** Counting ends here, as in other lists. */
const COUNTED = 10_000;
const SHEET = { unpackedBytes: 64 * 1024 * 1024, rows: 20_000, columns: 40 };
const NAMES = { scheme: '分类方案', scope: '归档范围', retention: '保管期限表' } as const;
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
const CHECKS = { scheme: checkFor(TABLE_SCHEMAS.scheme), scope: checkFor(TABLE_SCHEMAS.scope), retention: checkFor(TABLE_SCHEMAS.retention) } as const;

/** 三表: proposed by one, rehearsed, entered as approved by another, in force from its day (办法第十五条). */
export function tableService({ box, nameOf, rulesOf }: TableParts) {
  const { store, clock, ids, sm3, gate, profile, tables, identity } = box;
  const workers = openWorkers<typeof SHEET, WorkerAnswer<readonly RawRow[]>>({ size: 1, worker: fileURLToPath(new URL('./sheet-worker.js', import.meta.url)) });
  const contentOf = (version: TableVersion): TableContent => JSON.parse(version.content) as TableContent;

  async function found(tx: Tx, id: string): Promise<TableVersion> {
    const version = await tx.tables.get(id);
    if (version === undefined) throw new ArchiveError('E_NOT_FOUND');
    return version;
  }
  async function against(tx: Tx, version: TableVersion, other: string | undefined): Promise<TableVersion> {
    const one = other === undefined ? await tx.tables.inForce(version.kind) : await found(tx, other);
    if (one?.kind !== version.kind) throw new ArchiveError('E_NOT_FOUND');
    return one;
  }
  async function shown(one: TableVersion) {
    const { approval, rehearsed } = one;
    return {
      id: one.id, kind: one.kind, label: one.label, state: one.state, origin: one.origin, title: contentOf(one).title, effectiveFrom: one.effectiveFrom, digest: one.digest, activatedAt: one.activatedAt, version: one.version,
      importedAt: one.importedAt, importedByName: await nameOf(one.importedBy), rehearsed: rehearsed === null ? null : { at: rehearsed.at, byName: await nameOf(rehearsed.by) },
      approval: approval === null ? null : { approvalNo: approval.approvalNo, approvedBy: approval.approvedBy, approvedOn: approval.approvedOn, rehearsal: approval.rehearsal, registeredByName: approval.registeredBy === null ? null : await nameOf(approval.registeredBy), counts: !approval.rehearsal || profile.rehearsal },
    };
  }
  const entry = (call: ServerCall, one: TableVersion, detail: Readonly<Record<string, unknown>> = {}) => ({ action: call.act, object: one.id, objectType: 'table', detail: { kind: one.kind, version: one.label, digest: one.digest, ...detail } });
  const requireSound = (kind: TableKind, content: TableContent, code: 'E_TABLE_INVALID'): void => {
    const faults = tableFaults(kind, content, tables.current, profile.fonds);
    if (faults.length > 0) throw new ArchiveError(code, { places: faults.length }, faults.slice(0, 200));
  };

  async function collect(stream: Readable): Promise<Buffer> {
    const parts: Buffer[] = [];
    let seen = 0;
    for await (const part of stream as AsyncIterable<Buffer>) {
      seen += part.length;
      if (seen > TABLE_BYTES) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: TABLE_BYTES });
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  /** What was handed in, as a whole table in its form. */
  async function read(input: TableImport, body: Buffer): Promise<TableContent> {
    if (body[0] === 0x50 && body[1] === 0x4b) {
      if (input.label === undefined || input.source === undefined) throw wrong(input.label === undefined ? '/label' : '/source', '导入工作簿须填写版本号和来源');
      const answer = await workers.run(bufferSource(body), SHEET);
      if (typeof answer === 'string') throw new ArchiveError('E_CATALOGUE_INVALID', { death: answer }, [{ at: '目录', message: '在限定的时间和内存内没有读完，请另存后重试' }]);
      return checked(input.kind, tableFromSheet(input.kind, valueOf(answer), tables.current, { label: input.label, source: input.source }));
    }
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    } catch {
      throw new ArchiveError('E_TABLE_INVALID', {}, [{ at: input.fileName, message: '不是 UTF-8 编码的 JSON，也不是 Excel 工作簿（xlsx）' }]);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ArchiveError('E_TABLE_INVALID', {}, [{ at: input.fileName, message: '应为一个 JSON 对象，请以导出的现行版本为样式' }]);
    // An approval is registered by its own act, never brought along.
    return checked(input.kind, { ...value, ...(input.label === undefined ? {} : { version: input.label }), ...(input.source === undefined ? {} : { source: input.source }), ...(input.kind === 'scheme' ? {} : { approval: null }) });
  }
  function checked(kind: TableKind, value: unknown): TableContent {
    const result = CHECKS[kind](value);
    if (!result.ok) throw new ArchiveError('E_TABLE_INVALID', { places: result.details.length }, result.details);
    return result.value;
  }

  /** The rehearsal that the person may see. */
  async function effects(call: ServerCall, tx: Tx, version: TableVersion) {
    const before = await against(tx, version, undefined);
    return effectsOver(tx.sql, await gate.visible(call, 'record.show', 1), { kind: version.kind, before: contentOf(before), after: contentOf(version) }, rulesOf);
  }

  return {
    async list(call: ServerCall, _input: TableList) {
      const visible = await gate.visible(call, 'record.show', 1);
      return store.read(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act });
        return {
          counted: COUNTED,
          kinds: await Promise.all(TABLE_KINDS.map(async (kind) => ({
            kind, name: NAMES[kind],
            // Under what was never in force nothing was filed.
            versions: await Promise.all((await tx.tables.list(kind)).map(async (one) => ({ ...await shown(one), filed: one.activatedAt === null ? 0 : await tx.tables.filedUnder(one, visible, COUNTED) }))),
          }))),
        };
      });
    },

    async show(call: ServerCall, input: TableShow) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const version = await found(tx, input.table);
        tx.audit(entry(call, version));
        return { table: await shown(version), content: contentOf(version) };
      });
    },

    async compare(call: ServerCall, input: TableCompare) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const version = await found(tx, input.table);
        const before = await against(tx, version, input.against);
        tx.audit(entry(call, version, { against: before.label }));
        const differences = compareTables(contentOf(before), contentOf(version));
        return { table: await shown(version), against: await shown(before), differences, counts: { added: count(differences, 'added'), removed: count(differences, 'removed'), changed: count(differences, 'changed') } };
      });
    },

    /** 提出新版本: nothing changes by it. */
    async bring(call: ServerCall, input: TableImport, stream: Readable) {
      const content = await read(input, await collect(stream));
      requireSound(input.kind, content, 'E_TABLE_INVALID');
      const text = Buffer.from(canonicalBytes(content)).toString('utf8');
      const id = ids.uuid();
      return store.write(call, async (tx) => {
        await tx.allow();
        if (await tx.tables.labelled(input.kind, content.version)) throw new ArchiveError('E_DUPLICATE', {}, [{ at: '/label', message: '已有这个版本号，请改用新的版本号' }]);
        const version: TableVersion = {
          id, kind: input.kind, label: content.version, state: 'proposed', origin: 'imported', effectiveFrom: null, content: text, digest: Buffer.from(sm3(Buffer.from(text))).toString('hex'), approval: null, signature: null,
          importedBy: call.person, importedAt: clock.now(), rehearsed: null, activatedAt: null, version: 1,
        };
        await tx.tables.add(version);
        tx.audit(entry(call, version));
        return { table: id, label: version.label, digest: version.digest };
      });
    },

    /** 试算 over the holdings, noted: approval is not entered without it. Counts are told, and kept by nobody: who else looks sees their own. */
    async rehearse(call: ServerCall, input: TableRehearse) {
      // Counted outside the writers' lock: it looks at every record.
      const { counts, records } = await store.read(call, async (tx) => { await tx.allow(); return effects(call, tx, await found(tx, input.table)); });
      return store.write(call, async (tx) => {
        await tx.allow();
        const version = await found(tx, input.table);
        if (version.state !== 'proposed') throw new ArchiveError('E_STATE_INVALID', { state: version.state });
        await tx.tables.save({ ...version, rehearsed: { by: call.person, at: clock.now() } }, input.seenVersion);
        tx.audit(entry(call, version));
        return { counts, records, version: input.seenVersion + 1 };
      });
    },

    async effects(call: ServerCall, input: TableEffects) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const version = await found(tx, input.table);
        const over = await effects(call, tx, version);
        const { rows, total } = await over.page({ ...(input.effect === undefined ? {} : { effect: input.effect }), ...(input.filed === undefined ? {} : { filed: input.filed }) }, { offset: (page - 1) * size, limit: size });
        tx.audit(entry(call, version, { page, size }));
        const listed = [];
        for (const { record, effect, filed } of rows) {
          const one = await tx.records.get(record);
          if (one !== undefined) listed.push({ record, effect, filed, code: one.archivalCode ?? one.electronicRecordCode, title: one.description.title, level: one.level, scheduleItemId: one.scheduleItemId, retentionCode: one.retentionCode, state: one.state });
        }
        return { page, size, total, rows: listed, counts: over.counts, records: over.records };
      });
    },

    /**
     * 登记审核文号和生效日期, by another than who proposed it; signed by the box over what was approved. What is in force without an approval that
     * counts (the shipped tables on a real box) is approved where it stands.
     */
    async approve(call: ServerCall, input: TableApprove) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const version = await found(tx, input.table);
        const standing = version.state === 'in_force' && (version.approval === null || version.approval.rehearsal);
        if (version.state !== 'proposed' && !standing) throw new ArchiveError('E_STATE_INVALID', { state: version.state });
        if (version.importedBy === call.person) throw new ArchiveError('E_SOD_SELF_APPROVAL', { table: version.id });
        if (!standing && version.rehearsed === null) throw new ArchiveError('E_TABLE_UNREHEARSED', { table: version.id });
        if (input.approvedOn > clock.today()) throw wrong('/approvedOn', '审核日期不能晚于今天');
        if (!standing && input.effectiveFrom < clock.today()) throw wrong('/effectiveFrom', '生效日期不能早于今天：已归档的仍按归档时的版本');
        if (input.effectiveFrom < input.approvedOn) throw wrong('/effectiveFrom', '生效日期不能早于审核日期');
        requireSound(version.kind, contentOf(version), 'E_TABLE_INVALID');
        const approved: TableVersion = {
          ...version, state: standing ? 'in_force' : 'approved', effectiveFrom: input.effectiveFrom,
          approval: { approvalNo: plain(input.approvalNo, '/approvalNo'), approvedBy: plain(input.approvedBy, '/approvedBy'), approvedOn: input.approvedOn, rehearsal: false, registeredBy: call.person, registeredAt: clock.now() },
        };
        const signed = { ...approved, signature: Buffer.from(identity.sign(approvedText(approved))).toString('base64url') };
        await tx.tables.save(signed, input.seenVersion);
        tx.audit(entry(call, signed, { approvalNo: input.approvalNo, approvedOn: input.approvedOn, effectiveFrom: input.effectiveFrom }));
        tx.afterCommit(refreshed);
        return { table: version.id, state: signed.state, version: input.seenVersion + 1 };
      });
    },

    async withdraw(call: ServerCall, input: TableWithdraw) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const version = await found(tx, input.table);
        if (version.state !== 'proposed' && version.state !== 'approved') throw new ArchiveError('E_STATE_INVALID', { state: version.state });
        await tx.tables.save({ ...version, state: 'withdrawn' }, input.seenVersion);
        tx.audit(entry(call, version, { reason: plain(input.reason, '/reason') }));
        return { table: version.id };
      });
    },

    async file(call: ServerCall, input: TableExport) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const version = await found(tx, input.table);
        const other = input.against === undefined ? null : await against(tx, version, input.against);
        tx.audit(entry(call, version, { form: input.form, ...(other === null ? {} : { against: other.label }) }));
        const name = `${NAMES[version.kind]} ${version.label}${other === null ? '' : ` 对照 ${other.label}`}`;
        if (other !== null) {
          const differences = compareTables(contentOf(other), contentOf(version));
          return input.form === 'xlsx' ? bytes(XLSX, await sheetOfDifferences(differences, other.label, version.label), { fileName: `${name}.xlsx` }) : bytes('application/json', Buffer.from(JSON.stringify(differences, null, 2)), { fileName: `${name}.json` });
        }
        return input.form === 'xlsx' ? bytes(XLSX, await sheetOfTable(version.kind, contentOf(version)), { fileName: `${name}.xlsx` }) : bytes('application/json', Buffer.from(JSON.stringify(contentOf(version), null, 2)), { fileName: `${name}.json` });
      });
    },

    /** The box's own round: what was approved is in force from its day on, and the one before it no longer. */
    async round(): Promise<void> {
      const due = await store.read(box.systemCall('table.round'), async (tx) => { await tx.allow(); return tx.tables.due(clock.today()); });
      for (const { id } of due) {
        const call = box.systemCall('table.activate');
        await store.write(call, async (tx) => {
          await tx.allow();
          const version = await found(tx, id);
          if (version.state !== 'approved') { tx.audit({ action: call.act, object: id, objectType: 'table', result: 'failed', reason: 'E_STATE_INVALID' }); return; }
          const faults = tableFaults(version.kind, contentOf(version), tables.current, profile.fonds);
          // The tables it would stand beside have changed since it was approved: it waits for a person, and is looked at again.
          if (faults.length > 0) { tx.audit({ action: call.act, object: id, objectType: 'table', result: 'failed', reason: 'E_TABLE_INVALID', detail: { kind: version.kind, version: version.label, places: faults.length } }); return; }
          const before = await tx.tables.inForce(version.kind);
          if (before !== undefined) await tx.tables.save({ ...before, state: 'superseded' }, before.version);
          await tx.tables.save({ ...version, state: 'in_force', activatedAt: clock.now() }, version.version);
          tx.audit({ action: call.act, object: id, objectType: 'table', detail: { kind: version.kind, version: version.label, digest: version.digest, before: before?.label ?? null } });
          tx.afterCommit(refreshed);
        });
      }
    },
    close: async () => workers.close(),
  };

  /** Under the writers' lock: no unit of work sees one version at its beginning and another at its end. */
  async function refreshed(): Promise<void> {
    await store.alone(async () => tables.refresh(box.reader));
  }
  function plain(text: string, at: string): string {
    const cleaned = cleanText(text, false);
    if (!cleaned.ok || cleaned.text === '') throw wrong(at, '文字为空或含有不可见字符');
    return cleaned.text;
  }
}

const count = (differences: ReturnType<typeof compareTables>, change: 'added' | 'removed' | 'changed'): number => differences.filter((one) => one.change === change).length;
