import { outward } from '../../core/errors.js';
import type { ErrorDetail } from '../../core/errors.js';

/** RFC 9457 problem details, with the catalogue code and the Chinese sentence. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly details: readonly ErrorDetail[];
  /** `第二十一条` … */
  readonly articles: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly traceId: string;
}

/** What goes over the wire: a refusal for secrecy and a thing that does not exist are the same bytes but for the trace id. */
export function problemOf(error: unknown, traceId: string): Problem {
  const shown = outward(error);
  return {
    type: `urn:shouzang:error:${shown.code}`,
    title: shown.code,
    status: shown.status,
    code: shown.code,
    detail: shown.message,
    details: shown.details,
    articles: shown.articles.map((article) => `第${chineseNumber(article)}条`),
    facts: shown.facts,
    traceId,
  };
}

const DIGITS = '零一二三四五六七八九';

/** 1–99 as in 第二十一条. */
export function chineseNumber(n: number): string {
  if (n < 10) return DIGITS[n] ?? '';
  const tens = Math.floor(n / 10);
  const ones = n % 10;
  return `${tens === 1 ? '' : (DIGITS[tens] ?? '')}十${ones === 0 ? '' : (DIGITS[ones] ?? '')}`;
}
