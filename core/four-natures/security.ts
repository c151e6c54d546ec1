import { daysBetween } from '../calendar.js';
import { check, eachFile, eachRecord, type Method } from './facts.js';

const virusLibrary: Method = ({ batch, limits }) => {
  const age = batch.virusLibraryOn === null ? null : daysBetween(batch.virusLibraryOn, batch.today);
  return [check(batch.ref, age !== null && age <= limits.virusLibraryDays, `${String(limits.virusLibraryDays)} 天内`, age === null ? '未登记' : `${String(age)} 天`, '病毒库未登记或已过期')];
};

const virus: Method = eachFile((file, { findings, facts }) => {
  const found = findings.find((finding) => finding.code === 'GD-4-2' && finding.severity === 'reject');
  return check(file.id, found === undefined && facts.activeContent !== true, '未感染、无活动内容', found === undefined ? '活动内容' : '检出', found?.message ?? '文件含活动内容');
});

const surplusFiles: Method = ({ batch }) => batch.medium === null ? [] :
  [check(batch.ref, batch.medium.surplus.length === 0, '无多余文件', `多 ${String(batch.medium.surplus.length)} 个`, `载体中有清单以外的文件 ${String(batch.medium.surplus.length)} 个`)];

const mediumSpeed: Method = ({ batch, limits }) => {
  const speed = batch.medium?.bytesPerSecond ?? null;
  return speed === null ? [] : [check(batch.ref, speed >= limits.readBytesPerSecond, String(limits.readBytesPerSecond), String(Math.round(speed)), '载体读取过慢')];
};

const manual: Method = ({ item, batch }) => {
  if (item.about === 'medium' && batch.medium === null) return [];
  const answer = batch.manual[item.code];
  if (answer === undefined) return [{ objectRef: batch.ref, expected: '合格', actual: '', result: 'manual', message: item.fix }];
  return [check(batch.ref, answer, '合格', answer ? '合格' : '不合格', item.fix)];
};

const procedure: Method = ({ batch }) => {
  const { operator, device, channel, log } = batch.procedure;
  const absent = [operator ? '' : '操作人', device ? '' : '设备', channel ? '' : '通道', log ? '' : '日志'].filter((one) => one !== '');
  return [check(batch.ref, absent.length === 0, '操作人、设备、通道、日志齐全', absent.join('、'), `缺少：${absent.join('、')}`)];
};

const noEncryption: Method = eachFile((file, { facts }) =>
  check(file.id, facts.encrypted !== true, '未加密', facts.encrypted === true ? '加密' : '未加密', '文件已加密（E_FMT_ENCRYPTED）'));

/** A state secret carries the mark its decision calls for; anything else carries no ★. */
const secretMark: Method = eachRecord((record) => {
  if (record.level < 2) return [check(record.ref, record.mark === null || !record.mark.includes('★'), '无国家秘密标志', record.mark ?? '', '非国家秘密文件不得有国家秘密标志（E_CLS_MARK_UNEXPECTED）')];
  const required = record.secrecy?.requiredMark;
  return [check(record.ref, required !== undefined && record.mark === required, required ?? '定密记录', record.mark ?? '无', '国家秘密标志与定密记录不一致（E_CLS_MARK_MISMATCH）')];
});

const systemLevel: Method = eachRecord((record, { batch }) =>
  [check(record.ref, record.level <= batch.systemLevel, `不高于 ${String(batch.systemLevel)}`, String(record.level), '文件密级高于系统等级（E_CLS_OVER_SYSTEM_LEVEL）')]);

export const SECURITY: Readonly<Record<string, Method>> = {
  virusLibrary, virus, surplusFiles, mediumSpeed, manual, procedure, noEncryption, secretMark, systemLevel,
};
