import type { ConversionCheck, Represented } from './conversion.js';
import type { FileJudgement } from './services/content.js';
import type { ConverterRow } from '../policies/schemas/conversion.js';

/** What was measured while and after a file was converted. */
export interface ConversionEvidence {
  readonly sourcePages: number | null;
  readonly targetPages: number | null;
  readonly recall: number | null;
  readonly pixelMean: number | null;
  readonly sameSize: boolean | null;
  readonly exact: boolean | null;
  readonly told: string;
}

export interface Converted {
  /** As registered, and as the bytes that were handed to the converter measured. */
  readonly source: Represented;
  readonly read: { readonly sm3: string; readonly bytes: number };
  readonly target: Represented;
  /** Digest of the target read again from where it was sealed. */
  readonly reread: string;
  readonly judgement: FileJudgement;
  readonly evidence: ConversionEvidence;
}

interface Limits { readonly textRecall: number; readonly pixelMean: number; readonly lossyPixelMean: number }

const percent = (share: number): string => `${(Math.floor(share * 1000) / 10).toFixed(1)}%`;

/**
 * 转换后四性检测 (办法第三十一条; DA/T 70-2018 GD-1-9 至 1-11、GD-2-2、GD-2-7、GD-3-3、GD-3-4) with 内容等价核对. A comparison that could not be made is
 * a failed one: what nobody compared is not equal.
 */
export function conversionChecks(it: Converted, row: Pick<ConverterRow, 'to' | 'compare'>, limits: Limits): readonly ConversionCheck[] {
  const { source, read, target, judgement, evidence } = it;
  const { facts } = judgement;
  const mime = row.to.mime === '' ? source.mime : row.to.mime;
  const check = (code: string, name: string, property: ConversionCheck['property'], passed: boolean, told: string): ConversionCheck => ({ code, name, property, passed, told });
  const pages = evidence.sourcePages === null ? `${evidence.targetPages === null ? '' : `${String(evidence.targetPages)} 页`}` : `${String(evidence.sourcePages)} 页 → ${String(evidence.targetPages ?? 0)} 页`;
  return [
    check('GD-1-9', '声明格式与实际格式一致性', 'authenticity', target.mime === mime && new RegExp(row.to.format, 'u').test(target.format) && facts['extensionMismatch'] !== true, target.format),
    check('GD-1-10', '内容数据电子属性一致性', 'authenticity', read.sm3 === source.sm3 && read.bytes === source.bytes, `转换前 SM3 与登记${read.sm3 === source.sm3 ? '一致' : '不一致'}`),
    check('GD-1-11', '元数据与内容数据关联一致性', 'authenticity', it.reread === target.sm3, `转换后 SM3 复读${it.reread === target.sm3 ? '一致' : '不一致'}`),
    check('GD-2-2', '总字节数相符性', 'integrity', target.bytes > 0, `${String(source.bytes)} → ${String(target.bytes)} 字节`),
    check('GD-2-7', '内容数据完整性', 'integrity', evidence.sourcePages === null || evidence.sourcePages === evidence.targetPages, pages),
    equivalence(evidence, row.compare, limits),
    check('GD-3-3', '内容数据格式', 'usability', judgement.verdict !== 'reject', judgement.findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code).join('、')),
    check('GD-3-4', '内容数据可读性', 'usability', facts['valid'] !== false && (evidence.targetPages ?? 1) > 0, pages),
    check('KM-01', '无残留数字签名', 'security', facts['signed'] !== true, ''),
    check('KM-02', '无加密、无活动内容', 'security', facts['encrypted'] !== true && facts['activeContent'] !== true, ''),
  ];
}

function equivalence({ recall, pixelMean, sameSize, exact, sourcePages, targetPages, told }: ConversionEvidence, compare: ConverterRow['compare'], limits: Limits): ConversionCheck {
  const of = (passed: boolean, what: string): ConversionCheck => ({ code: 'DB-1', name: '内容等价核对', property: 'integrity', passed, told: [what, told].filter((text) => text !== '').join('，') });
  switch (compare) {
    case 'text': return of(recall !== null && recall >= limits.textRecall, recall === null ? '文字未能比对' : `文字重合 ${percent(recall)}，要求 ${percent(limits.textRecall)}`);
    case 'exact-text': return of(exact === true, exact === true ? '逐字一致' : '不能无损还原');
    case 'pixels': return of(sameSize === true && pixelMean !== null && pixelMean <= limits.pixelMean, pixelMean === null ? '尺寸不一致' : `像素平均差 ${pixelMean.toFixed(3)}`);
    case 'lossy-pixels': return of(sameSize === true && pixelMean !== null && pixelMean <= limits.lossyPixelMean, pixelMean === null ? '尺寸不一致' : `像素平均差 ${pixelMean.toFixed(3)}，限 ${String(limits.lossyPixelMean)}`);
    case 'pages': return of(sourcePages !== null && sourcePages === targetPages, '逐页提取');
    case 'none': return of(true, '提取文字，不代替原件');
  }
}
