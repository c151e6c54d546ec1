import { Temporal } from 'temporal-polyfill';
import { ArchiveError } from './errors.js';
import type { CalendarDate, Level } from './ports.js';

/** 开放审核结论 (办法第三十二条): open to the public, kept under control, put off to a day. */
export type OpeningDecision = 'open' | 'controlled' | 'deferred';
/** proposed → approved / refused; a later review of the same record stands in its place. */
export type OpeningState = 'proposed' | 'approved' | 'refused';

/** What a decision looks at of a record. */
export interface OpeningFacts {
  readonly level: Level;
  readonly documentDate: CalendarDate | null;
  readonly archivalYear: number | null;
  /** A 定密事项 of it that is not settled: drawn up, protected beforehand, or in force. */
  readonly secretMatter: boolean;
  /** 曾为国家秘密: opening needs the number of the 信息公开保密审查. */
  readonly wasSecret: boolean;
}

export interface OpeningAsk {
  readonly decision: OpeningDecision;
  readonly deferredUntil: CalendarDate | null;
  /** 信息公开保密审查文号. */
  readonly secrecyReviewNo: string | null;
}

/** 形成之日: the date of the document; the last day of its year where no day is known; null where neither is. */
export const formedOn = ({ documentDate, archivalYear }: Pick<OpeningFacts, 'documentDate' | 'archivalYear'>): CalendarDate | null =>
  documentDate ?? (archivalYear === null ? null : `${String(archivalYear)}-12-31`);

/** 应开放之日: so many years after it was formed. @see 档案法(2020)第二十七条 */
export function openingDueOn(facts: Pick<OpeningFacts, 'documentDate' | 'archivalYear'>, years: number): CalendarDate | null {
  const formed = formedOn(facts);
  return formed === null ? null : Temporal.PlainDate.from(formed).add({ years }).toString();
}

/** The last day of formation that is due today. */
export const formedBefore = (today: CalendarDate, years: number): CalendarDate => Temporal.PlainDate.from(today).subtract({ years }).toString();

/** 提前开放: before its day. */
export function isEarly(facts: Pick<OpeningFacts, 'documentDate' | 'archivalYear'>, years: number, today: CalendarDate): boolean {
  const due = openingDueOn(facts, years);
  return due === null || today < due;
}

const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);

/**
 * 未解密不得开放: never while it is a state secret or may turn out to be one, whatever anybody signed.
 * @throws ArchiveError `E_OPEN_CLASSIFIED`
 * @see 办法第三十二条; 保密法(2024)第二十四条
 */
export function requireOpenable({ level, secretMatter }: Pick<OpeningFacts, 'level' | 'secretMatter'>): void {
  if (level >= 2 || secretMatter) throw new ArchiveError('E_OPEN_CLASSIFIED', { level });
}

/**
 * A review of one record, before anybody signs it.
 * @throws ArchiveError `E_OPEN_CLASSIFIED`; `E_INPUT_INVALID` for a deferral without its day, or one that was secret without its review
 * @see 保密法实施条例(2024)第三十六条: 解密 is no 公开
 */
export function requireReview(facts: OpeningFacts, ask: OpeningAsk, today: CalendarDate, maxDeferYears: number): void {
  if (ask.decision === 'open') {
    requireOpenable(facts);
    if (facts.wasSecret && ask.secrecyReviewNo === null) throw wrong('/secrecyReviewNo', '曾为国家秘密的档案，开放前须经信息公开保密审查，请填写审查文号');
  }
  if (ask.decision !== 'deferred') return;
  const latest = Temporal.PlainDate.from(today).add({ years: maxDeferYears }).toString();
  if (ask.deferredUntil === null || ask.deferredUntil <= today || ask.deferredUntil > latest) throw wrong('/deferredUntil', `延期开放须定出下次审核日期，晚于今天，最长 ${String(maxDeferYears)} 年`);
}

/** 结论落到密级: open is 公开; what is controlled or put off is no lower than 内部. A state secret keeps its level. */
export function levelAfter(decision: OpeningDecision, level: Level): Level {
  if (level >= 2) return level;
  return decision === 'open' ? 0 : 1;
}
