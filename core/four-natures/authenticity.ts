import { textFault, textFaultMessage } from '../text.js';
import { check, eachFile, eachRecord, type Check, type Method, type RecordFacts } from './facts.js';

/** 固化信息: the registered digest against the recomputed one, and what the signatures said before they were removed. */
const fixity: Method = eachRecord((record) => record.files.map((file) => {
  const { sm3 } = file.declared;
  if (file.actual === null) return check(file.id, false, sm3 ?? '有文件', '没有文件', '文件不存在，无法核对摘要（E_FIXITY_FAILED）');
  if (sm3 === null) return check(file.id, false, '登记摘要', '无', '没有登记摘要，请先固化');
  const actual = file.actual.inspection.sm3;
  if (actual !== sm3) return check(file.id, false, sm3, actual, '重算摘要与登记摘要不一致（E_FIXITY_FAILED）');
  const failed = file.signatures.filter((signature) => signature.verified === false).length;
  return check(file.id, failed === 0, '签名有效', `无效 ${String(failed)} 个`, '去除前签名验证不通过');
}));

/** The faults of one kind that the record schema found, or one pass. */
const schemaRule = (keywords: readonly string[], expected: string): Method => eachRecord((record) => {
  const faults = record.schemaFaults.filter((fault) => keywords.includes(fault.keyword) && !(fault.keyword === 'minLength' && keywords.includes('maxLength') && isBlank(fault.params)));
  if (faults.length === 0) return [check(record.ref, true, expected, '', '')];
  return faults.map((fault) => check(`${record.ref}${fault.instancePath}`, false, expected, fault.keyword, `${fault.instancePath || '/'} 不符合${expected}`));
});

const isBlank = (params: Readonly<Record<string, unknown>>): boolean => params['limit'] === 1;

const characters: Method = eachRecord((record) => {
  const found: Check[] = [];
  const look = (value: unknown, at: string): void => {
    if (typeof value === 'string') {
      const fault = textFault(value, true);
      if (fault !== undefined) found.push(check(`${record.ref}${at}`, false, '无特殊字符', fault.fault, textFaultMessage(fault)));
      else if (/\/fileName$/.test(at) && /[\\/]/.test(value)) found.push(check(`${record.ref}${at}`, false, '无路径分隔符', 'separator', '文件名含路径分隔符'));
    } else if (Array.isArray(value)) value.forEach((item: unknown, index) => look(item, `${at}/${String(index)}`));
    else if (value !== null && typeof value === 'object') for (const [key, item] of Object.entries(value)) look(item, `${at}/${key}`);
  };
  look(record.metadata, '');
  return found.length > 0 ? found : [check(record.ref, true, '无特殊字符', '', '')];
});

const archivalCode: Method = eachRecord((record) =>
  record.code === null ? [] : [check(record.ref, record.code.fault === null, '符合档号编制规则', record.code.fault ?? '', `档号不规范：${record.code.fault ?? ''}`)]);

/** 档号 must be unique; the same 文号+责任者 or 题名+日期 may be right and is a warning. */
const duplicates: Method = ({ records, batch }) => {
  const codes = count(records.flatMap((record) => (record.code === null ? [] : [record.code.text])));
  const documents = count(records.flatMap(fingerprints));
  return records.flatMap((record) => {
    const code = record.code?.text;
    const taken = code !== undefined && (batch.known.codes.has(code) || (codes.get(code) ?? 0) > 1);
    const alike = fingerprints(record).some((print) => batch.known.documents.has(print) || (documents.get(print) ?? 0) > 1);
    const own = check(record.ref, !taken, '档号不重复', taken ? '重复' : '', '档号重复（E_CODE_DUPLICATE）');
    const twin: Check = { objectRef: record.ref, expected: '著录不重复', actual: '重复', result: 'warn', message: '文号与责任者或题名与日期同已有文件重复，请核对' };
    return alike ? [own, twin] : [own];
  });
};

/** How callers must spell the fingerprints in `batch.known.documents`. */
export function fingerprints(record: RecordFacts): readonly string[] {
  const of = (...keys: readonly string[]): string | null => {
    const values = keys.map((key) => record.metadata[key]);
    return values.every((value) => value !== undefined && value !== null && value !== '') ? JSON.stringify([keys, values]) : null;
  };
  return [of('documentNumber', 'author'), of('title', 'documentDate')].filter((print): print is string => print !== null);
}

function count(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

const declaredFormat: Method = eachFile((file, { facts, format }) => {
  const agrees = facts.extensionMismatch !== true && (file.declared.mime === null || file.declared.mime === format.mime);
  return check(file.id, agrees, file.declared.mime ?? '扩展名与内容一致', format.mime, '声明格式与文件头不一致（E_FMT_MISMATCH）');
});

const fileAttributes: Method = eachFile((file, inspection) => {
  const differs: string[] = [];
  if (file.declared.name.normalize('NFC') !== file.actual?.name.normalize('NFC')) differs.push('文件名');
  if (file.declared.bytes !== inspection.bytes) differs.push('大小');
  if (file.declared.mime !== null && file.declared.mime !== inspection.format.mime) differs.push('格式');
  return check(file.id, differs.length === 0, '与元数据一致', differs.join('、'), `${differs.join('、')}与元数据不一致`);
});

/** Both ways: no description without its file, no file of another record or of none. */
const linkage: Method = eachRecord((record) => {
  const missing = record.files.filter((file) => file.actual === null).length;
  const strange = record.files.filter((file) => file.recordRef !== record.ref).length;
  const main = record.files.filter((file) => file.role === 'main').length;
  return [
    check(record.ref, missing === 0 && strange === 0, '双向关联', `缺 ${String(missing)}，无主 ${String(strange)}`, '元数据与文件不能逐一对应（E_META_UNLINKED）'),
    check(record.ref, main === 1, '主文件 1 个', String(main), '每件须有且只有一个主文件'),
  ];
});

const noSignature: Method = eachFile((file, { facts }, { batch }) => {
  const found = check(file.id, facts.signed !== true, '无数字签名', facts.signed === true ? '有' : '无', '仍含数字签名信息（E_SEAL_SIGNATURE_PRESENT）');
  return found.result === 'fail' && batch.sealPolicy === 'optional' && batch.stage === 'filing' ? { ...found, result: 'warn' } : found;
});

export const AUTHENTICITY: Readonly<Record<string, Method>> = {
  fixity,
  metadataLength: schemaRule(['maxLength', 'minLength'], '长度限制'),
  metadataType: schemaRule(['type', 'format', 'pattern', 'minimum', 'maximum', 'uniqueItems', 'maxItems', 'anyOf', 'const'], '类型与格式'),
  metadataDomain: schemaRule(['enum'], '设定值域'),
  characters,
  archivalCode,
  duplicates,
  declaredFormat,
  fileAttributes,
  linkage,
  noSignature,
};
