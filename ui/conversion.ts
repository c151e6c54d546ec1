/** 格式转换与迁移 as the box shows it. */
import type { Page } from './api.js';

export interface ToolRow { readonly key: string; readonly name: string; readonly state: 'ready' | 'not-installed' | 'no-memory-folder' | 'language-missing'; readonly version: string }
export interface FormatRow { readonly mime: string; readonly format: string; readonly files: number; readonly bytes: number; readonly risk: 'low' | 'medium' | 'high'; readonly action: 'keep' | 'watch' | 'convert' | 'review'; readonly why: string; readonly converter: string | null; readonly source: string; readonly listed: boolean }
export interface ConverterInfo { readonly key: string; readonly name: string; readonly tool: string; readonly effect: 'current' | 'derived'; readonly from: readonly string[]; readonly source: string; readonly ready: boolean }
export interface RiskKind { readonly key: string; readonly name: string }
export interface Formats { readonly rows: readonly FormatRow[]; readonly tools: readonly ToolRow[]; readonly converters: readonly ConverterInfo[]; readonly risks: readonly RiskKind[]; readonly measureFrom: number; readonly most: number }
export interface FileRow { readonly file: string; readonly record: string; readonly code: string; readonly title: string; readonly level: number; readonly mark: string | null; readonly format: string; readonly bytes: number; readonly takenBy: string | null }

export interface ConversionRow {
  readonly id: string; readonly no: string; readonly state: string; readonly level: number; readonly converterName: string; readonly effect: 'current' | 'derived'; readonly tool: string | null; readonly approval: string | null;
  readonly draftedBy: string; readonly draftedByName: string; readonly draftedAt: string; readonly startedBy: string | null; readonly startedByName: string | null; readonly startedAt: string | null; readonly finishedAt: string | null;
  readonly reviewedByName: string | null; readonly reviewedAt: string | null; readonly rolledBackByName: string | null; readonly rolledBackAt: string | null;
  readonly counts: { readonly all: number; readonly waiting: number; readonly passed: number; readonly failed: number; readonly before: number; readonly after: number }; readonly version: number;
}
export interface Side { readonly sm3: string; readonly bytes: number; readonly format: string }
export interface ItemRow { readonly seq: number; readonly record: string; readonly file: string; readonly state: string; readonly code: string; readonly title: string; readonly level: number; readonly source: Side; readonly target: (Side & { readonly file: string }) | null; readonly checks: readonly { readonly code: string; readonly name: string; readonly passed: boolean; readonly told: string }[] }
export interface RiskRow { readonly key: string; readonly name: string; readonly likelihood: number | null; readonly impact: number | null; readonly measure: string }
export interface ConversionShown extends ConversionRow { readonly need: string; readonly reason: string | null; readonly opinion: string | null; readonly rollBackReason: string | null; readonly risks: readonly RiskRow[]; readonly measureFrom: number; readonly page: number; readonly size: number; readonly items: readonly ItemRow[] }
export type Conversions = Page<ConversionRow>;

/** What is being assessed, while it is typed. */
export interface RiskTyped { risk: string; name: string; likelihood: number; impact: number; measure: string }
export const typedRisks = (of: readonly (RiskKind & Partial<RiskRow>)[]): RiskTyped[] => of.map(({ key, name, likelihood, impact, measure }) => ({ risk: key, name, likelihood: likelihood ?? 0, impact: impact ?? 0, measure: measure ?? '' }));
/** Only what was chosen: a kind left open is told by the box when the case is asked for. */
export const risksOf = (typed: readonly RiskTyped[]) => typed.filter(({ likelihood, impact }) => likelihood > 0 && impact > 0).map(({ risk, likelihood, impact, measure }) => ({ risk, likelihood, impact, measure }));

export const RISK_NAMES = { low: '低', medium: '中', high: '高' } as const;
export const ACTION_NAMES = { keep: '保持', watch: '关注', convert: '宜转换', review: '待研究' } as const;
export const TOOL_STATES = { ready: '可用', 'not-installed': '未安装', 'no-memory-folder': '没有内存暂存区', 'language-missing': '缺少识别语言' } as const;
export const LIFE = ['drafted', 'asked', 'approved', 'running', 'checked', 'adopted'] as const;
export const LIFE_NAMES: Readonly<Record<string, string>> = { drafted: '拟定', asked: '报批', approved: '批准', running: '执行检测', checked: '复核', adopted: '启用' };
