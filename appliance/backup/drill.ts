/** 恢复演练 (办法第二十九条): the whole way back, into a scratch area that is overwritten afterwards, with a signed report. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { formatCheckpoint } from '../../core/checkpoint.js';
import { ArchiveError } from '../../core/errors.js';
import type { BackupDrill, BackupDrillReport, BackupDrills } from '../../policies/schemas/backup.js';
import { signCheckpoint } from '../audit/checkpoints.js';
import type { Box } from '../box.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import { eraseFile } from '../content/erase.js';
import { removeFolder } from '../content/file-ops.js';
import type { DataPaths } from '../content/paths.js';
import { checkedDocument, plannedReport, standing } from '../reports/document.js';
import { reportSet, setName, unzipSet, zipSet } from '../reports/report-set.js';
import { setOf } from '../reports/stored-set.js';
import { SmCryptoVerifier } from '../crypto/sm-crypto-adapter.js';
import { insert } from '../store/sql.js';
import { listDestroyed, listTombstones } from './destroyed-list.js';
import { drillReport, type DrillOutcome, type DrillTold } from './drill-report.js';
import { planRows } from './plan-rows.js';
import { restoreBackup } from './restore.js';
import { backupRows, type BackupRow } from './rows.js';
import type { BackupParts, BackupService } from './service.js';

interface DrillRow { id: string; number: string; backup: string; backup_number: string; state: 'running' | 'passed' | 'failed'; started_by: string; started_at: string; ended_at: string | null; outcome: string | null; report: string | null }
export interface DrillParts extends BackupParts { readonly box: BackupParts['box'] & Pick<Box, 'vault'> }

/** The report tells numbers of backups, media and objects: 内部. */
const REPORT_LEVEL = 1;
const scratch = (paths: DataPaths): string => path.join(paths.root, 'drill');
const SELECT = 'SELECT backup_drill.*, backup.number AS backup_number FROM backup_drill JOIN backup ON backup.id = backup_drill.backup';

/** What a drill laid down holds wrapped keys: keys first, overwritten; at every start, too. Absent is success. */
export async function wipeDrill(paths: DataPaths): Promise<void> {
  const folder = scratch(paths);
  for (const name of await readdir(folder).catch(() => [])) if (/\.db/u.test(name)) await eraseFile(path.join(folder, name));
  await eraseFile(path.join(folder, 'box', 'keystore.json'));
  await removeFolder(folder);
}

