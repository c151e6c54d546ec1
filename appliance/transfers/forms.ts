import type { Handover, TransferBatch } from '../../core/transfer.js';
import type { Level } from '../../core/ports.js';
import { levelName } from '../../secrecy/level.js';
import { readReceipt } from '../../secrecy/transfer-receipt.js';
import type { Box } from '../box.js';
import { localTime } from '../reports/document.js';
import type { FormHead } from '../reports/form.js';
import type { Repositories } from '../store/repositories/index.js';
import type { SealOrder, StoredTransfer, TransferRun } from '../store/repositories/transfers.js';
import type { Gathered, Item } from './gathering.js';
import { listRow } from './lists.js';
import { Paper } from './paper.js';

/** What every form of one batch is made of. */
export interface FormFacts {
  readonly it: TransferBatch;
  readonly items: readonly Item[];
  readonly level: Level;
  readonly mark: string;
  readonly packageNo: string;
  readonly handoverNo: string;
  readonly counterpart: string;
  readonly mediumNo: string;
  readonly mediumType: string;
  readonly capacity: string;
  readonly reportNo: string;
  readonly bytes: number;
  readonly volumes: readonly { readonly name: string; readonly digest: string; readonly bytes: number }[];
  readonly signers: readonly { readonly name: string; readonly at: string }[];
  readonly received: { readonly unit: string; readonly receiptNo: string; readonly outcome: string; readonly at: string; readonly names: readonly string[]; readonly defects: readonly string[] } | null;
}

const GIGA = 1_000_000_000;
/** 以 GB 计，保留 3 位小数 */
export const gigabytes = (bytes: number): string => (bytes / GIGA).toFixed(3);
/** Left open for a hand: blanks alone would be closed up. */
const DATE_LINE = '______年____月____日';
const OPINIONS = { open: '到期开放', controlled: '控制使用', deferred: '延期开放' } as const;
const FOI = { active: '主动公开', on_request: '依申请公开', not_public: '不予公开', not_applicable: '不属于政府信息' } as const;

function head(box: Box, facts: FormFacts, title: string, orientation: FormHead['orientation']): FormHead {
  return { orientation, title, reportNo: facts.it.number, box: box.identity.serial, generatedAt: box.clock.now(), level: facts.level, mark: facts.mark, rehearsal: box.profile.rehearsal, unit: box.profile.unitName };
}

