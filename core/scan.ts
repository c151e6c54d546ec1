import { ArchiveError } from './errors.js';
import type { ScanMode, ScansFile } from '../policies/schemas/scan.js';

/** 技术参数 of one page as its file says them. */
export interface ScannedPage {
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** null: the file does not say. */
  readonly dpi: number | null;
  readonly mode: ScanMode;
  /** Per sample. */
  readonly bits: number;
  /** `none`, `ccittfax4`, `lzw`, `deflate`, `packbits`, `jpeg`, `jpeg2000`, `jbig2`, or what the file calls it. */
  readonly compression: string;
}

/** 扫描件技术参数 (DA/T 31): the lowest resolution and the richest mode of all pages. */
export interface ScanTechnical {
  readonly pages: number;
  /** Pages that hold no picture: text, drawings. */
  readonly without: number;
  readonly dpi: number | null;
  readonly dpiMost: number | null;
  readonly mode: ScanMode | null;
  readonly mixed: boolean;
  readonly bits: number | null;
  readonly compressions: readonly string[];
  readonly widthPixels: number;
  readonly heightPixels: number;
}

export interface ScanFault { readonly key: 'format' | 'no-picture' | 'dpi-low' | 'dpi-below-recommended' | 'dpi-high' | 'dpi-missing' | 'mixed' | 'bits' | 'compression' | 'pages'; readonly severity: 'reject' | 'warn'; readonly message: string }

const RANK: Readonly<Record<ScanMode, number>> = { bitonal: 0, gray: 1, color: 2 };
export const MODE_NAMES: Readonly<Record<ScanMode, string>> = { bitonal: '黑白二值', gray: '灰度', color: '彩色' };

/** @param without pages that hold no picture */
export function technicalOf(pages: readonly ScannedPage[], without: number): ScanTechnical {
  const dpis = pages.flatMap(({ dpi }) => (dpi === null ? [] : [dpi]));
  const richest = pages.reduce<ScannedPage | null>((most, page) => (most === null || RANK[page.mode] > RANK[most.mode] ? page : most), null);
  return {
    pages: pages.length + without, without, dpi: dpis.length === pages.length && dpis.length > 0 ? Math.min(...dpis) : null, dpiMost: dpis.length > 0 ? Math.max(...dpis) : null,
    mode: richest?.mode ?? null, mixed: new Set(pages.map(({ mode }) => mode)).size > 1, bits: pages.length === 0 ? null : Math.max(...pages.map(({ bits }) => bits)),
    compressions: [...new Set(pages.map(({ compression }) => compression))].sort(), widthPixels: pages[0]?.widthPixels ?? 0, heightPixels: pages[0]?.heightPixels ?? 0,
  };
}

