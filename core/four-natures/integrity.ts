import { check, eachRecord, type Check, type Method } from './facts.js';

const itemCount: Method = ({ records, batch }) => batch.declared === null ? [] :
  [check(batch.ref, batch.declared.items === records.length, String(batch.declared.items), String(records.length), '登记件数与实际件数不符（E_COUNT_MISMATCH），整批退回')];

const byteCount: Method = ({ records, batch }) => {
  if (batch.declared === null) return [];
  const bytes = records.flatMap((record) => record.files).reduce((sum, file) => sum + (file.actual?.inspection.bytes ?? 0), 0);
  return [check(batch.ref, batch.declared.bytes === bytes, String(batch.declared.bytes), String(bytes), '登记字节数与实际字节数不符（E_COUNT_MISMATCH）')];
};

/** 必填 is what a person fills in on the record itself; an element of a group missing is 元数据项不完整. */
const missing = (own: boolean, expected: string): Method => eachRecord((record) => {
  const faults = record.schemaFaults.filter((fault) => isMissing(fault.keyword, fault.params) && (fault.instancePath.split('/').length <= 2 && !/^\/\w+\/\d+/.test(fault.instancePath)) === own);
  if (faults.length === 0) return [check(record.ref, true, expected, '', '')];
  return faults.map((fault) => {
    const at = `${fault.instancePath}${typeof fault.params['missingProperty'] === 'string' ? `/${fault.params['missingProperty']}` : ''}`;
    return check(`${record.ref}${at}`, false, expected, '缺', `${at} 为空，须填写（E_META_REQUIRED）`);
  });
});

function isMissing(keyword: string, params: Readonly<Record<string, unknown>>): boolean {
  return keyword === 'required' || keyword === 'minItems' || (keyword === 'minLength' && params['limit'] === 1);
}

interface Event { readonly activity: string; readonly at: string }

const eventsOf = (value: unknown): readonly Event[] => (Array.isArray(value) ? value : []).flatMap((one: unknown) =>
  one !== null && typeof one === 'object' && 'activity' in one && 'at' in one && typeof one.activity === 'string' && typeof one.at === 'string' ? [{ activity: one.activity, at: one.at }] : []);

/** Every step of the business is recorded and time runs forward; offline records may lack steps, with a warning. */
const process: Method = eachRecord((record, { batch }) => {
  const events = eventsOf(record.metadata['events']);
  const absent = batch.requiredActivities.filter((activity) => !events.some((event) => event.activity === activity));
  const forward = events.every((event, index) => index === 0 || (events[index - 1]?.at ?? '') <= event.at);
  const found = check(record.ref, absent.length === 0 && forward, '环节齐全、时间递增', absent.join('、'), forward ? `缺少过程环节：${absent.join('、')}` : '过程信息时间倒置');
  return [found.result === 'fail' && !batch.online ? { ...found, result: 'warn' } : found];
});

/** From the first number on without a gap; numbers given up count as present. The missing ones are named. */
const continuity: Method = ({ records, batch }) => {
  const series = new Map<string, number[]>();
  for (const { code } of records) {
    if (code === null) continue;
    const numbers = series.get(code.series);
    if (numbers) numbers.push(code.number);
    else series.set(code.series, [code.number]);
  }
  return [...series].map(([name, numbers]) => {
    const present = new Set([...numbers, ...(batch.voided[name] ?? [])]);
    const gaps: number[] = [];
    const last = numbers.reduce((most, number) => Math.max(most, number), 0);
    for (let number = batch.firstNumber[name] ?? 1; number <= last && gaps.length < 100; number++) if (!present.has(number)) gaps.push(number);
    const list = gaps.map((number) => String(number).padStart(4, '0')).join('、');
    return check(name, gaps.length === 0, '连续', list, `缺号：${list}（E_CODE_GAP）`);
  });
};

const contentComplete: Method = eachRecord((record) => record.files.map((file) => {
  const { actual } = file;
  if (actual === null) return check(file.id, false, '存在', '不存在', '文件缺失');
  const same = file.declared.sm3 === null || file.declared.sm3 === actual.inspection.sm3;
  const truncated = actual.inspection.facts.valid === false;
  return check(file.id, same && !truncated, '摘要一致、可完整读取', same ? (truncated ? '不可读' : '一致') : '不一致', same ? '文件不能完整读取' : '文件摘要不一致（E_FIXITY_FAILED）');
}));

const attachments: Method = eachRecord((record) => {
  if (record.declaredAttachments === null) return [];
  const actual = record.files.filter((file) => file.role === 'attachment' && file.actual !== null).length;
  return [check(record.ref, actual === record.declaredAttachments, String(record.declaredAttachments), String(actual), '附件说明与附件数不符')];
});

const filingScope: Method = eachRecord((record) => [check(record.ref, record.schedule !== null, '归档范围条目', record.schedule === null ? '无' : '有', '没有有效的归档范围条目（E_SCOPE_NOT_IN_SCHEDULE）')]);

const packageMetadata: Method = ({ batch }) => batch.package === null ? [] :
  [check(batch.ref, batch.package.metadataFaults.length === 0, '无缺项', batch.package.metadataFaults.join('、'), '信息包元数据缺项')];

const packageFiles: Method = ({ batch }) => batch.package === null ? [] :
  [check(batch.ref, batch.package.declaredFiles === batch.package.actualFiles, String(batch.package.declaredFiles), String(batch.package.actualFiles), '信息包文件数与元数据记载不符')];

/** What the sender and the receiver counted on their own. */
const packageDigest: Method = ({ batch }) => batch.package === null ? [] :
  [check(batch.ref, batch.package.differingDigests.length === 0, '摘要一致', `不一致 ${String(batch.package.differingDigests.length)} 个`, '发送端与接收端摘要不一致')];

const packageList = (pick: (batch: NonNullable<Parameters<Method>[0]['batch']['package']>) => readonly string[], expected: string): Method => ({ batch }): readonly Check[] =>
  batch.package === null ? [] : [check(batch.ref, pick(batch.package).length === 0, expected, pick(batch.package).join('、'), `信息包不规范：${pick(batch.package).join('、')}`)];

export const INTEGRITY: Readonly<Record<string, Method>> = {
  itemCount,
  byteCount,
  metadataComplete: missing(false, '元数据项完整'),
  metadataRequired: missing(true, '必填著录项目'),
  process,
  continuity,
  contentComplete,
  attachments,
  filingScope,
  packageMetadata,
  packageFiles,
  packageDigest,
  packageDocuments: packageList((found) => found.missingDocuments, '说明文件和目录文件齐备'),
  packageStructure: packageList((found) => found.structureFaults, '目录结构规范'),
};
