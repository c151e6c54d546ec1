import type { DestructionBatch, DestructionSignature } from '../../core/destruction.js';
import type { DestructionPolicy } from '../../policies/schemas/destruction.js';
import type { DestructionCertificate, DestructionOrder, Signer } from '../../secrecy/erasure.js';
import { levelName } from '../../secrecy/level.js';
import { localTime } from '../reports/document.js';
import { FAINT, Form } from '../reports/form.js';
import { REGULAR, typeface } from '../reports/typeface.js';

export interface PaperFacts {
  readonly serial: string;
  readonly unit: string;
  readonly mark: string;
  readonly rehearsal: boolean;
  readonly printedAt: string;
  readonly faults: readonly string[];
  readonly digest: string;
  readonly basis: string;
  readonly names: ReadonlyMap<string, string>;
  /** Title, 责任者, date by record; masked by the policy's level. */
  readonly titles: ReadonlyMap<string, { readonly title: string; readonly date: string }>;
}

const STATES: Readonly<Record<string, string>> = { done: '已清除', settled: '已登记处置', residue: '待处置', failed: '出错', open: '未执行', overwritten: '已覆写' };
const SETTLED: Readonly<Record<string, string>> = { medium_destroyed: '介质已销毁', removed: '已另行清除', residue: '登记残留' };

class Paper {
  constructor(readonly form: Form) {}
  title(text: string): void {
    this.form.line(text, this.form.left, this.form.y + 6, this.form.width, { size: 20, bold: true, align: 'center' });
    this.form.y += 42;
  }
  heading(text: string): void {
    this.form.y += 8;
    this.form.need(44);
    this.form.line(text, this.form.left, this.form.y, this.form.width, { size: 11, bold: true });
    this.form.y += 18;
    this.form.rule(this.form.y - 3, 0.5);
  }
  facts(rows: readonly (readonly [string, string])[], wide = 90): void {
    const { form } = this;
    for (const [label, value] of rows) {
      const lines = typeface(REGULAR).lines(typeface(REGULAR).safe(value), 9, form.width - wide);
      form.need(Math.min(lines.length, 4) * 13.5 + 4);
      form.line(label, form.left, form.y, wide - 6, { ink: FAINT });
      for (const line of lines) { form.need(14); form.line(line, form.left + wide, form.y, form.width - wide); form.y += 13.5; }
      form.y += 3;
    }
  }
  signatures(signers: readonly Signer[], signed: readonly DestructionSignature[], names: ReadonlyMap<string, string>): void {
    for (const signer of signers) {
      const one = signed.find(({ person }) => person === signer.person);
      this.facts([[signer.part, `${names.get(signer.person) ?? signer.account}（${signer.account}）\u3000证书 ${signer.certificateSerial}`], ['签字时间', one ? localTime(one.at) : '未签'], ['SM2 签名', one ? one.signature : '手签：']]);
      this.form.y += one ? 2 : 22;
    }
  }
}

const formFor = (title: string, batch: DestructionBatch, level: number, about: PaperFacts): Paper => new Paper(new Form({
  orientation: 'portrait', title, reportNo: batch.number, box: about.serial, generatedAt: about.printedAt, level, mark: about.mark, rehearsal: about.rehearsal, unit: about.unit,
}));

const proof = (paper: Paper, about: PaperFacts, box: string): void => {
  paper.heading('验真');
  paper.form.paragraph(`各人签署的是同一份规范 JSON（RFC 8785），其 SM3 摘要为 ${about.digest}。${box}同名 .json 文件载有原文、签名和证书，用 openssl dgst -sm3 -verify 加 -sigopt distid:1234567812345678 可逐一核对。${about.faults.length === 0 ? '打印时各项签名验证通过。' : `打印时发现：${about.faults.join('；')}。`}`, { size: 8.5, ink: FAINT });
};

