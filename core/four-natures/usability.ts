import { check, eachFile, eachRecord, textOf, type Method } from './facts.js';

/** Text that was spoilt on its way: replacement characters, and packages whose metadata cannot be parsed. */
const metadataReadable: Method = (context) => {
  const own = context.records.map((record) => check(record.ref, !JSON.stringify(record.metadata).includes('\ufffd'), '无乱码', '乱码', '元数据含乱码替代符'));
  const { package: parcel, ref } = context.batch;
  return parcel === null ? own : [...own, check(ref, parcel.metadataReadable, '可解析', '不可解析', '信息包元数据无法解析')];
};

const databaseReadable: Method = ({ batch }) => [check(batch.ref, batch.databaseReadable, '可访问', '不可访问', '数据库抽样读取失败')];

const fileFormat: Method = eachFile((file, { format, findings }) => {
  const found = findings.find((finding) => finding.code === 'GD-3-3' && finding.severity !== 'note');
  const outcome = check(file.id, found === undefined, '归档格式', format.name, found?.message ?? '');
  return found?.severity === 'warn' ? { ...outcome, result: 'warn' } : outcome;
});

const fileReadable: Method = eachFile((file, { facts, findings }) => {
  const found = findings.find((finding) => finding.code === 'GD-3-4' && finding.severity === 'reject');
  const empty = facts.pages === 0;
  return check(file.id, facts.valid !== false && found === undefined && !empty, '可打开', empty ? '0 页' : '不可打开', found?.message ?? '文件无法打开');
});

const fileAccessible: Method = eachRecord((record) => record.files.map((file) =>
  check(file.id, file.actual !== null && file.actual.inspection.bytes === file.declared.bytes, String(file.declared.bytes), String(file.actual?.inspection.bytes ?? 0), '按存储位置取不到文件，或大小不符')));

const environment: Method = eachRecord((record, { batch }) => {
  const application = textOf(record, 'creatingApplication');
  const known = application !== null && (batch.knownApplications === null || batch.knownApplications.includes(application));
  return [check(record.ref, known, '有形成环境信息', application === null ? '无' : '有', '没有形成环境信息，或不在允许清单')];
});

const packageUsable: Method = ({ batch }) => batch.package === null ? [] : [check(batch.ref, batch.package.readable, '可完整解包', '不可', '信息包无法完整解包')];

const contentCompliant: Method = eachFile((file, { facts }) => {
  const faults = [facts.encrypted === true ? '加密' : '', facts.compressed === true ? '压缩' : ''].filter((fault) => fault !== '');
  return check(file.id, faults.length === 0, '无加密、压缩', faults.join('、'), `文件${faults.join('、')}`);
});

const noCompression: Method = eachFile((file, { facts, format }) =>
  check(file.id, facts.compressed !== true, '非压缩文件', format.name, '文件是压缩或打包文件（E_FMT_COMPRESSED）'));

export const USABILITY: Readonly<Record<string, Method>> = {
  metadataReadable, databaseReadable, fileFormat, fileReadable, fileAccessible, environment, packageUsable, contentCompliant, noCompression,
};
