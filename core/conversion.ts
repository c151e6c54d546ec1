import { ArchiveError } from './errors.js';
import type { Instant } from './ports.js';

/**
 * 转换、迁移个案: state × event → state. An empty cell is `E_STATE_INVALID`. The current representation changes at `adopt` alone, and
 * `rollBack` makes the original current again; both stay. @see 办法第三十一条
 */
export const CONVERSION_TRANSITIONS = {
  drafted: { save: 'drafted', ask: 'asked', cancel: 'cancelled' },
  asked: { approve: 'approved', refuse: 'drafted', cancel: 'cancelled' },
  approved: { start: 'running', cancel: 'cancelled' },
  running: { pause: 'paused', check: 'checked', fail: 'failed' },
  paused: { start: 'running', cancel: 'cancelled' },
  checked: { adopt: 'adopted', rollBack: 'rolled_back' },
  adopted: { rollBack: 'rolled_back' },
  failed: {},
  rolled_back: {},
  cancelled: {},
} as const satisfies Record<string, Readonly<Partial<Record<string, string>>>>;

export type ConversionState = keyof typeof CONVERSION_TRANSITIONS;
export const CONVERSION_STATES = Object.keys(CONVERSION_TRANSITIONS) as readonly ConversionState[];
export const CONVERSION_EVENTS = ['save', 'ask', 'approve', 'refuse', 'start', 'pause', 'check', 'fail', 'adopt', 'rollBack', 'cancel'] as const;
export type ConversionEvent = (typeof CONVERSION_EVENTS)[number];

/** @throws ArchiveError `E_STATE_INVALID` with state and event */
export function nextConversion(state: ConversionState, event: ConversionEvent): ConversionState {
  const row: Readonly<Partial<Record<string, ConversionState>>> = CONVERSION_TRANSITIONS[state];
  const next = row[event];
  if (next === undefined) throw new ArchiveError('E_STATE_INVALID', { state, event });
  return next;
}

/** 在办: a file is in one case of these at a time. */
export const isOpenConversion = (state: ConversionState): boolean => ['drafted', 'asked', 'approved', 'running', 'paused', 'checked'].includes(state);

/** 风险评估 of one kind of risk. 1 low to 3 high. */
export interface RiskAssessed { readonly risk: string; readonly likelihood: number; readonly impact: number; readonly measure: string }

export interface ConversionCase {
  readonly id: string;
  /** `ZH3-2026-0001` */
  readonly no: string;
  readonly state: ConversionState;
  /** Row of `policies/conversion.json`. */
  readonly converter: string;
  /** 需求分析 */
  readonly need: string;
  readonly risks: readonly RiskAssessed[];
  readonly draftedBy: string;
  readonly draftedAt: Instant;
  readonly approval: string | null;
  readonly startedBy: string | null;
  readonly startedAt: Instant | null;
  /** What ran: name and version as the tool tells them. */
  readonly tool: string | null;
  readonly finishedAt: Instant | null;
  readonly review: { readonly by: string; readonly at: Instant; readonly opinion: string } | null;
  readonly rolledBack: { readonly by: string; readonly at: Instant; readonly reason: string } | null;
  /** Why it was cancelled or not approved. */
  readonly reason: string | null;
}

/** `waiting` → `passed` or `failed`; a passed one → `adopted` → `rolled_back`. `kept`: a derived file, beside the original. */
export type ConversionItemState = 'waiting' | 'passed' | 'failed' | 'adopted' | 'kept' | 'rolled_back';

/** One check after the conversion. */
export interface ConversionCheck {
  /** Item of the four-property test, or `DB-…` for the comparison of contents. */
  readonly code: string;
  readonly name: string;
  readonly property: 'authenticity' | 'integrity' | 'usability' | 'security';
  readonly passed: boolean;
  /** Figures only, never content. */
  readonly told: string;
}

export interface Represented { readonly sm3: string; readonly bytes: number; readonly mime: string; readonly format: string }

export interface ConversionItem {
  readonly seq: number;
  readonly record: string;
  readonly file: string;
  readonly state: ConversionItemState;
  readonly source: Represented;
  readonly target: (Represented & { readonly file: string }) | null;
  readonly checks: readonly ConversionCheck[];
  /** How often it was begun: what brings the box down again and again is not tried for ever. */
  readonly attempts: number;
}

export interface RiskRules { readonly required: readonly { readonly key: string; readonly name: string }[]; readonly measureFrom: number }

/**
 * 需求分析、风险评估 are complete: a need in words, every kind of risk assessed, and a measure where likelihood × impact is high.
 * @throws ArchiveError `E_MIGRATION_RISK_ASSESSMENT` with what is missing
 */
export function requireAssessed(it: Pick<ConversionCase, 'need' | 'risks'>, rules: RiskRules): void {
  const details: { at: string; message: string }[] = [];
  if (it.need === '') details.push({ at: '/need', message: '请写明需求分析：为什么必须转换，不转换有什么后果' });
  for (const { key, name } of rules.required) {
    const one = it.risks.find(({ risk }) => risk === key);
    if (one === undefined) details.push({ at: `/risks/${key}`, message: `请评估“${name}”的可能性和影响` });
    else if (one.likelihood * one.impact >= rules.measureFrom && one.measure === '') details.push({ at: `/risks/${key}`, message: `“${name}”风险较高，请写明防范措施` });
  }
  if (details.length > 0) throw new ArchiveError('E_MIGRATION_RISK_ASSESSMENT', { missing: details.map(({ at }) => at) }, details);
}

/** 执行人、复核人 are not one person. @throws ArchiveError `E_SOD_CONFLICT` */
export function requireReviewer(it: Pick<ConversionCase, 'id' | 'draftedBy' | 'startedBy'>, person: string): void {
  if (person === it.draftedBy || person === it.startedBy) throw new ArchiveError('E_SOD_CONFLICT', { conversion: it.id, by: person }, [{ at: '', message: '转换结果须由拟定人、执行人以外的人复核' }]);
}

/** After the last item: something passed and waits for its reviewer, or nothing did and the case has failed. */
export const outcomeOfItems = (items: readonly Pick<ConversionItem, 'state'>[]): 'check' | 'fail' => (items.some(({ state }) => state === 'passed') ? 'check' : 'fail');

/** Share of what the one text says that the other says too, by pairs of characters; 1 where there is nothing to compare. */
export function textRecall(source: string, target: string): number {
  const pairs = (text: string): Map<string, number> => {
    const plain = text.normalize('NFKC').replace(/[\s\p{C}]+/gu, '');
    const counted = new Map<string, number>();
    for (let at = 0; at + 1 < plain.length; at += 1) {
      const pair = plain.slice(at, at + 2);
      counted.set(pair, (counted.get(pair) ?? 0) + 1);
    }
    return counted;
  };
  const [wanted, there] = [pairs(source), pairs(target)];
  let [all, found] = [0, 0];
  for (const [pair, count] of wanted) {
    all += count;
    found += Math.min(count, there.get(pair) ?? 0);
  }
  return all === 0 ? 1 : found / all;
}
