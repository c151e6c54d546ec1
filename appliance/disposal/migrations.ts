import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { ComputerFile, StoredRecord } from '../../core/holdings.js';
import type { MigrationList, MigrationPerform, MigrationPlan, MigrationVerify } from '../../policies/schemas/media-destruction.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import { loadCarrier } from '../../secrecy/carrier.js';
import { performMigration, planMigration, reportOf, stranded, verifyMigration } from '../../secrecy/medium-migration.js';
import type { CopiedFile } from '../../secrecy/medium-migration.js';
import type { ServerCall } from '../server/route.js';
import { carrierTarget } from '../store/repositories/carriers.js';
import type { StoredCarrier } from '../store/repositories/carriers.js';
import { MIGRATION_COLUMNS, migrationTarget } from '../store/repositories/media.js';
import type { StoredMigration } from '../store/repositories/media.js';
import { contentDigest, contentsOf } from './copies.js';
import type { MediumFolders } from './medium-folder.js';
import { holder, plain } from './parts.js';
import type { DisposalParts, Tx, WriteTx } from './parts.js';

export interface MigrationParts extends DisposalParts {
  readonly folders: MediumFolders;
  /** Whether the bytes are a whole file of a format that opens. */
  readonly opens: (file: string, name: string) => Promise<boolean>;
  readonly tool: string;
}

/** Where a file lies on a carrier: by code and place, so that no name tells of the content. */
export const placeOf = (record: Pick<StoredRecord, 'electronicRecordCode'>, file: Pick<ComputerFile, 'position' | 'sm3' | 'sealed'>): string => {
  const ending = /^\.[A-Za-z0-9]{1,8}$/u.exec(path.extname(file.sealed.fileName))?.[0].toLowerCase() ?? '';
  return `${record.electronicRecordCode.replace(/[^A-Za-z0-9._-]/gu, '_')}/${String(file.position).padStart(3, '0')}-${file.sm3.slice(0, 16)}${ending}`;
};

interface Moved { readonly record: StoredRecord; readonly files: readonly ComputerFile[] }

