/** 扫描件 as the box shows them. */
import type { Page } from './api.js';
import type { ToolRow } from './conversion.js';

export interface ScanRow {
  readonly file: string; readonly record: string; readonly batch: string; readonly code: string; readonly title: string; readonly level: number; readonly mark: string | null; readonly state: string; readonly version: number; readonly fileName: string; readonly format: string; readonly bytes: number;
  readonly digitization: { readonly scanDpi?: number; readonly scanColorMode?: string; readonly physicalCharacteristics?: string } | null;
  readonly technical: { readonly pages: number; readonly dpi: number | null; readonly mode: string | null; readonly bits: number | null; readonly compressions: readonly string[]; readonly widthPixels: number; readonly heightPixels: number } | null;
  readonly faults: readonly { readonly key: string; readonly severity: 'reject' | 'warn'; readonly message: string }[];
  readonly ocr: 'none' | 'waiting' | 'done' | 'failed' | 'absent'; readonly recognised: { readonly tool: string; readonly pages: number; readonly characters: number; readonly confidence: number | null; readonly at: string } | null; readonly doubtful: boolean;
}
export interface Scans extends Page<ScanRow> { readonly tool: ToolRow; readonly dpi: { readonly least: number; readonly recommended: number } }
export interface ScanWords { readonly file: string; readonly text: string; readonly recognised: ScanRow['recognised'] }

export const MODES: readonly { readonly value: string; readonly name: string }[] = [{ value: 'bitonal', name: '黑白二值' }, { value: 'gray', name: '灰度' }, { value: 'color', name: '彩色' }];
export const modeName = (mode: string | null | undefined): string => MODES.find(({ value }) => value === mode)?.name ?? '—';
export const OCR_NAMES = { none: '未识别', waiting: '识别中', done: '已识别', failed: '识别失败', absent: '工具未安装' } as const;
/** Before filing: what may still be measured and described. */
export const isOpen = (state: string): boolean => ['captured', 'inspected', 'arranged', 'returned'].includes(state);
