import { Readable } from 'node:stream';
import QRCode from 'qrcode';
import { ArchiveError } from '../../core/errors.js';
import { parseCheckpoint } from '../../core/checkpoint.js';
import type { Clock, Instant, ReadTools, Sm3, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { AuditCheckpoints, AuditConsistency, AuditList, AuditProve, AuditVerify } from '../../policies/schemas/audit.js';
import type { AuditTrace } from '../../policies/schemas/guarding.js';
import { readShortCode } from '../../secrecy/watermark.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import { entryOf } from '../store/ledger.js';
import type { EntryRow, Ledger } from '../store/ledger.js';
import { barredPeriods } from '../identity/offices.js';
import type { PeopleRepository } from '../store/repositories/people.js';
import type { Sql, SqlValue } from '../store/sql.js';
import { keepCheckpoint, listCheckpoints, signCheckpoint } from './checkpoints.js';
import { exportLedger } from './export.js';
import type { BoxIdentity } from './identity.js';
import { proveConsistency, proveInclusion } from './proofs.js';
import { verifyLedger } from './verify.js';
import type { CheckSignature } from './verify.js';

type Tx = { readonly sql: Sql; readonly people: PeopleRepository };

export interface AuditServiceParts {
  readonly store: UnitOfWork<Tx & WriteTools, Tx & ReadTools>;
  readonly ledger: Ledger;
  readonly sm3: Sm3;
  readonly clock: Clock;
  readonly box: BoxIdentity;
  readonly check: CheckSignature;
  /** Name of a person for the list; the ledger itself holds ids alone. */
  readonly nameOf: (person: string) => Promise<string>;
}

/** 审计: the auditor's desk. Looking at the ledger is itself entered in it. */
export function auditService(parts: AuditServiceParts) {
  const { store, ledger, sm3, clock, box } = parts;

  /** Signs the ledger as it stands and keeps the text; the keeping is an act of its own, under the next checkpoint. */
  async function checkpoint(call: ServerCall) {
    const signed = signCheckpoint(ledger, sm3, clock, box);
    await store.write(call, async (tx) => {
      await tx.allow(undefined, call.act);
      await keepCheckpoint(tx.sql, signed);
      tx.audit({ action: 'audit.checkpoint', detail: { size: signed.size, root: Buffer.from(signed.root).toString('hex') } });
    });
    return { size: signed.size, at: signed.at, root: Buffer.from(signed.root).toString('hex') };
  }

  /** 不得审计本人任另两员期间的行为. @throws ArchiveError `E_SOD_CONFLICT` where the span touches such a time */
  async function requireUnbarred(tx: Tx, person: string, from: Instant, until: Instant): Promise<void> {
    const touched = (await barredPeriods(tx, person)).find((one) => one.from <= until && (one.until === null || from < one.until));
    if (touched !== undefined) throw new ArchiveError('E_SOD_CONFLICT', { person, from: touched.from, until: touched.until }, [{ at: '/', message: '不得审计本人任系统管理员或安全保密管理员期间的行为，请由另一名安全审计员办理' }]);
  }

  return {
    checkpoint,

    async list(call: ServerCall, input: AuditList) {
      const { page = 1, size = 50 } = input;
      const wheres: string[] = [];
      const values: SqlValue[] = [];
      const where = (text: string, value: SqlValue): void => { values.push(value); wheres.push(text.replace('?', `$${String(values.length)}`)); };
      if (input.action !== undefined) where("action LIKE ? || '%'", input.action);
      if (input.actor !== undefined) where('actor = ?', input.actor);
      if (input.object !== undefined) where('object = ?', input.object);
      if (input.result !== undefined) where('result = ?', input.result);
      if (input.from !== undefined) where('at >= ?', new Date(`${input.from}T00:00:00+08:00`).toISOString());
      if (input.until !== undefined) where('at <= ?', new Date(`${input.until}T23:59:59.999+08:00`).toISOString());
      return store.read(call, async (tx) => {
        await tx.allow();
        const barred = await barredPeriods(tx, call.person);
        for (const { from, until } of barred) {
          const first = `$${String(values.push(from))}`;
          wheres.push(until === null ? `at < ${first}` : `NOT (at >= ${first} AND at < $${String(values.push(until))})`);
        }
        const condition = wheres.length === 0 ? '' : `WHERE ${wheres.join(' AND ')}`;
        const rows = await tx.sql.all<EntryRow>(`SELECT * FROM audit_entry ${condition} ORDER BY seq DESC LIMIT ${String(size)} OFFSET ${String((page - 1) * size)}`, ...values);
        const count = await tx.sql.one<{ n: number }>(`SELECT count(*) AS n FROM audit_entry ${condition}`, ...values);
        tx.audit({ action: call.act, detail: { page, size } });
        const names = new Map<string, string>();
        for (const row of rows) if (!names.has(row.actor)) names.set(row.actor, await parts.nameOf(row.actor));
        return { page, size, total: count?.n ?? 0, barred, rows: rows.map((row) => ({ ...entryOf(row), actorName: names.get(row.actor) ?? '' })) };
      });
    },

    /** 溯源: the reading that the code on a page leads back to; several only where hashes begin alike. */
    async trace(call: ServerCall, input: AuditTrace) {
      const code = readShortCode(input.code);
      return store.read(call, async (tx) => {
        await tx.allow();
        const rows = await tx.sql.all<EntryRow>("SELECT * FROM audit_entry WHERE (action = 'record.read' OR (object_type = 'output' AND action IN ('output.print', 'output.burn', 'output.export'))) AND substr(hash, 1, 13) BETWEEN $1 AND $2 ORDER BY seq LIMIT 10", code.from, code.to);
        tx.audit({ action: call.act, detail: { found: rows.length } });
        return { rows: await Promise.all(rows.map(async (row) => ({ ...entryOf(row), actorName: await parts.nameOf(row.actor) }))) };
      });
    },

    async prove(call: ServerCall, input: AuditProve) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const entry = await tx.sql.one<{ at: Instant }>('SELECT at FROM audit_entry WHERE seq = $1', input.seq);
        if (entry !== undefined) await requireUnbarred(tx, call.person, entry.at, entry.at);
        tx.audit({ action: call.act, detail: { seq: input.seq } });
        return proveInclusion(tx.sql, sm3, input.seq);
      });
    },

    async consistency(call: ServerCall, input: AuditConsistency) {
      return store.read(call, async (tx) => {
        await tx.allow();
        if (input.older > input.newer || input.newer > ledger.head().size) throw new ArchiveError('E_NOT_FOUND', { ...input });
        tx.audit({ action: call.act, detail: { ...input } });
        return { ...input, path: await proveConsistency(tx.sql, sm3, input.older, input.newer) };
      });
    },

    async checkpoints(call: ServerCall, input: AuditCheckpoints) {
      const { page = 1, size = 20 } = input;
      const found = await store.read(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, detail: { page, size } });
        return listCheckpoints(tx.sql, (page - 1) * size, size);
      });
      const rows = await Promise.all(found.rows.map(async (row) => ({ ...row, qr: await QRCode.toDataURL(row.text, { errorCorrectionLevel: 'M', margin: 1 }) })));
      return { page, size, total: found.total, rows };
    },

    /** Walks the whole ledger. A box whose ledger is wrong says so to the auditor and goes on refusing nothing: stopping is the officers' act. */
    async verify(call: ServerCall, input: AuditVerify) {
      const aside = input.aside === undefined ? undefined : parseCheckpoint(input.aside);
      if (input.aside !== undefined && aside === undefined) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/aside', message: '不是检查点文本，请原样粘贴，含末行签名' }]);
      return store.read(call, async (tx) => {
        await tx.allow();
        const verdict = await verifyLedger(tx.sql, sm3, parts.check, aside);
        tx.audit({ action: call.act, result: verdict.faults.length === 0 ? 'ok' : 'failed', detail: { entries: verdict.entries, faults: verdict.faults.length } });
        return { ...verdict, at: clock.now() };
      });
    },

    async export(call: ServerCall) {
      await store.read(call, async (tx) => { await tx.allow(); await requireUnbarred(tx, call.person, '', clock.now()); });
      await checkpoint(call);
      const pieces = await store.read(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, detail: { size: ledger.head().size } });
        return exportLedger(tx.sql, box);
      });
      return bytes('application/x-ndjson', Readable.from(pieces, { objectMode: false }), { fileName: `审计日志-${clock.today()}.jsonl` });
    },
  };
}