/** 电子档案移交与接收登记表, after the annex of 《电子档案移交与接收办法》(2012). The receiver's side is empty until there is a receipt. */
export async function registrationForm(box: Box, facts: FormFacts): Promise<Buffer> {
  const { it, items, received } = facts;
  const paper = new Paper(head(box, facts, '电子档案移交与接收登记表', 'portrait'), '电子档案移交与接收登记表', `批次 ${it.number} 交接单号 ${facts.handoverNo === '' ? '—' : facts.handoverNo}`);
  paper.pairs(['交接工作名称', it.plan.taskName]);
  paper.pairs(['内容描述', it.plan.contentDescription]);
  paper.pairs(['移交电子档案数量', `文件总数 ${String(items.length)} 件；案卷总数 0 卷`], ['移交数据量', `${gigabytes(facts.bytes)} GB`]);
  paper.pairs(['载体起止顺序号', facts.mediumNo === '' ? '—' : facts.volumes.length > 1 ? `${facts.mediumNo}（1 至 ${String(facts.volumes.length)}）` : `${facts.mediumNo} 至 ${facts.mediumNo}`], ['移交载体类型、规格', it.plan.mode === 'dedicated_network' ? '在线' : `${facts.mediumType} ${facts.capacity}`]);
  const tested = it.plan.mediumTest;
  const checks: readonly (readonly [string, string])[] = [
    ['准确性检验', `四性检测 ${facts.reportNo}：真实性合格`], ['完整性检验', `四性检测 ${facts.reportNo}：完整性合格，件数、字节数与清单相符`], ['可用性检验', `四性检测 ${facts.reportNo}：可用性合格，无加密、无压缩`],
    ['安全性检验', `四性检测 ${facts.reportNo}：安全性合格，未检出病毒`], ['载体外观检验', tested === null ? '' : `${tested.on} ${tested.method}，${tested.qualified ? '合格' : '不合格'}`],
  ];
  paper.row([{ text: '检验内容', wide: 1.3, head: true }, { text: `移交单位：${box.profile.unitName}`, wide: 3.7, head: true }, { text: `接收单位：${facts.counterpart}`, wide: 3.7, head: true }]);
  const theirs = received === null ? '' : received.outcome === 'accepted' ? '合格' : `不合格项：${received.defects.join('、')}`;
  for (const [name, ours] of checks) paper.row([{ text: name, wide: 1.3, head: true }, { text: facts.reportNo === '' ? '' : ours, wide: 3.7 }, { text: theirs, wide: 3.7 }]);
  const [first, second] = facts.signers;
  const people = received?.names ?? [];
  paper.row([{ text: '填表人（签名）', wide: 1.3, head: true, least: 34 }, { text: first === undefined ? '' : `${first.name} ${localTime(first.at)}`, wide: 3.7 }, { text: people[0] ?? '', wide: 3.7 }]);
  paper.row([{ text: '审核人（签名）', wide: 1.3, head: true, least: 34 }, { text: second === undefined ? '' : `${second.name} ${localTime(second.at)}`, wide: 3.7 }, { text: people[1] ?? '', wide: 3.7 }]);
  paper.row([{ text: '单位（印章）', wide: 1.3, head: true, least: 70 }, { text: DATE_LINE, wide: 3.7, align: 'right' }, { text: received === null ? DATE_LINE : `接收凭证 ${received.receiptNo}\n${localTime(received.at)}`, wide: 3.7, align: received === null ? 'right' : 'left' }]);
  paper.pairs(['份数', '一式三份：移交单位、接收单位各一份，备查一份']);
  paper.heading('数字摘要表');
  paper.table([['载体编号', 1.6], ['描述', 2.2], ['摘要值', 4], ['容量（GB）', 1.3], ['摘要算法', 1]], facts.volumes.map(({ name, digest, bytes }) => [facts.mediumNo, name, digest, gigabytes(bytes), 'SM3']));
  return paper.finish(`移交包 ${facts.packageNo === '' ? '未封装' : facts.packageNo}`);
}

