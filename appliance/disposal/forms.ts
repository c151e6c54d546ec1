import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import type { DisposalPrint } from '../../policies/schemas/media-destruction.js';
import { levelName } from '../../secrecy/level.js';
import { destructionFaults, resultStatement } from '../../secrecy/media-destruction.js';
import type { MediaDestruction } from '../../secrecy/media-destruction.js';
import { localTime } from '../reports/document.js';
import type { FormHead } from '../reports/form.js';
import { bytes } from '../server/route.js';
import type { ServerCall } from '../server/route.js';
import type { DisposalLine, Evidence, StoredDisposal } from '../store/repositories/disposals.js';
import type { BatchService } from './batches.js';
import type { LineService } from './lines.js';
import type { DisposalParts, Tx } from './parts.js';
import { Sheet } from './sheet.js';
import type { Column } from './sheet.js';

interface Gathered {
  readonly one: StoredDisposal;
  readonly rows: readonly DisposalLine[];
  readonly evidence: readonly Evidence[];
  readonly names: ReadonlyMap<string, string>;
  readonly keepers: ReadonlyMap<string, string>;
  readonly unit: { readonly name: string; readonly certNo: string; readonly validTo: string; readonly designatedBy: string } | null;
  /** 保管人以外的意见: who signed the approval, when, with which words. */
  readonly opinions: readonly { readonly seat: string; readonly name: string; readonly at: Instant; readonly opinion: string }[];
  readonly printedAt: Instant;
}

/** 涉密载体销毁登记、审批表, column by column. */
const REGISTER: readonly Column[] = [
  { key: 'at', heading: '序号', width: 0.7, align: 'right' }, { key: 'tag', heading: '载体编号', width: 2.1 }, { key: 'title', heading: '名称、文号', width: 3.4 }, { key: 'level', heading: '密级', width: 1 }, { key: 'period', heading: '保密期限', width: 1.3 },
  { key: 'copies', heading: '份号/总份', width: 1.2 }, { key: 'issuedBy', heading: '制发单位', width: 1.8 }, { key: 'source', heading: '来源', width: 1.4 }, { key: 'receivedOn', heading: '收到日期', width: 1.5 }, { key: 'keeper', heading: '保管人', width: 1.1 },
  { key: 'quantity', heading: '数量', width: 0.8, align: 'right' }, { key: 'reason', heading: '待销原因', width: 1.8 }, { key: 'method', heading: '拟销方式', width: 1.9 }, { key: 'remark', heading: '备注', width: 1.6 },
];
const CERTIFICATE: readonly Column[] = [
  { key: 'at', heading: '序号', width: 0.6, align: 'right' }, { key: 'tag', heading: '载体编号', width: 2 }, { key: 'kind', heading: '种类', width: 1.2 }, { key: 'ever', heading: '曾存最高密级', width: 1.3 }, { key: 'method', heading: '销毁方式', width: 2.2 }, { key: 'outcome', heading: '结果', width: 1.6 },
];

