import type { Ceremony, CeremonyKind, KeyEvent } from '../../secrecy/ceremony.js';
import { localTime } from '../reports/document.js';
import { FAINT, Form } from '../reports/form.js';
import { REGULAR, typeface } from '../reports/typeface.js';

export const CEREMONY_NAMES: Readonly<Record<CeremonyKind, string>> = { generate: '生成', backup: '备份', restore: '恢复', rotate: '轮换', reissue: '换根重分', destroy: '销毁' };
const KEY_NAMES: Readonly<Record<KeyEvent['kind'], string>> = { root: '根密钥', 'share-set': '密钥分量组', 'level-keys': '层级密钥', 'search-keys': '检索密钥', box: '本机签名密钥', authority: '本机根证书密钥' };
const EVENT_NAMES: Readonly<Record<KeyEvent['event'], string>> = { made: '生成', retiring: '转为只开不封', replaced: '被替换', destroyed: '销毁', copied: '备份', restored: '恢复' };

/** 密钥仪式记录 on A4: what was done, who was there, each one's SM2 signature, and how to check it with stock tools. */
export async function ceremonyPdf(it: Ceremony, about: { readonly serial: string; readonly unit: string; readonly rehearsal: boolean; readonly printedAt: string; readonly faults: readonly string[]; readonly digest: string }): Promise<Buffer> {
  const { record, signatures } = it;
  const form = new Form({
    orientation: 'portrait', title: `密钥仪式记录（${CEREMONY_NAMES[record.kind]}）`, reportNo: record.number, box: about.serial, generatedAt: about.printedAt, level: 1, mark: '内部', rehearsal: about.rehearsal, unit: about.unit,
  });
  const heading = (text: string): void => {
    form.y += 8;
    form.need(44);
    form.line(text, form.left, form.y, form.width, { size: 11, bold: true });
    form.y += 18;
    form.rule(form.y - 3, 0.5);
  };
  const facts = (rows: readonly (readonly [string, string])[]): void => {
    for (const [label, value] of rows) {
      const lines = typeface(REGULAR).lines(typeface(REGULAR).safe(value), 9, form.width - 90);
      form.need(lines.length * 13.5 + 4);
      form.line(label, form.left, form.y, 84, { ink: FAINT });
      for (const line of lines) { form.line(line, form.left + 90, form.y, form.width - 90); form.y += 13.5; }
      form.y += 3;
    }
  };
  form.line(`密钥仪式记录（${CEREMONY_NAMES[record.kind]}）`, form.left, form.y + 6, form.width, { size: 20, bold: true, align: 'center' });
  form.y += 42;
  facts([
    ['记录编号', record.number], ['单位', about.unit], ['设备编号', record.box], ['办理时间', localTime(record.at)], ['事由', record.reason], ['审批编号', record.approval ?? '无须审批'],
    ['签字', it.state === 'complete' ? '在场人员已签齐' : `尚缺 ${String(record.present.length - signatures.length)} 人`], ['验签', about.faults.length === 0 ? '已签的各项签名验证通过' : about.faults.join('；')],
  ]);
  heading('涉及的密钥（本记录不载密钥值）');
  facts(record.keys.map((one) => [EVENT_NAMES[one.event], `${KEY_NAMES[one.kind]}${one.epoch === null ? '' : `，第 ${String(one.epoch)} 期`}${one.reference === null ? '' : `，${one.reference}`}`]));
  if (record.shares !== null) {
    heading(`分量（${String(record.shares.threshold)} 份可开锁）`);
    facts(record.shares.holders.map((one) => [`第 ${String(one.index)} 份`, `${one.account}\u3000证书 ${one.certificateSerial}`]));
  }
  heading('办理与核对');
  for (const [at, text] of record.checks.entries()) form.paragraph(`${String(at + 1)}. ${text}`);
  heading('在场人员与签名');
  for (const one of record.present) {
    const signed = signatures.find(({ person }) => person === one.person);
    facts([[one.part, `${one.account}\u3000证书 ${one.certificateSerial}`], ['签字时间', signed ? localTime(signed.at) : '未签'], ['SM2 签名', signed ? signed.signature : '手签：']]);
    form.y += signed ? 2 : 22;
  }
  heading('验真');
  form.paragraph(`各人签署的是同一份规范 JSON（RFC 8785），其 SM3 摘要为 ${about.digest}。同名 .json 文件载有原文、签名（base64url 的 DER）和证书，用 openssl dgst -sm3 -verify 加 -sigopt distid:1234567812345678 可逐一核对。`, { size: 8.5, ink: FAINT });
  return form.finish(`密钥仪式记录 ${record.number}`);
}