/** 涉密载体交接单. */
export async function handoverPaper(box: Box, facts: FormFacts, handover: Handover, channel: string): Promise<Buffer> {
  const { form, signatures } = handover;
  const paper = new Paper(head(box, facts, facts.level >= 2 ? '涉密载体交接单' : '载体交接单', 'portrait'), facts.level >= 2 ? '涉密载体交接单' : '载体交接单', `交接单号 ${form.handoverNo}`);
  paper.pairs(['交接单号', form.handoverNo], ['关联移交批次', form.batchNo]);
  paper.pairs(['载体编号', form.mediumNo], ['载体名称', `移交包 ${form.packageNo}`]);
  paper.pairs(['数量', `${String(form.quantity)} 件`], ['套次', form.setNo]);
  const [, period = ''] = form.mark.split('★');
  paper.pairs(['密级', levelName(form.level)], ['保密期限', period === '' ? '—' : period]);
  paper.pairs(['知悉范围', form.level >= 2 ? '按包内各件标志所载知悉范围' : '—']);
  paper.pairs(['包装', form.packaging], ['封签号', form.sealNos.length === 0 ? '—' : form.sealNos.join('、')]);
  paper.pairs(['传递方式', channel], ['应送达日期', form.dueOn]);
  paper.pairs(['发出单位', form.from], ['发出人、时间', facts.signers.length === 0 ? '' : facts.signers.map(({ name, at }) => `${name} ${localTime(at)}`).join('；')]);
  paper.pairs(['护送人', form.couriers.map(({ name }) => name).join('、')], ['件数', `${String(form.records)} 件`]);
  paper.pairs(['接收单位', `${form.to}（设备 ${form.toBox}）`], ['接收人、时间', facts.received === null ? '' : `${facts.received.names.join('、')} ${localTime(facts.received.at)}`]);
  paper.row([{ text: '核对结果', wide: 1.3, head: true, least: 46 }, { text: facts.received === null ? '件数：______ 封签：______ 密级：______ 摘要：______' : `件数、封签、密级、摘要已核对；接收凭证 ${facts.received.receiptNo}，${facts.received.outcome === 'accepted' ? '接收' : `退回（${facts.received.defects.join('、')}）`}`, wide: 7.4 }]);
  paper.row([{ text: '备注、异常', wide: 1.3, head: true, least: 40 }, { text: form.remark, wide: 7.4 }]);
  paper.heading('封装件');
  paper.table([['名称', 2.6], ['摘要（SM3）', 5]], form.volumes.map(({ name, digest }) => [name, digest]));
  paper.heading('发出方双人签名（SM2）');
  for (const [at, one] of signatures.entries()) paper.pairs([facts.signers[at]?.name ?? '', `${localTime(one.at)} 证书 ${one.certificateSerial}\n${one.signature}`]);
  if (signatures.length < 2) paper.paragraph(`尚缺 ${String(2 - signatures.length)} 人签字，签齐前载体不得离开。`);
  return paper.finish(`交接单 ${form.handoverNo}`);
}

/** 移交清单 (第二十四条), landscape. */
export async function listForm(box: Box, facts: FormFacts): Promise<Buffer> {
  const paper = new Paper(head(box, facts, '移交清单', 'landscape'), '移交清单', `批次 ${facts.it.number} 接收单位 ${facts.counterpart} 共 ${String(facts.items.length)} 件`);
  paper.table([['序号', 0.7], ['档号', 3.2], ['题名', 3], ['责任者', 1.2], ['日期', 1.5], ['密级', 0.8], ['保密期限', 1.1], ['保管期限', 1.1], ['文件/页', 1], ['字节', 1], ['载体编号', 1.9], ['开放意见', 1.1], ['备注', 0.7]], facts.items.map((item) => {
    const row = listRow(item, facts.mediumNo);
    return [String(row.no), row.archivalCode, row.title, row.author, row.date, levelName(row.level), row.secrecyPeriod, row.retention, `${String(row.files)}/${row.pages === null ? '—' : String(row.pages)}`, String(row.bytes), row.mediumNo, row.openOpinion === null ? '' : OPINIONS[row.openOpinion], row.remark];
  }));
  paper.y += 14;
  paper.pairs(['移交单位（章）', ''], ['接收单位（章）', '']);
  return paper.finish(`批次 ${facts.it.number}`);
}

