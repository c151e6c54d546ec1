import type { Level } from '../../core/ports.js';
import type { PlannedReport, ReportDocument, ReportKind, ReportRow, ReportsPolicy, ReportSection, TableSection } from '../../policies/schemas/report.js';
import { ReportDocument as Schema } from '../../policies/schemas/report.js';
import { ArchiveError } from '../../core/errors.js';
import { isSecret, levelName } from '../../secrecy/level.js';
import { markText, parseMark } from '../../secrecy/marking.js';
import type { MarkPolicy } from '../../secrecy/marking.js';
import { rollUpItem } from '../../secrecy/container.js';
import { rollUp, rollUpMark } from '../../secrecy/roll-up.js';
import { checkFor } from '../validation.js';

/** What a kind says; everything else about a report is the same for all kinds. */
export interface ReportContent {
  readonly filters: ReportDocument['filters'];
  readonly conclusion: ReportDocument['conclusion'];
  readonly sections: readonly ReportSection[];
}

/** At what level a report stands, and what that leaves out of it. */
export interface ReportStanding {
  readonly level: Level;
  readonly mark: string;
  readonly titles: boolean;
  /** True when the report stands below what it speaks of. */
  readonly lowered: boolean;
}

export const plannedReport = (policy: ReportsPolicy, kind: ReportKind): PlannedReport => {
  const planned = policy.reports.find((report) => report.kind === kind);
  if (!planned) throw new ArchiveError('E_POLICY_INVALID', { kind }, [{ at: 'reports.json', message: `缺少报表「${kind}」` }]);
  return planned;
};

/** One thing that a report speaks of. `lastSecretDay` is left out where its end is not known here. */
export interface Held { readonly level: Level; readonly mark: string | null; readonly id?: string; readonly lastSecretDay?: string | null }

/**
 * 报表密级: with titles the highest level and the longest remaining period of what it holds (汇编); without them it may
 * circulate at the level the policy names. Where the ends are not all known, the mark shows a period only when all that it
 * holds at that level bears the same one.
 */
export function standing(held: readonly Held[], titles: boolean, policy: { readonly withoutTitlesLevel: number; readonly marks: MarkPolicy }): ReportStanding {
  const top = held.reduce<Level>((high, one) => (one.level > high ? one.level : high), 0);
  const level = titles || top <= policy.withoutTitlesLevel ? top : policy.withoutTitlesLevel as Level;
  const secrets = held.filter((one) => isSecret(one.level));
  const known = secrets.length > 0 && secrets.every((one) => one.mark !== null && one.mark !== '' && one.lastSecretDay !== undefined);
  const sum = rollUp(secrets.map(({ id = '', level: its, mark, lastSecretDay = null }) => rollUpItem({ id, level: its, mark, lastSecretDay }, policy.marks)));
  const mark = isSecret(level) && known ? rollUpMark(sum, policy.marks) : bannerText(level, held.filter((one) => one.level === level).map((one) => one.mark), policy.marks);
  return { level, mark, titles, lowered: level < top };
}

function bannerText(level: Level, marks: readonly (string | null)[], policy: MarkPolicy): string {
  if (!isSecret(level)) return levelName(level);
  const [first] = marks;
  const same = first !== null && first !== undefined && marks.every((mark) => mark === first) && parseMark(first, policy).level === level;
  return same ? first : markText(level, { kind: 'unstated' }, policy);
}

/** A planned table with its rows; columns that this standing leaves out are gone from the rows as well. */
export function tableSection(planned: PlannedReport, key: string, rows: readonly ReportRow[], at: ReportStanding, empty = '无'): TableSection {
  const table = planned.tables.find((one) => one.key === key);
  if (!table) throw new ArchiveError('E_POLICY_INVALID', { table: key }, [{ at: 'reports.json', message: `「${planned.kind}」缺少表「${key}」` }]);
  const columns = table.columns.filter(({ when }) => (when === 'titles' ? at.titles && !at.lowered : when === 'level' ? !at.lowered : true));
  return {
    type: 'table', key, heading: table.heading, source: table.source, print: table.print, newPage: table.newPage ?? false, columns, empty,
    rows: rows.map((row) => Object.fromEntries(columns.map((column) => [column.key, row[column.key] ?? null]))),
  };
}

const check = checkFor(Schema);

/** Holds a document to its schema before anything is drawn from it. @throws ArchiveError `E_INPUT_INVALID` naming places, never values */
export function checkedDocument(value: unknown): ReportDocument {
  const checked = check(value);
  if (!checked.ok) throw new ArchiveError('E_INPUT_INVALID', { what: 'report' }, checked.details.slice(0, 20));
  return checked.value;
}

/** `2026年11月23日 15:04`, in Asia/Shanghai (UTC+8, no summer time since 1991). */
export function localTime(instant: string): string {
  const at = new Date(Date.parse(instant) + 8 * 3_600_000).toISOString();
  return `${at.slice(0, 4)}年${String(Number(at.slice(5, 7)))}月${String(Number(at.slice(8, 10)))}日 ${at.slice(11, 16)}`;
}

/** `2026-11-23`, in Asia/Shanghai. */
export const localDay = (instant: string): string => new Date(Date.parse(instant) + 8 * 3_600_000).toISOString().slice(0, 10);

export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
