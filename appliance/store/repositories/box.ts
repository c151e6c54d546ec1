import type { FondsRules } from '../../../core/arrangement.js';
import { ArchiveError } from '../../../core/errors.js';
import type { Instant, Level } from '../../../core/ports.js';
import type { Sql } from '../sql.js';

/** 立档单位登记: what the ceremony decided; it rests in the clear and changes only by another ceremony. */
export interface BoxProfile {
  readonly mode: 'unit' | 'repository';
  readonly rehearsal: boolean;
  /** 系统保护等级 */
  readonly systemLevel: Level;
  readonly unitName: string;
  /** Key of the dictionary `org_type`. */
  readonly orgType: string;
  readonly fonds: readonly FondsProfile[];
  readonly foundedAt: string;
}

export interface FondsProfile {
  readonly fonds: string;
  readonly name: string;
  readonly codeProfile: string;
  readonly schemeId: string;
  readonly separateClassifiedSequence: boolean;
}

export async function readProfile(sql: Sql): Promise<BoxProfile | undefined> {
  const row = await sql.one<{ value: string }>("SELECT value FROM box WHERE name = 'profile'");
  return row && (JSON.parse(row.value) as BoxProfile);
}

export async function writeProfile(sql: Sql, profile: BoxProfile): Promise<void> {
  await sql.run("INSERT INTO box (name, value) VALUES ('profile', $1)", JSON.stringify(profile));
}

/** A small fact of the box: the date of the virus library, the last recovery. */
export async function boxFact(sql: Sql, name: string): Promise<string | null> {
  return (await sql.one<{ value: string }>('SELECT value FROM box WHERE name = $1', name))?.value ?? null;
}

export async function setBoxFact(sql: Sql, name: string, value: string): Promise<void> {
  await sql.run('INSERT INTO box (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value', name, value);
}

/** @throws ArchiveError E_INPUT_INVALID for a fonds the box does not keep */
export function fondsRules(profile: BoxProfile, fonds: string): FondsRules {
  const found = profile.fonds.find((one) => one.fonds === fonds);
  if (!found) throw new ArchiveError('E_INPUT_INVALID', { fonds }, [{ at: '/fonds', message: '本机没有这个全宗，请从列表中选择' }]);
  return { fonds: found.fonds, profile: found.codeProfile, schemeId: found.schemeId, separateClassifiedSequence: found.separateClassifiedSequence };
}

/** The latest instant the box vouched for, and the offset that officers last signed: both from the ledger, which nobody edits unseen. */
export async function keptTime(sql: Sql): Promise<{ readonly highWater: Instant; readonly offsetMs: number }> {
  const last = await sql.one<{ at: string }>('SELECT at FROM audit_entry ORDER BY seq DESC LIMIT 1');
  const noted = await boxFact(sql, 'clock.high-water');
  const correction = await sql.one<{ detail: string }>("SELECT detail FROM audit_entry WHERE action = 'clock.correct' AND result = 'ok' AND object = 'clock' ORDER BY seq DESC LIMIT 1");
  const entered = last?.at ?? '1970-01-01T00:00:00.000Z';
  const { offsetMs = 0 } = correction === undefined ? {} : JSON.parse(correction.detail) as { readonly offsetMs?: number };
  return { highWater: noted !== null && noted > entered ? noted : entered, offsetMs };
}