export function drillService(parts: DrillParts, backup: Pick<BackupService, 'alone' | 'idle' | 'foldersOf'>) {
  const { box, policy, engine } = parts;
  const { store, clock, ids, reader } = box;
  const planned = () => plannedReport(box.policies.content('reports.json'), 'R13');
  const at = standing([{ level: REPORT_LEVEL, mark: null }], true, { withoutTitlesLevel: REPORT_LEVEL, marks: box.policies.content('marking.json') });

  /** Lays the backup down, opens it and holds it against the live box. */
  async function rehearse(row: BackupRow, stopping: () => boolean): Promise<DrillOutcome> {
    const began = performance.now();
    const { content, keys } = await backup.foldersOf(row);
    const issues: string[] = [];
    const live = new Map((await reader.all<{ id: string; sm3: string }>("SELECT id, sm3 FROM stored_object WHERE state <> 'gone'")).map(({ id, sm3 }) => [id, sm3]));
    const seen = { due: 0, restored: 0, sampled: 0, differing: 0 };
    const look = async (restored: Box): Promise<void> => {
      const objects = await restored.reader.all<{ id: string; state: string; sm3: string }>('SELECT id, state, sm3 FROM stored_object ORDER BY id');
      const both = objects.filter(({ id }) => live.has(id));
      const back = both.filter(({ state }) => state !== 'gone');
      [seen.due, seen.restored] = [both.length, back.length];
      const wanted = Math.min(policy.drill.sampleAtMost, Math.ceil(back.length * policy.drill.sampleRate));
      // Every so many-th, begun at a drawn place, so that drills look at other ones each time.
      const step = Math.max(1, Math.floor(back.length / Math.max(1, wanted)));
      for (let place = Number.parseInt(ids.uuid().slice(0, 6), 16) % step; place < back.length && seen.sampled < wanted; place += step) {
        if (stopping()) throw new ArchiveError('E_BACKUP_INTERRUPTED', {});
        const { id } = back[place] ?? { id: '' };
        seen.sampled += 1;
        const found = await restored.vault.open(id).then(async (opened) => opened.verifyAll().finally(async () => opened.close())).catch(() => undefined);
        if (found?.sm3 !== live.get(id)) seen.differing += 1;
      }
    };
    const two = { native: box.crypto, second: new SmCryptoVerifier() };
    const done = await restoreBackup({
      content, keys: keys ?? '', to: scratch(box.paths), destroyed: await listDestroyed(reader), tombstones: await listTombstones(reader), clock, ids, wish: { two, anchor: box.keys.identity.authority, stopping },
      shares: async () => Promise.resolve([]), unlock: (other) => { box.keys.openOther(other); }, look,
    });
    if (seen.restored < seen.due) issues.push(`${String(seen.due - seen.restored)} 个内容没有恢复`);
    if (seen.differing > 0) issues.push(`抽样 ${String(seen.differing)} 个内容与现用库不符`);
    if (done.fsck.length > 0) issues.push(`一致性核查 ${String(done.fsck.length)} 处`);
    if (done.ledger.faults.length > 0) issues.push(`审计链 ${String(done.ledger.faults.length)} 处`);
    return { ...await about(row), minutes: minutesSince(began), ...seen, destroyed: done.replayed.erased, ledgerEntries: done.ledger.entries, issues };
  }

  async function about(row: BackupRow): Promise<Pick<DrillOutcome, 'planVersion' | 'kind' | 'chain' | 'media'>> {
    const names = async (id: string | null): Promise<string> => (id === null ? '' : (await backupRows(reader).target(id))?.name ?? '');
    return { planVersion: (await planRows(reader).inForce(clock.today()))?.version ?? null, kind: row.kind, chain: JSON.parse(row.chain) as string[], media: `${await names(row.target)}／${await names(row.key_target)}` };
  }

  /** 演练报告: data, form and signatures in one set, sealed in the vault; verified without the box. */
  async function report(drill: DrillTold): Promise<{ readonly object: string; readonly zip: Buffer; readonly pdf: string }> {
    const plan = planned();
    const checkpoint = signCheckpoint(box.ledger, box.sm3, clock, box.identity);
    const files = await reportSet(checkedDocument({
      format: 'shouzang-report', version: 1, kind: plan.kind, key: plan.key, reportNo: `R13-${clock.today().replaceAll('-', '')}-${drill.number.slice(-4)}`, title: plan.title, unit: box.profile.unitName, box: box.identity.serial,
      generatedAt: clock.now(), generatedBy: { person: 'system', account: '' }, level: at.level, mark: at.mark, titles: at.titles, systemLevel: box.profile.systemLevel, rehearsal: box.profile.rehearsal, orientation: plan.orientation,
      source: plan.source, policyVersion: box.policies.content('reports.json').version, ...drillReport(plan, [drill], at), notes: plan.notes, signatures: plan.signatures, checkpoint: formatCheckpoint(checkpoint),
    }), box.identity, box.sm3);
    const pdf = [...files].find(([name]) => name.endsWith('.pdf'))?.[1] ?? Buffer.alloc(0);
    return { object: ids.uuid(), zip: zipSet(files), pdf: Buffer.from(box.sm3(pdf)).toString('hex') };
  }

  async function finish(drill: string, number: string, begun: string, row: BackupRow, outcome: DrillOutcome): Promise<void> {
    const passed = outcome.issues.length === 0;
    const made = await report({ number, at: begun, backup: row.number, passed, outcome });
    let committed = false;
    await box.vault.begin(made.object, REPORT_LEVEL);
    try {
      await box.vault.append(made.object, 0, (async function* one() { yield await Promise.resolve(made.zip); })(), made.zip.length);
      const whole = await box.vault.finish(made.object);
      await store.write(box.systemCall('backup.drill'), async (tx) => {
        await tx.allow();
        await tx.objects.keep({ id: made.object, level: REPORT_LEVEL, bytes: whole.bytes, sm3: whole.sm3, storedAt: clock.now() });
        await tx.sql.run('UPDATE backup_drill SET state = $1, ended_at = $2, outcome = $3, report = $4 WHERE id = $5', passed ? 'passed' : 'failed', clock.now(), JSON.stringify(outcome), made.object, drill);
        tx.audit({
          action: 'backup.drilled', object: drill, objectType: 'backup-drill', ...(passed ? {} : { result: 'failed' as const, reason: 'E_BACKUP_INVALID' }),
          detail: { number, backup: row.number, minutes: outcome.minutes, due: outcome.due, restored: outcome.restored, sampled: outcome.sampled, differing: outcome.differing, destroyed: outcome.destroyed, issues: outcome.issues.length, report: made.pdf },
        });
        tx.afterCommit(async () => { committed = true; await box.vault.promote(made.object); });
      });
    } catch (error) {
      if (!committed) await box.vault.discard(made.object);
      throw error;
    }
    await engine.signal('drill-failed', !passed, { number });
    if (passed) await engine.signal('drill-due', false);
  }

  async function run(drill: string, number: string, begun: string, row: BackupRow, stopping: () => boolean): Promise<void> {
    const began = performance.now();
    try {
      await wipeDrill(box.paths);
      const outcome = await rehearse(row, stopping).catch(async (error: unknown): Promise<DrillOutcome> => {
        if (error instanceof ArchiveError && error.code === 'E_BACKUP_INTERRUPTED') throw error;
        const told = error instanceof ArchiveError ? [error.code, ...error.details.slice(0, 5).map(({ message }) => message)] : [error instanceof Error && 'code' in error ? String(error.code) : 'E_INTERNAL'];
        return { ...await about(row), minutes: minutesSince(began), due: 0, restored: 0, sampled: 0, differing: 0, destroyed: 0, ledgerEntries: 0, issues: [`恢复没有做完（${told.join('，')}）`] };
      });
      await finish(drill, number, begun, row, outcome);
    } finally {
      await wipeDrill(box.paths);
    }
  }

  engine.provide('drill-failed');

  return {
    /** A drill that the stop cut short is entered as failed, and what it laid down goes. */
    async begin(): Promise<void> {
      await wipeDrill(box.paths);
      if (box.keys.state === 'locked') return;
      for (const { id, number } of await reader.all<DrillRow>("SELECT * FROM backup_drill WHERE state = 'running'")) {
        await store.write(box.systemCall('backup.drill'), async (tx) => {
          await tx.allow();
          await tx.sql.run("UPDATE backup_drill SET state = 'failed', ended_at = $1 WHERE id = $2", clock.now(), id);
          tx.audit({ action: 'backup.drilled', object: id, objectType: 'backup-drill', result: 'failed', reason: 'E_BACKUP_INTERRUPTED', detail: { number } });
        });
      }
    },

    /** Ended ones, newest first: for R13. */
    told: async (): Promise<readonly DrillTold[]> => (await reader.all<DrillRow>(`${SELECT} WHERE backup_drill.state <> 'running' ORDER BY backup_drill.started_at DESC LIMIT 500`)).map((row) => ({
      number: row.number, at: row.started_at, backup: row.backup_number, passed: row.state === 'passed', outcome: row.outcome === null ? null : JSON.parse(row.outcome) as DrillOutcome,
    })),

    async drill(call: ServerCall, input: BackupDrill) {
      return store.write(call, async (tx) => {
        await tx.allow();
        backup.idle();
        const row = await backupRows(tx.sql).get(input.backup);
        if (row === undefined) throw new ArchiveError('E_NOT_FOUND', { backup: input.backup });
        if (row.state !== 'done' || row.key_target === null) throw new ArchiveError('E_STATE_INVALID', { state: row.state }, [{ at: '/backup', message: '只有做完的、连同密钥部分的备份可以演练恢复' }]);
        const year = clock.today().slice(0, 4);
        const last = Number((await tx.sql.one<{ number: string | null }>('SELECT max(number) AS number FROM backup_drill WHERE number LIKE $1', `YL-${year}-%`))?.number?.slice(-4) ?? 0);
        const [id, number, begun] = [ids.uuid(), `YL-${year}-${String(last + 1).padStart(4, '0')}`, clock.now()];
        await insert(tx.sql, 'backup_drill', { id, number, backup: row.id, state: 'running', started_by: call.person, started_at: begun, ended_at: null, outcome: null, report: null });
        tx.audit({ action: call.act, object: id, objectType: 'backup-drill', detail: { number, backup: row.number } });
        tx.afterCommit(async () => {
          backup.alone(row.id, async (_progress, stopping) => run(id, number, begun, row, stopping));
          return Promise.resolve();
        });
        return { drill: id, number };
      });
    },

    async drills(call: ServerCall, { page = 1, size = 20 }: BackupDrills) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const rows = await tx.sql.all<DrillRow>(`${SELECT} ORDER BY backup_drill.started_at DESC, backup_drill.id LIMIT $1 OFFSET $2`, size, (page - 1) * size);
        return {
          page, size, total: (await tx.sql.one<{ n: number }>('SELECT count(*) AS n FROM backup_drill'))?.n ?? 0,
          rows: await Promise.all(rows.map(async (row) => ({
            id: row.id, number: row.number, backup: row.backup_number, state: row.state, startedBy: await parts.nameOf(row.started_by), startedAt: row.started_at, endedAt: row.ended_at, reported: row.report !== null,
            outcome: row.outcome === null ? null : JSON.parse(row.outcome) as DrillOutcome,
          }))),
        };
      });
    },

    async drillReport(call: ServerCall, input: BackupDrillReport) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const row = await tx.sql.one<DrillRow>(`${SELECT} WHERE backup_drill.id = $1`, input.drill);
        if (row?.report == null) throw new ArchiveError('E_NOT_FOUND', { drill: input.drill });
        const zip = await setOf(box.vault, { object: row.report });
        tx.audit({ action: call.act, object: row.id, objectType: 'backup-drill', detail: { number: row.number, file: input.file ?? 'pdf' } });
        if (input.file === 'zip') return bytes('application/zip', zip, { fileName: `${row.number}.zip` });
        const [name = '', pdf = Buffer.alloc(0)] = [...unzipSet(zip)].find(([one]) => one.endsWith('.pdf')) ?? [];
        return bytes('application/pdf', pdf, { fileName: setName(name.replace(/\.pdf$/u, ''), 'pdf') });
      });
    },
  };
}
export type DrillService = ReturnType<typeof drillService>;

/** To a tenth of a minute. */
const minutesSince = (began: number): number => Math.max(0.1, Math.round((performance.now() - began) / 6000) / 10);
