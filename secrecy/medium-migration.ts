import { ArchiveError } from '../core/errors.js';
import type { Instant } from '../core/ports.js';
import type { DestructionPolicy } from './destruction-method.js';
import { samePerson, type Holder } from './separation.js';
import type { Step } from './step.js';

/** What lies on a medium, and where else a copy was read and found whole. */
export interface MediumContent {
  readonly record: string;
  readonly state: string;
  /** `keep`: one of the copies the archive relies on. `use`: made for somebody's use, of what is kept elsewhere. */
  readonly purpose: 'keep' | 'use';
  /** Content on this box read just now and equal to what was filed. */
  readonly vault: boolean;
  /** Other carriers in our hands that hold a verified copy of the record as it is now. */
  readonly carriers: readonly string[];
}

/** Records that nobody needs to keep any more: destroyed, or about to be under an approved order of their own. */
const GONE: readonly string[] = ['withdrawn', 'pending_destruction', 'destroyed'];

/**
 * 依存检查 (办法第三十九条三款): live records whose other verified copies are too few once this medium is gone.
 * 办法第三十条: 拟销毁介质含仍需保存档案,必须先迁移
 */
export function stranded(policy: Pick<DestructionPolicy, 'guard'>, contents: readonly MediumContent[]): readonly string[] {
  return contents.filter(({ state }) => !GONE.includes(state)).filter(({ purpose, vault, carriers }) => {
    const elsewhere = new Set(carriers).size;
    return purpose === 'use' ? elsewhere + (vault ? 1 : 0) < 1 : elsewhere + (vault && policy.guard.vaultCounts ? 1 : 0) < policy.guard.copies;
  }).map(({ record }) => record);
}

/** @throws ArchiveError `E_DESTROY_MEDIUM_HAS_LIVE_RECORDS` with how many records wait for a migration */
export function requireNothingStranded(policy: Pick<DestructionPolicy, 'guard'>, carrier: { readonly id: string; readonly no: string }, contents: readonly MediumContent[]): void {
  const records = stranded(policy, contents);
  if (records.length > 0) throw new ArchiveError('E_DESTROY_MEDIUM_HAS_LIVE_RECORDS', { carrier: carrier.id, count: records.length }, [{ at: '/methods', message: `${carrier.no} 上还有 ${String(records.length)} 件需要保存的档案没有其他已核验副本，请先办理迁移` }]);
}

/** One file of a record, as filed and as it was found on the new carrier. */
export interface CopiedFile { readonly record: string; readonly file: string; readonly bytes: number; readonly before: string; readonly after: string | null; readonly rejected: boolean }

/** 四性检测 of what was migrated: four verdicts and the counts behind them. */
export interface CheckReport {
  readonly files: number;
  readonly records: number;
  /** 真实性: digests equal. */
  readonly authenticity: boolean;
  /** 完整性: every file of every record is there. */
  readonly integrity: boolean;
  /** 可用性: formats open. */
  readonly usability: boolean;
  /** 安全性: nothing on the new carrier but what was put there. */
  readonly safety: boolean;
}

interface Planned0 { readonly id: string; readonly no: string; readonly from: string; readonly to: string; readonly records: readonly string[]; readonly risk: string; readonly plannedBy: Holder }
export interface Planned extends Planned0 { readonly state: 'planned' }
interface Performed0 extends Planned0 { readonly performedBy: Holder; readonly performedAt: Instant; readonly tool: string; readonly files: readonly CopiedFile[] }
export interface Performed extends Performed0 { readonly state: 'performed' }
export interface Verified extends Performed0 { readonly state: 'verified'; readonly verifiedBy: Holder; readonly verifiedAt: Instant; readonly report: CheckReport }
/** 介质迁移 (MediumMigration): digests before and after, done by one person and verified by another. */
export type MediumMigration = Planned | Performed | Verified;

const step = <T extends MediumMigration>(next: T, action: string, detail: Readonly<Record<string, unknown>>): Step<T> => ({ next, audit: { action, object: next.id, objectType: 'migration', detail: { no: next.no, ...detail } } });

/** @throws ArchiveError `E_INPUT_INVALID` onto itself, or with nothing to migrate */
export function planMigration(input: Omit<Planned, 'state'>): Step<Planned> {
  if (input.from === input.to) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/to', message: '新载体不能是原载体' }]);
  if (input.records.length === 0) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/from', message: '原载体上没有需要迁移的档案' }]);
  return step({ ...input, state: 'planned' }, 'migration.plan', { from: input.from, to: input.to, records: input.records.length });
}

/** Copied. May be done again until it is verified. @throws ArchiveError `E_STATE_INVALID` */
export function performMigration(it: MediumMigration, by: { readonly holder: Holder; readonly at: Instant; readonly tool: string }, files: readonly CopiedFile[]): Step<Performed> {
  if (it.state === 'verified') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'perform' });
  const { id, no, from, to, records, risk, plannedBy } = it;
  return step({ id, no, from, to, records, risk, plannedBy, state: 'performed', performedBy: by.holder, performedAt: by.at, tool: by.tool, files }, 'migration.perform', { files: files.length, bytes: files.reduce((sum, one) => sum + one.bytes, 0) });
}

/** @param expected file ids of every record @param extra files on the carrier that nobody put there */
export function reportOf(records: readonly string[], files: readonly CopiedFile[], expected: ReadonlyMap<string, readonly string[]>, extra: number): CheckReport {
  const copied = new Set(files.map(({ record, file }) => `${record}/${file}`));
  return {
    files: files.length, records: records.length, authenticity: files.every(({ before, after }) => before === after),
    integrity: records.every((record) => { const own = expected.get(record) ?? []; return own.length > 0 && own.every((file) => copied.has(`${record}/${file}`)); }),
    usability: files.every(({ rejected }) => !rejected), safety: extra === 0,
  };
}

/**
 * 核验 by somebody else, from the new carrier itself.
 * @throws ArchiveError `E_STATE_INVALID`, `E_SOD_CONFLICT` by who performed it, `E_MIGRATION_POSTCHECK_FAILED` unless all four hold
 */
export function verifyMigration(it: MediumMigration, by: { readonly holder: Holder; readonly at: Instant }, files: readonly CopiedFile[], report: CheckReport): Step<Verified> {
  if (it.state !== 'performed') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'verify' });
  if (samePerson(it.performedBy, by.holder)) throw new ArchiveError('E_SOD_CONFLICT', { migration: it.id, by: by.holder.person }, [{ at: '', message: '迁移须由另一人核验' }]);
  const failed = (['authenticity', 'integrity', 'usability', 'safety'] as const).filter((one) => !report[one]);
  if (failed.length > 0) throw new ArchiveError('E_MIGRATION_POSTCHECK_FAILED', { migration: it.id, failed: failed.join(',') });
  return step({ ...it, state: 'verified', files, verifiedBy: by.holder, verifiedAt: by.at, report }, 'migration.verify', { files: files.length, records: it.records.length });
}