/** Technical fields against the policy; the worst decides. @param mime as identified */
export function judgeScan(it: ScanTechnical, pages: readonly ScannedPage[], mime: string, policy: ScansFile): readonly ScanFault[] {
  const faults: ScanFault[] = [];
  const add = (key: ScanFault['key'], severity: ScanFault['severity'], message: string): void => { faults.push({ key, severity, message }); };
  if (!policy.formats.includes(mime)) {
    add('format', 'reject', '扫描件须为 TIFF、JPEG 或 PDF，请重新扫描或转换后提交');
    return faults;
  }
  if (pages.length === 0 || it.mode === null) {
    add('no-picture', 'reject', '文件中没有扫描图像，不是扫描件，请改用“上传挂接”收集');
    return faults;
  }
  if (it.pages > policy.limits.pages) add('pages', 'reject', `页数 ${String(it.pages)} 超过上限 ${String(policy.limits.pages)}，请分卷扫描`);
  if (it.without > 0) add('no-picture', 'warn', `有 ${String(it.without)} 页没有扫描图像，请核对`);
  if (it.dpi === null) add('dpi-missing', 'warn', '文件没有记录分辨率，请按扫描设置手工填写');
  else if (it.dpi < policy.dpi.least) add('dpi-low', 'reject', `分辨率 ${String(it.dpi)} dpi 低于下限 ${String(policy.dpi.least)} dpi，请重新扫描`);
  else if (it.dpi < policy.dpi.recommended) add('dpi-below-recommended', 'warn', `分辨率 ${String(it.dpi)} dpi 低于建议的 ${String(policy.dpi.recommended)} dpi`);
  if (it.dpiMost !== null && it.dpiMost > policy.dpi.most) add('dpi-high', 'warn', `分辨率 ${String(it.dpiMost)} dpi 高于 ${String(policy.dpi.most)} dpi，请核对是否误记`);
  if (it.mixed && !policy.mixedModes) add('mixed', 'reject', '同一文件各页的色彩模式不一致，请重新扫描');
  for (const { mode, bits, compressions } of policy.modes) {
    const own = pages.filter((page) => page.mode === mode);
    if (own.some((page) => !bits.includes(page.bits))) add('bits', 'reject', `${MODE_NAMES[mode]}图像的位深须为 ${bits.join('、')} 位，请重新扫描`);
    const odd = [...new Set(own.map((page) => page.compression).filter((one) => !compressions.includes(one)))];
    if (odd.length > 0) add('compression', 'reject', `${MODE_NAMES[mode]}图像的压缩方式 ${odd.join('、')} 不在准许范围内，请重新扫描或转换`);
  }
  return faults;
}

/** A scan of a record that is about to be filed, and what is known of it. */
export interface ScanStanding {
  readonly file: string;
  readonly record: string;
  readonly measured: boolean;
  readonly faults: readonly ScanFault[];
}
interface Described { readonly id: string; readonly electronicRecordCode: string; readonly description: { readonly digitization?: { readonly scanDpi?: number; readonly scanColorMode?: string } } }

/**
 * 纸质扫描须著录 (办法第十六条): before filing every scan was measured and its record says resolution and colour mode.
 * @throws ArchiveError `E_META_REQUIRED`; `E_SCAN_TECHNICAL` where a file is not fit
 */
export function requireDescribedScans(records: readonly Described[], scans: readonly ScanStanding[]): void {
  const details = records.flatMap(({ id, electronicRecordCode, description: { digitization } }) => {
    const own = scans.filter(({ record }) => record === id);
    return [
      ...(own.some(({ measured }) => !measured) ? [{ at: electronicRecordCode, message: '扫描件尚未测量技术参数，请在“扫描件”办理“测量并著录”' }] : []),
      ...(digitization?.scanDpi === undefined ? [{ at: `${electronicRecordCode}/scanDpi`, message: '扫描件缺少扫描分辨率，请著录' }] : []),
      ...(digitization?.scanColorMode === undefined ? [{ at: `${electronicRecordCode}/scanColorMode`, message: '扫描件缺少扫描色彩模式，请著录' }] : []),
    ];
  });
  if (details.length > 0) throw new ArchiveError('E_META_REQUIRED', { places: details.length }, details.slice(0, 200));
  const unfit = scans.flatMap(({ record, faults }) => faults.filter(({ severity }) => severity === 'reject').map(({ message }) => ({ at: records.find(({ id }) => id === record)?.electronicRecordCode ?? '', message })));
  if (unfit.length > 0) throw new ArchiveError('E_SCAN_TECHNICAL', { files: unfit.length }, unfit.slice(0, 200));
}

/** 识别文字 as it is kept: blanks between Chinese characters are no blanks, lines and pages stay. */
export function tidyRecognised(text: string): string {
  return text.replace(/\r\n?/gu, '\n').replace(/(?<=[\p{Script=Han}，。；：！？、（）〔〕《》“”])[ \t]+(?=[\p{Script=Han}，。；：！？、（）〔〕《》“”0-9])/gu, '').replace(/[\0-\x08\x0b\x0e-\x1f]/gu, '').replace(/\n{3,}/gu, '\n\n').trim();
}
