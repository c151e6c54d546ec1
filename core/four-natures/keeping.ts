import { check, eachFile, type Check, type Method, type MethodContext, type PreservationFacts, type RecordFacts } from './facts.js';

/** 长期保存 (第三十条): one check of the box as a whole, skipped where it was not asked. */
const ofHoldings = <K extends keyof PreservationFacts>(key: K, test: (value: Exclude<PreservationFacts[K], undefined>, context: MethodContext) => Check): Method => (context) => {
  const value = context.batch.preservation?.[key];
  return value === undefined ? [] : [test(value as Exclude<PreservationFacts[K], undefined>, context)];
};

const ledgerWhole = ofHoldings('ledgerFaults', (faults, { batch }) => check(batch.ref, faults === 0, '链条连续、签名有效', `不符 ${String(faults)} 处`, '审计日志链不连续或签名无效'));

const copiesAgree = ofHoldings('copies', ({ compared, differing }, { batch }) =>
  check(batch.ref, differing === 0, `${String(compared)} 份一致`, `不一致 ${String(differing)} 份`, '副本与登记摘要不一致（E_FIXITY_FAILED）'));

const holdingsCount = ofHoldings('holdings', ({ entered, found }, { batch }) =>
  check(batch.ref, entered.items === found.items && entered.bytes === found.bytes, `${String(entered.items)} 件 ${String(entered.bytes)} 字节`, `${String(found.items)} 件 ${String(found.bytes)} 字节`, '库存与登记不符（E_COUNT_MISMATCH）'));

const since = (key: 'environmentMonths' | 'drillMonths', message: string): Method => ofHoldings(key, (months, { batch, limits }) =>
  check(batch.ref, months !== null && months <= limits[key], `${String(limits[key])} 个月内`, months === null ? '从未' : `${String(months)} 个月前`, message));

const none = (key: 'mediaOverdue' | 'marksOverdue', message: string): Method => ofHoldings(key, (count, { batch }) => check(batch.ref, count === 0, '无到期未办', String(count), `${message} ${String(count)} 项`));

const formatRisk: Method = (context) => {
  const risks = context.batch.preservation?.riskFormats;
  return risks === undefined ? [] : eachFile((file, { format }) => check(file.id, !risks.includes(format.mime), '无格式风险', format.name, '格式有风险，列入转换计划'))(context);
};

type Measure = (record: RecordFacts, context: MethodContext) => Check | null;

/** 转换之后 (第三十一条): what was measured before and after, record by record. */
const converted = (measure: Measure): Method => (context) => context.records.map((record) => measure(record, context)).filter((one): one is Check => one !== null);

const samePages = converted((record) => {
  const pages = record.conversion?.pages ?? null;
  return pages === null ? null : check(record.ref, pages.before === pages.after, `${String(pages.before)} 页`, `${String(pages.after)} 页`, '转换前后页数不一致');
});

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
const alike = (key: 'textAlike' | 'imageAlike', what: string): Method => converted((record, { limits }) => {
  const share = record.conversion?.[key] ?? null;
  return share === null ? null : check(record.ref, share >= limits[key], `不低于 ${percent(limits[key])}`, percent(share), `转换前后${what}不一致`);
});

/** Something must have compared them: a measure, or a person where nothing can be measured. */
const compared = converted((record, { item }) => {
  if (record.conversion === undefined) return null;
  const { pages, textAlike, imageAlike, byHand } = record.conversion;
  if (byHand !== null) return check(record.ref, byHand, '与原件相同', byHand ? '相同' : '不同', '人工核对与原件不同');
  if (textAlike !== null || imageAlike !== null) return check(record.ref, true, '已比对', '', '');
  return { objectRef: record.ref, expected: '已比对', actual: pages === null ? '未比对' : '只比对了页数', result: 'manual', message: item.fix };
});

export const KEEPING: Readonly<Record<string, Method>> = {
  ledgerWhole, copiesAgree, holdingsCount, formatRisk, samePages, compared,
  environmentChecked: since('environmentMonths', '软硬件环境超期未检查'), drilled: since('drillMonths', '恢复演练超期未做'),
  mediaChecked: none('mediaOverdue', '离线介质到期未检测'), marksReviewed: none('marksOverdue', '密级到期未复核'),
  sameText: alike('textAlike', '文字'), sameImage: alike('imageAlike', '图像'),
};
