import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { Instant } from '../../core/ports.js';
import { levelName } from '../../secrecy/level.js';
import type { ConversionPrint } from '../../policies/schemas/conversion.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import { Sheet } from '../disposal/sheet.js';
import type { Column } from '../disposal/sheet.js';
import { localTime } from '../reports/document.js';
import { conversionRows, conversionTarget } from './rows.js';
import type { ConversionParts } from './parts.js';

/** 迁移登记表, column by column: what it was, what it is, by what, and whether it held. */
const COLUMNS: readonly Column[] = [
  { key: 'at', heading: '序号', width: 0.6, align: 'right' }, { key: 'code', heading: '档号', width: 2.6 }, { key: 'before', heading: '转换前格式', width: 1.5 }, { key: 'bytesBefore', heading: '字节数', width: 1.1, align: 'right' }, { key: 'sourceSm3', heading: '转换前 SM3', width: 3.6 },
  { key: 'after', heading: '转换后格式', width: 1.4 }, { key: 'bytesAfter', heading: '字节数', width: 1.1, align: 'right' }, { key: 'targetSm3', heading: '转换后 SM3', width: 3.6 }, { key: 'result', heading: '检测', width: 1.6 }, { key: 'state', heading: '现行版本', width: 1.1 },
];
const STATES: Readonly<Record<string, string>> = {
  drafted: '拟定', asked: '报批中', approved: '已批准', running: '执行中', paused: '已暂停', checked: '待复核', adopted: '已启用转换件', failed: '检测不合格，已退回', rolled_back: '已退回', cancelled: '已撤销',
};

/** 转换迁移登记表 as PDF, from what is stored alone. */
export function conversionForm(parts: ConversionParts) {
  const { store, gate, clock, policy, unit, nameOf } = parts;
  return {
    async print(call: ServerCall, input: ConversionPrint) {
      const all = await store.read(call, async (tx) => {
        const rows = conversionRows(tx.sql, parts.sealing);
        const one = await rows.get(input.conversion);
        if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(conversionTarget(one));
        tx.audit({ action: call.act, object: one.it.id, objectType: 'conversion', objectLevel: one.level });
        const lines = [];
        for (const item of await rows.items(one.it.id, { offset: 0, limit: policy.limits.items })) {
          const record = await tx.records.get(item.record);
          if (record !== undefined && await gate.knows(call, recordTarget(record))) lines.push({ item, code: record.archivalCode ?? record.electronicRecordCode });
        }
        return { one, lines, counts: await rows.counts(one.it.id), approval: one.it.approval === null ? undefined : await tx.approvals.get(one.it.approval) };
      });
      const { one: { it, level }, lines, counts } = all;
      const person = async (id: string | null | undefined, at: Instant | null | undefined): Promise<string> => (id == null ? '' : `${await nameOf(id)}，${at == null ? '' : localTime(at)}`);
      const sheet = new Sheet({ orientation: 'landscape', title: '电子档案转换迁移登记表', reportNo: it.no, box: unit.serial, generatedAt: clock.now(), level, mark: levelName(level), rehearsal: unit.rehearsal, unit: unit.name });
      const row = policy.converters.find(({ key }) => key === it.converter);
      sheet.cells([
        { label: '登记号', value: it.no }, { label: '状态', value: STATES[it.state] ?? it.state }, { label: '转换方式', value: row?.name ?? it.converter }, { label: '工具及版本', value: it.tool ?? '' },
        { label: '需求分析', value: it.need, wide: true },
        ...it.risks.map((risk) => ({ label: `风险：${policy.risks.find(({ key }) => key === risk.risk)?.name ?? risk.risk}`, value: `可能性 ${String(risk.likelihood)}，影响 ${String(risk.impact)}${risk.measure === '' ? '' : `；措施：${risk.measure}`}`, wide: true })),
        { label: '拟定人', value: await person(it.draftedBy, it.draftedAt) }, { label: '执行人', value: await person(it.startedBy, it.startedAt) },
        ...await Promise.all((all.approval?.it.signatures ?? []).map(async (sign) => ({ label: all.approval?.it.seats[sign.seat]?.name ?? '批准', value: `${sign.verdict === 'grant' ? '同意' : '不同意'}。${sign.opinion}。${await person(sign.person, sign.at)}，证书 ${sign.certificateSerial}`, wide: true }))),
        { label: '文件数', value: `共 ${String(counts.all)} 个，合格 ${String(counts.passed)} 个，不合格 ${String(counts.failed)} 个` }, { label: '转换前后字节数', value: `${String(counts.before)} → ${String(counts.after)}` },
        { label: '复核', value: it.review === null ? '' : `${it.review.opinion}。${await person(it.review.by, it.review.at)}`, wide: true },
        ...(it.rolledBack === null ? [] : [{ label: '退回', value: `${it.rolledBack.reason}。${await person(it.rolledBack.by, it.rolledBack.at)}`, wide: true }]),
      ]);
      sheet.heading('逐件登记');
      sheet.table('逐件', COLUMNS, lines.map(({ item, code }) => ({
        at: item.seq, code, before: item.source.format, bytesBefore: item.source.bytes, sourceSm3: item.source.sm3, after: item.target?.format ?? '', bytesAfter: item.target?.bytes ?? '', targetSm3: item.target?.sm3 ?? '',
        result: item.checks.length === 0 ? '' : item.checks.every(({ passed }) => passed) ? `合格（${String(item.checks.length)} 项）` : `不合格：${item.checks.filter(({ passed }) => !passed).map(({ code: failed }) => failed).join('、')}`,
        state: item.state === 'adopted' ? '转换件' : '原件',
      })));
      sheet.note('依据：办法第三十一条。转换后逐件进行四性检测（DA/T 70-2018 有关项目）和内容等价核对；原件与转换件均予保留，复核同意后转换件方为现行版本。');
      if (lines.length < counts.all) sheet.note(`另有 ${String(counts.all - lines.length)} 个文件不在打印人的知悉范围内，未列。`);
      return bytes('application/pdf', await sheet.finish(`${it.no}，${String(lines.length)} 个文件`), { fileName: `${it.no}-转换迁移登记表.pdf` });
    },
  };
}