/** 介质迁移 (办法第三十、三十九条): copied by one person, read again by another, and only then counted as a copy. */
export function migrationService(parts: MigrationParts) {
  const { store, gate, clock, ids, folders, containers } = parts;

  async function carrierOf(tx: Tx | WriteTx, id: string): Promise<StoredCarrier> {
    const one = await tx.carriers.get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(carrierTarget(one), 'carrier.show');
    return one;
  }
  async function found(tx: Tx | WriteTx, id: string): Promise<StoredMigration> {
    const one = await tx.media.migration(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(migrationTarget(one));
    return one;
  }
  async function moved(tx: Tx | WriteTx, records: readonly string[]): Promise<readonly Moved[]> {
    const all: Moved[] = [];
    for (const id of records) {
      const record = await tx.records.get(id);
      if (record !== undefined) all.push({ record, files: await tx.files.ofRecord(id) });
    }
    return all;
  }
  const outward = async (tx: Tx, { it, level, plannedAt, version }: StoredMigration) => ({
    id: it.id, no: it.no, state: it.state, level, plannedAt, from: it.from, to: it.to, fromNo: (await tx.carriers.get(it.from))?.it.no ?? '', toNo: (await tx.carriers.get(it.to))?.it.no ?? '', records: it.records.length, risk: it.risk,
    plannedByName: await parts.nameOf(it.plannedBy.person), performedByName: it.state === 'planned' ? null : await parts.nameOf(it.performedBy.person), performedAt: it.state === 'planned' ? null : it.performedAt,
    files: it.state === 'planned' ? 0 : it.files.length, differing: it.state === 'planned' ? 0 : it.files.filter(({ before, after }) => before !== after).length,
    verifiedByName: it.state === 'verified' ? await parts.nameOf(it.verifiedBy.person) : null, verifiedAt: it.state === 'verified' ? it.verifiedAt : null, report: it.state === 'verified' ? it.report : null, version,
  });

  return {
    async list(call: ServerCall, input: MigrationList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.media.migrations(await gate.visible(call, 'migration.list', 1, MIGRATION_COLUMNS), input.carrier ?? null, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { page, size, total, rows: await Promise.all(rows.map(async (one) => outward(tx, one))) };
      });
    },

    /** What would be lost with the old carrier is what goes onto the new one. */
    async plan(call: ServerCall, input: MigrationPlan) {
      const { risk } = plain({ risk: input.risk });
      return store.write(call, async (tx) => {
        const [from, to] = [await carrierOf(tx, input.from), await carrierOf(tx, input.to)];
        await tx.allow({ ...carrierTarget(from), type: 'disposal', id: NOT_YET_MADE });
        const records = stranded(parts.policy, await contentsOf(parts, tx, from.it.id));
        for (const { record } of await moved(tx, records)) loadCarrier(to.it, record.level);
        const series = `QY${String(from.it.level)}-${clock.today().slice(0, 4)}-`;
        const no = `${series}${String(await tx.media.migrationsNumbered(series) + 1).padStart(4, '0')}`;
        const { next, audit } = planMigration({ id: ids.uuid(), no, from: from.it.id, to: to.it.id, records, risk, plannedBy: await holder(tx, call.person) });
        await tx.media.addMigration({ it: next, fonds: from.fonds, department: from.department, plannedAt: clock.now(), level: from.it.level, version: 1 });
        tx.audit({ ...audit, objectLevel: from.it.level });
        return { migration: next.id, no, records: records.length };
      });
    },

    /** Copies from the mounted old carrier, or from this box, and measures every file before and after. */
    async perform(call: ServerCall, input: MigrationPerform) {
      // The carrier takes the level before the first byte, so that nothing secret ever lies on an ordinary one.
      const { all, to } = await store.write(call, async (tx) => {
        const one = await found(tx, input.migration);
        if (one.version !== input.seenVersion) throw new ArchiveError('E_STALE_VERSION', { migration: one.it.id });
        if (one.it.state === 'verified') throw new ArchiveError('E_STATE_INVALID', { state: one.it.state, event: 'perform' });
        const target = await carrierOf(tx, one.it.to);
        const records = await moved(tx, one.it.records);
        // Copying is no reading, but nobody carries out of the box what they may not read in it.
        for (const { record } of records) await tx.allow(recordTarget(record), 'record.read');
        let { it } = target;
        for (const { record } of records) it = loadCarrier(it, record.level);
        await tx.carriers.save({ ...target, it }, target.version);
        await tx.carriers.put(it.id, one.it.records, clock.now(), call.person);
        for (const draft of await containers.put(tx.sql, { kind: 'medium', id: it.id }, one.it.records.map((id) => ({ kind: 'record', id })), clock.now())) tx.audit(draft);
        tx.audit({ action: call.act, object: one.it.id, objectType: 'migration', objectLevel: one.level, detail: { to: it.id, records: one.it.records, begun: true } });
        return { all: records, to: it };
      });
      const folder = await folders.target(input.target, to, true);
      const source = input.source === undefined ? null : await folders.real(input.source, '/source');
      const known = source === null ? null : await folders.byDigest(source, new Set(all.flatMap(({ files }) => files.map(({ bytes }) => bytes))));
      const copied: CopiedFile[] = [];
      for (const { record, files } of all) {
        for (const file of files) {
          const relative = placeOf(record, file);
          if (await folders.digest(folder, relative) !== file.sm3) {
            const from = known?.get(file.sm3);
            if (known !== null && from === undefined) throw new ArchiveError('E_MIGRATION_SOURCE', { record: record.id, file: file.id });
            await (from === undefined ? fromVault(file, async (content) => folders.write(folder, relative, content)) : folders.write(folder, relative, folders.read(from)));
          }
          copied.push({ record: record.id, file: file.id, bytes: file.bytes, before: file.sm3, after: await folders.digest(folder, relative), rejected: false });
        }
      }
      return store.write(call, async (tx) => {
        const one = await found(tx, input.migration);
        const { next, audit } = performMigration(one.it, { holder: await holder(tx, call.person), at: clock.now(), tool: parts.tool }, copied);
        await tx.media.saveMigration({ ...one, it: next }, input.seenVersion);
        tx.audit({ ...audit, objectLevel: one.level });
        return { migration: next.id, state: next.state, files: copied.length, differing: copied.filter(({ before, after }) => before !== after).length };
      });
    },

    /** 核验: everything is read again from the new carrier by somebody else; four properties hold, or it is no copy. */
    async verify(call: ServerCall, input: MigrationVerify) {
      const { one, all, there } = await store.read(call, async (tx) => {
        const stored = await found(tx, input.migration);
        if (stored.it.state !== 'performed') throw new ArchiveError('E_STATE_INVALID', { state: stored.it.state, event: 'verify' });
        return { one: stored, all: await moved(tx, stored.it.records), there: await moved(tx, await tx.carriers.contents(stored.it.to)) };
      });
      const carrier = await store.read(call, async (tx) => { await tx.allow(migrationTarget(one)); return carrierOf(tx, one.it.to); });
      const folder = await folders.target(input.target, carrier.it, false);
      const files: CopiedFile[] = [];
      for (const { record, files: own } of all) {
        for (const file of own) {
          const relative = placeOf(record, file);
          const after = await folders.digest(folder, relative);
          files.push({ record: record.id, file: file.id, bytes: file.bytes, before: file.sm3, after, rejected: after === null || !(await parts.opens(path.join(folder, relative), file.sealed.fileName)) });
        }
      }
      const ought = new Set(there.flatMap(({ record, files: own }) => own.map((file) => placeOf(record, file))));
      const extra = (await folders.files(folder)).filter((relative) => !ought.has(relative)).length;
      const report = reportOf(one.it.records, files, new Map(all.map(({ record, files: own }) => [record.id, own.map(({ id }) => id)])), extra);
      return store.write(call, async (tx) => {
        const again = await found(tx, input.migration);
        const { next, audit } = verifyMigration(again.it, { holder: await holder(tx, call.person), at: clock.now() }, files, report);
        await tx.media.saveMigration({ ...again, it: next }, input.seenVersion);
        await tx.media.verifyCopies(next.to, all.map(({ record, files: own }) => ({ record: record.id, digest: contentDigest(parts.crypto, own) })), clock.now(), next.id);
        for (const [id, event] of [[next.from, 'migrated-from'], [next.to, 'migrated-to']] as const) {
          const line = await tx.carriers.get(id);
          if (line !== undefined) await tx.carriers.note(line, { at: clock.now(), by: call.person, event, approval: null, told: { count: next.records.length, migration: next.no } });
        }
        tx.audit({ ...audit, objectLevel: again.level, detail: { ...audit.detail, report } });
        return { migration: next.id, state: next.state, report };
      });
    },
  };

  async function fromVault(file: ComputerFile, work: (content: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void> {
    const sealed = await parts.vault.open(file.object);
    try {
      await work(sealed.pieces());
    } finally {
      await sealed.close();
    }
  }
}
export type MigrationService = ReturnType<typeof migrationService>;