/** 销毁清册 on A4: cover, items, signatures (办法第三十九条). */
export async function registerPdf(batch: DestructionBatch, order: DestructionOrder, about: PaperFacts): Promise<Buffer> {
  const paper = formFor('电子档案销毁清册', batch, order.level, about);
  const name = (person: string | null): string => (person === null ? '' : about.names.get(person) ?? person);
  const bytes = order.items.flatMap((item) => item.contents).reduce((sum, one) => sum + one.bytes, 0);
  paper.title('电子档案销毁清册');
  paper.facts([
    ['清册编号', order.number], ['单位', about.unit], ['全宗', order.fonds], ['最高密级', levelName(order.level)], ['数量', `${String(order.items.length)} 件，${String(order.items.reduce((sum, { contents }) => sum + contents.length, 0))} 个文件，${String(bytes)} 字节`],
    ['销毁理由', order.reason], ['依据', about.basis], ['地点', order.place], ['申请', name(order.applicant)], ['批准', `${name(order.approver)}\u3000审批编号 ${order.approval}`], ['冻结时间', localTime(order.frozenAt)],
    ['状态', batch.closedAt !== null ? `已销毁（${localTime(batch.closedAt)}）` : batch.executedAt !== null ? '正在销毁' : '待销毁'],
  ]);
  paper.heading('逐件清单');
  for (const [n, item] of order.items.entries()) {
    const told = about.titles.get(item.record);
    paper.facts([[`${String(n + 1)}`, `${item.archivalCode}\u3000${told?.title ?? ''}`], ['', `密级 ${levelName(item.level)}\u3000期限 ${item.retention ?? '—'}\u3000日期 ${told?.date ?? '—'}\u3000鉴定 ${item.appraisal ?? '—'}\u3000文件 ${String(item.contents.length)} 个 ${String(item.contents.reduce((sum, one) => sum + one.bytes, 0))} 字节`]], 34);
  }
  paper.heading('监销与执行（销毁前签字）');
  paper.signatures(order.signers, batch.orderSignatures, about.names);
  proof(paper, about, '');
  return paper.form.finish(`电子档案销毁清册 ${batch.number}`);
}

/** 销毁证明 on A4: every place with what was done there, what was found, what it proves and what it cannot. */
export async function certificatePdf(batch: DestructionBatch, it: DestructionCertificate, about: PaperFacts, policy: DestructionPolicy): Promise<Buffer> {
  const paper = formFor('电子档案销毁证明', batch, it.level, about);
  paper.title('电子档案销毁证明');
  paper.facts([
    ['编号', it.number], ['单位', about.unit], ['设备编号', it.box], ['清册摘要', it.order], ['数量', `${String(it.items)} 件，${String(it.contents)} 个文件，${String(it.bytes)} 字节`], ['开始销毁', localTime(it.executedAt)], ['复核完成', localTime(it.verifiedAt)],
    ['文件系统', it.fileSystem], ['已销毁清单', `第 ${String(it.destroyedList[0])} 至 ${String(it.destroyedList[1])} 条（每次恢复、导入时回放）`], ['墓碑', `${String(it.tombstones.length)} 件，著录元数据和管理过程依法留存`],
    ['签字', batch.closedAt === null ? '尚未签齐' : `已签齐（${localTime(batch.closedAt)}）`],
  ]);
  paper.heading('各处副本的清除与证据');
  for (const { key, name, cannot } of policy.places) {
    const steps = it.steps.filter(({ place }) => place === key);
    if (steps.length === 0) continue;
    paper.form.need(40);
    paper.form.line(`${name}（${String(steps.length)} 处）`, paper.form.left, paper.form.y, paper.form.width, { size: 9.5, bold: true });
    paper.form.y += 15;
    // Many contents are erased in one and the same way: what was done is said once, what was seen of each is said of each.
    const method = [...new Set(steps.map(({ told }) => told?.method ?? ''))].filter((text) => text !== '');
    const proves = [...new Set(steps.map(({ told }) => told?.proves ?? ''))].filter((text) => text !== '');
    paper.facts([['方法', method.join('；') || '—'], ['能证明', proves.join('；') || '—'], ...(cannot === '' ? [] : [['不能证明', cannot] as const])]);
    for (const step of steps) {
      const settlement = step.settlement === null ? '' : `；处置：${SETTLED[step.settlement.kind] ?? step.settlement.kind}，凭证 ${step.settlement.reference}，${step.settlement.note}${step.settlement.residueUntil === null ? '' : `，复核日期 ${step.settlement.residueUntil}`}（${about.names.get(step.settlement.by) ?? ''}）`;
      const before = step.before === null ? '' : `（${String(step.before.bytes)} 字节，SM3 ${step.before.sm3.slice(0, 16)}…）`;
      paper.facts([[`${String(step.seq)} ${STATES[step.state] ?? step.state}`, `${step.ref === '' ? '本机' : step.ref}${before}：${step.told?.result ?? ''}${settlement}${step.at === null ? '' : `\u3000${localTime(step.at)}`}`]]);
    }
  }
  paper.heading('复核：逐处查找，均须找不到');
  paper.facts(it.checks.map((check) => [check.passed ? '通过' : '未通过', `${check.what}：查 ${String(check.looked)}，找到 ${String(check.found)}`]));
  paper.heading('执行与监销（销毁后签字）');
  paper.signatures(it.signers, batch.certificateSignatures, about.names);
  proof(paper, about, `本机签名（DER，base64）：${batch.boxSignature ?? ''}。`);
  return paper.form.finish(`电子档案销毁证明 ${batch.number}`);
}