/** 三附件 (第二十五条第四项), one table each. */
export async function attachmentForm(box: Box, facts: FormFacts): Promise<Buffer> {
  const paper = new Paper(head(box, facts, '移交附件', 'landscape'), '移交附件', `批次 ${facts.it.number} 共 ${String(facts.items.length)} 件`);
  const code = ({ record }: Item): string => record.archivalCode ?? record.electronicRecordCode;
  paper.heading('一、到期开放意见');
  paper.table([['档号', 2.6], ['期满年度', 0.9], ['开放意见', 1], ['理由', 3.4], ['审核人', 1.4], ['审核日期', 1.1]], facts.items.map((item) => {
    const one = item.row.openOpinion;
    return [code(item), ...(one === null ? ['', '', '', '', ''] : [String(one.dueOpenYear), OPINIONS[one.opinion], one.reason, one.opinionBy, one.opinionOn])];
  }));
  paper.heading('二、政府信息公开情况');
  paper.table([['档号', 2.6], ['公开状态', 1.4], ['依据', 3.4], ['公开日期', 1.1], ['公开渠道', 1.9]], facts.items.map((item) => {
    const one = item.row.foiStatus;
    return [code(item), ...(one === null ? ['', '', '', ''] : [FOI[one.status], one.basis, one.publishedOn ?? '—', one.channel ?? '—'])];
  }));
  paper.heading('三、密级变更情况');
  paper.table([['档号', 2.4], ['原标志', 1.3], ['现标志', 1.3], ['变更经过', 3.2], ['解密日期', 1], ['审核日期', 1], ['核对人', 1.2]], facts.items.map((item) => {
    const one = item.row.classificationChange;
    if (one === null) return [code(item), '', '', '', '', '', ''];
    const known = one.facts;
    const text = (key: string): string => { const value = known[key]; return typeof value === 'string' ? value : '—'; };
    const changes = Array.isArray(known['changes']) ? (known['changes'] as readonly { readonly text: string }[]).map((change) => change.text).join('；') : '';
    return known['classified'] === true
      ? [code(item), text('originalMark'), text('currentMark'), changes === '' ? '未变更' : changes, text('declassifiedOn'), text('reviewOn'), one.reviewer]
      : [code(item), '—', levelName(item.record.level), '未曾定密', '—', '—', one.reviewer];
  }));
  return paper.finish(`批次 ${facts.it.number}`);
}

export interface FormContext { readonly order: SealOrder | null; readonly mediumNo: string; readonly mediumKind: string; readonly mark: string; readonly run: TransferRun | null; readonly nameOf: (person: string) => Promise<string> }

/** Gathers what the forms print, as the batch stands now. */
export async function formFacts(box: Box, tx: Repositories, { it }: StoredTransfer, gathered: Gathered, { order, mediumNo, mediumKind, mark, run, nameOf }: FormContext): Promise<FormFacts> {
  const packed = 'sealed' in it ? it.sealed : null;
  const handover = 'handover' in it ? it.handover : null;
  const file = await tx.transfers.receipt(it.id);
  const receipt = file === undefined ? undefined : readReceipt(file);
  return {
    it, items: gathered.items, level: gathered.facts.level, mark, packageNo: packed?.packageNo ?? order?.packageNo ?? '', handoverNo: packed?.handoverNo ?? order?.handoverNo ?? '',
    counterpart: (await tx.counterparts.get(it.plan.counterpart))?.card.unit ?? '', mediumNo, mediumType: box.policies.content('carriers.json').kinds.find(({ key }) => key === mediumKind)?.name ?? '', capacity: order?.capacity ?? '',
    reportNo: run?.reportNo ?? '', bytes: gathered.items.reduce((sum, { files }) => sum + files.reduce((all, one) => all + one.bytes, 0), 0), volumes: packed?.volumes ?? [],
    signers: await Promise.all((handover?.signatures ?? []).map(async (one) => ({ name: await nameOf(one.person), at: one.at }))),
    received: receipt === undefined ? null : { unit: receipt.body.receiver.unit, receiptNo: receipt.body.receiptNo, outcome: receipt.body.outcome, at: receipt.body.decidedAt, names: receipt.receivers.map(({ name }) => name), defects: receipt.body.defects },
  };
}

/** What travels with the package: list, attachments and the registration form, filled in on the sender's side. */
export async function formFiles(box: Box, tx: Repositories, stored: StoredTransfer, gathered: Gathered, context: FormContext): Promise<readonly { readonly name: string; readonly content: Uint8Array }[]> {
  const facts = await formFacts(box, tx, stored, gathered, context);
  return [
    { name: '登记表/移交与接收登记表.pdf', content: await registrationForm(box, facts) }, { name: '登记表/移交清单.pdf', content: await listForm(box, facts) }, { name: '登记表/移交附件.pdf', content: await attachmentForm(box, facts) },
  ];
}