/** 涉密载体销毁登记审批表 and 销毁证明, drawn from what is stored alone. */
export function formService(parts: DisposalParts, batches: BatchService, lines: LineService) {
  const { store, policy, unit, clock } = parts;
  const words = (steps: readonly string[], outcome: string): string => `${steps.map(batches.stepName).join('＋')}${outcome === 'reuse' ? '（清除后再利用）' : ''}`;
  const channelName = (key: string): string => policy.channels.find((one) => one.key === key)?.name ?? key;

  async function gather(tx: Tx, id: string): Promise<Gathered> {
    const one = await batches.found(tx, id);
    const { it } = one;
    const { rows } = await batches.ofBatch(tx, it);
    const keepers = new Map<string, string>();
    for (const line of rows) keepers.set(line.id, await parts.nameOf(line.owner));
    const names = new Map<string, string>();
    for (const person of peopleOf(it)) names.set(person, await parts.nameOf(person));
    const sent = 'plan' in it && it.plan.unit !== null ? await tx.media.destroyer(it.plan.unit) : undefined;
    const approval = 'approval' in it ? await tx.approvals.get(it.approval) : undefined;
    const opinions = await Promise.all((approval?.it.signatures ?? []).map(async (sign) => ({ seat: approval?.it.seats[sign.seat]?.name ?? '', name: await parts.nameOf(sign.person), at: sign.at, opinion: `${sign.verdict === 'grant' ? '同意' : '不同意'}。${sign.opinion}` })));
    return {
      one, rows, evidence: await tx.disposals.evidenceOf(it.id), names, keepers, opinions, printedAt: clock.now(),
      unit: sent === undefined ? null : { name: sent.facts.name, certNo: sent.facts.certNo, validTo: sent.validTo, designatedBy: sent.facts.designatedBy ?? '' },
    };
  }

  function peopleOf(it: MediaDestruction): readonly string[] {
    const people = new Set([it.openedBy.person]);
    if ('count' in it) people.add(it.count.by.person);
    if ('plan' in it) for (const one of [it.plan.applicant, it.plan.executor, ...it.plan.witnesses]) people.add(one.person);
    if ('isolation' in it) people.add(it.isolation.by);
    if ('release' in it) for (const one of [it.release.by, ...it.release.escorts]) people.add(one);
    return [...people];
  }

  const head = ({ one, printedAt }: Gathered, title: string, orientation: FormHead['orientation']): FormHead => ({
    orientation, title, reportNo: one.it.no, box: unit.serial, generatedAt: printedAt, level: one.it.level, mark: levelName(one.it.level), rehearsal: unit.rehearsal, unit: unit.name,
  });

  /** 涉密载体销毁登记/审批表 */
  async function register(all: Gathered): Promise<Buffer> {
    const { it } = all.one;
    const sheet = new Sheet(head(all, '涉密载体销毁登记审批表', 'landscape'));
    const name = (person: string): string => all.names.get(person) ?? '';
    const plan = 'plan' in it ? it.plan : null;
    sheet.table('登记', REGISTER, all.rows.map((line, n) => {
      const method = plan?.methods.find((one) => one.line === line.id);
      return {
        at: n + 1, tag: line.sheet.tag, title: line.sheet.title, level: levelName(line.level), period: line.sheet.secrecyPeriod ?? '', copies: `${String(line.sheet.copyNo)}/${String(line.sheet.totalCopies)}`, issuedBy: line.sheet.issuedBy ?? unit.name, source: line.sheet.source,
        receivedOn: line.sheet.receivedOn ?? '', keeper: all.keepers.get(line.id) ?? '', quantity: line.sheet.quantity, reason: `${lines.reasonName(line.sheet.reason)}${line.sheet.broken ? '，故障' : ''}`, method: method === undefined ? '' : words(method.steps, method.outcome), remark: line.sheet.remark ?? '',
      };
    }));
    sheet.heading('清点、审批');
    sheet.cells([
      { label: '申请人、日期', value: plan === null ? `${name(it.openedBy.person)}（登记），${it.openedOn}` : `${name(plan.applicant.person)}，${it.openedOn}` },
      { label: '销毁方式', value: plan === null ? '' : plan.manner === 'send' ? '送销' : `自销。急需理由：${plan.urgency ?? ''}` },
      { label: '送销单位及资质', value: all.unit === null ? '' : `${all.unit.name}；资质 ${all.unit.certNo}，有效期至 ${all.unit.validTo}；${all.unit.designatedBy}`, wide: true },
      { label: '清点核对、保密意见', value: 'count' in it ? `账物相符，共 ${String(all.rows.length)} 件。${it.count.opinion}。${name(it.count.by.person)}，${localTime(it.count.at)}` : '', wide: true },
      ...(all.opinions.length === 0 ? [{ label: '主管领导审批', value: '', wide: true, room: 26 }] : all.opinions.map((one) => ({ label: '主管领导审批', value: `${one.opinion}。${one.name}（${one.seat}），${localTime(one.at)}`, wide: true }))),
      ...(plan?.consentNo == null ? [] : [{ label: '上级批准文号', value: plan.consentNo, wide: true }]),
    ]);
    sheet.heading('送出、监销');
    sheet.cells([
      { label: '隔离存放', value: 'isolation' in it ? `${it.isolation.place}，封签 ${it.isolation.sealNo}，限 ${it.isolation.dueOn} 前销毁` : '', wide: true },
      { label: '送出时间与护送人', value: 'release' in it ? `${localTime(it.release.at)}，${channelName(it.release.channel)}${it.release.escorts.length > 0 ? `：${it.release.escorts.map(name).join('、')}` : ''}，封签 ${it.release.sealNo}，送至 ${it.release.destination}` : '', wide: true },
      { label: '执行人、销毁人', value: plan === null ? '' : `${name(plan.executor.person)}${'result' in it ? `、${it.result.destroyedBy}` : ''}` },
      { label: '监销人', value: plan === null ? '' : plan.witnesses.map(({ person }) => name(person)).join('、') },
      { label: '销毁时间地点', value: 'result' in it ? `${localTime(it.result.finishedAt)}，${it.result.place}` : '' },
      { label: '凭证号', value: 'result' in it ? it.result.voucherNo ?? '' : '' },
      { label: '影像留存号', value: all.evidence.map(({ kind, sm3 }) => `${KINDS[kind]} ${sm3.slice(0, 16)}`).join('；'), wide: true },
      { label: '备注', value: 'result' in it ? [it.result.remark, ...it.result.failed.map(({ line, why }) => `${all.rows.find(({ id }) => id === line)?.sheet.tag ?? ''} 未销毁：${why}`)].filter(Boolean).join('；') : '', wide: true },
    ]);
    if (!('signatures' in it)) sheet.cells([{ label: '执行人签字', value: ' ', room: 20 }, { label: '监销人签字', value: ' ', room: 20 }]);
    sheet.note('依据：办法第四十三条，保密法实施条例第二十八条。本表长期保存备查；方法表中未与国家保密标准核对的数值仅作参考。');
    return sheet.finish(`${it.no}，共 ${String(all.rows.length)} 件`);
  }

  /** 销毁证明: what was done, who signed it, and what it cannot prove. */
  async function certificate(all: Gathered): Promise<Buffer> {
    const { it } = all.one;
    if (it.state !== 'closed') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'certificate' }, [{ at: '/form', message: '监销签齐并注销之后才能出具销毁证明' }]);
    const name = (person: string): string => all.names.get(person) ?? '';
    const sheet = new Sheet({ ...head(all, '涉密载体销毁证明', 'portrait'), reportNo: it.certificate });
    const faults = destructionFaults(it, policy, batches.verifyKept(all.one));
    sheet.cells([
      { label: '证明编号', value: it.certificate }, { label: '批次', value: it.no }, { label: '审批编号', value: it.approval, wide: true }, { label: '方式', value: it.plan.manner === 'send' ? `送销：${all.unit?.name ?? ''}（资质 ${all.unit?.certNo ?? ''}）` : '自行销毁', wide: true },
      { label: '销毁时间', value: localTime(it.result.finishedAt) }, { label: '销毁地点', value: it.result.place }, { label: '销毁人', value: it.result.destroyedBy }, { label: '凭证号', value: it.result.voucherNo ?? '' },
      { label: '数量', value: `${String(it.result.lines.length)} 件${it.result.failed.length > 0 ? `，另 ${String(it.result.failed.length)} 件未销毁，退回待销` : ''}` }, { label: '注销时间', value: localTime(it.closedAt) },
    ]);
    sheet.heading('载体');
    sheet.table('载体', CERTIFICATE, it.result.lines.map((line, n) => ({ at: n + 1, tag: line.no, kind: lines.kindName(line.kind), ever: levelName(line.maxLevelEver), method: words(line.steps, 'destroy'), outcome: line.outcome === 'reuse' ? '已清除，转再利用' : '已销毁' })));
    sheet.heading('签字');
    sheet.cells(it.signatures.flatMap((sign, n) => [
      { label: n === 0 ? '执行人' : `监销人${String(n)}`, value: `${name(sign.person)}，${localTime(sign.at)}，证书 ${sign.certificateSerial}`, wide: true }, { label: 'SM2 签名', value: sign.signature, wide: true },
    ]));
    sheet.cells([{ label: '验签', value: faults.length === 0 ? '各项签名以两套独立算法实现验证通过' : faults.join('；'), wide: true }]);
    sheet.heading('证据（SM3 摘要，原件封存于本机）');
    sheet.cells(all.evidence.map((one) => ({ label: KINDS[one.kind] ?? '', value: one.sm3, wide: true })));
    sheet.note('验真：同批次的签名文件（JSON）载有每人签署的原文、签名（base64url 的 DER）和证书，用 openssl dgst -sm3 -verify 加 -sigopt distid:1234567812345678 可逐一核对。');
    sheet.note('本证明所能证明的：上列载体经清点、审批、隔离后交付销毁，由所列人员在场并各以本人密钥签字。不能证明的：残留物的实际尺寸与残磁，应以销毁单位凭证和设备检测证书为准；覆写日志对曾存国家秘密的载体不构成销毁。');
    return sheet.finish(`销毁证明 ${it.certificate}`);
  }

  return {
    async print(call: ServerCall, input: DisposalPrint) {
      const all = await store.read(call, async (tx) => {
        const gathered = await gather(tx, input.disposal);
        tx.audit({ action: call.act, object: input.disposal, objectType: 'disposal', objectLevel: gathered.one.it.level, detail: { form: input.form } });
        return gathered;
      });
      const { it, certificates } = all.one;
      if (input.form === 'signatures') {
        if (!('signatures' in it)) throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'signatures' });
        const signed = it.signatures.map((sign, n) => ({ ...sign, part: n === 0 ? 'executor' : 'witness', statement: resultStatement(it, it.result, sign, n === 0 ? 'executor' : 'witness') }));
        return bytes('application/json', Buffer.from(`${JSON.stringify({ no: it.no, state: it.state, signatures: signed, certificates }, null, 2)}\n`), { fileName: `${it.no}-签名.json` });
      }
      const pdf = input.form === 'register' ? await register(all) : await certificate(all);
      return bytes('application/pdf', pdf, { fileName: `${all.one.it.no}-${input.form === 'register' ? '登记审批表' : '销毁证明'}.pdf` });
    },
  };
}
const KINDS: Readonly<Record<string, string>> = { photo: '影像', voucher: '凭证', log: '覆写日志', other: '其他' };
export type FormService = ReturnType<typeof formService>;
