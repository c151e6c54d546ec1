import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';
import { Duty } from './secrecy.js';

const closed = { additionalProperties: false } as const;
const Source = Type.String({ minLength: 1, description: '依据' });
const Text = (max: number, description: string, min = 1) => Type.String({ minLength: min, maxLength: max, description });
const Day = (description: string) => Type.String({ format: 'date', description });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Version = Type.Integer({ minimum: 1, description: '页面上所见的版本' });

export const OutputKind = Type.Union([Type.Literal('print'), Type.Literal('burn'), Type.Literal('export')], { description: '打印、刻录、导出' });
export type OutputKind = Static<typeof OutputKind>;
/** 带水印的页面图像, or the files as they are held. */
export const OutputForm = Type.Union([Type.Literal('pictures'), Type.Literal('originals')], { description: '页面图像（每页水印）、原文件' });
export type OutputForm = Static<typeof OutputForm>;

const OutputLevel = Type.Object({
  level: Type.Integer({ minimum: 0, maximum: 4 }),
  open: Type.Boolean({ description: '本级是否准许输出' }),
  consent: Type.Boolean({ description: '须登记原定密机关或其上级的同意文号' }),
  otherIssuer: Type.Boolean({ description: '出件人不得为申请人' }),
  returns: Type.Boolean({ description: '须归还或交销' }),
  machine: Type.Boolean({ description: '打印、刻录须用已登记且密级足够的打印机、刻录机' }),
  seats: Type.Array(Type.Object({ name: Type.String({ minLength: 2 }), duties: Type.Array(Duty, { minItems: 1, uniqueItems: true }) }, closed), { minItems: 1, maxItems: 4 }),
  source: Source,
}, closed);

/** `policies/outputs.json` */
export const OutputsFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$', description: '版本,年-月' }),
  source: Type.Array(Source, { minItems: 1 }),
  kinds: Type.Array(Type.Object({ key: OutputKind, name: Type.String({ minLength: 1 }), prefix: Type.String({ pattern: '^[A-Z]{2}$' }), forms: Type.Array(OutputForm, { minItems: 1, uniqueItems: true }) }, closed), { minItems: 3, maxItems: 3 }),
  levels: Type.Array(OutputLevel, { minItems: 5, maxItems: 5 }),
  hours: Type.Integer({ minimum: 1, maximum: 720, description: '审批时限,小时' }),
  issueWithinDays: Type.Integer({ minimum: 1, maximum: 30, description: '批准后几天内出件' }),
  keepAtMostDays: Type.Integer({ minimum: 1, maximum: 366, description: '副本最长留用天数' }),
  most: Type.Object({
    copies: Type.Integer({ minimum: 1, maximum: 999 }), records: Type.Integer({ minimum: 1, maximum: 500 }), pages: Type.Integer({ minimum: 1, maximum: 2000, description: '每份页数' }),
    pictureBytes: Type.Integer({ minimum: 1_000_000, description: '每份页面图像字节数' }), burnBytes: Type.Integer({ minimum: 1_000_000, description: '每盘字节数' }),
  }, closed),
  page: Type.Object({ widthPixels: Type.Integer({ minimum: 800, maximum: 3000 }), quality: Type.Integer({ minimum: 60, maximum: 100 }) }, closed),
}, { $id: 'policies.outputs', ...closed });
export type OutputsFile = Static<typeof OutputsFile>;

const OutputState = Type.Union([
  Type.Literal('requested'), Type.Literal('approved'), Type.Literal('refused'), Type.Literal('lapsed'), Type.Literal('issued'), Type.Literal('closed'), Type.Literal('overdue'),
], { description: '状态；overdue 只列逾期未还' });

export const OutputList = Type.Object({ ...paging, state: Type.Optional(OutputState), kind: Type.Optional(OutputKind) }, { $id: 'output.list', ...closed });
export type OutputList = Static<typeof OutputList>;
export const OutputShow = Type.Object({ output: Id('输出单') }, { $id: 'output.show', ...closed });
export type OutputShow = Static<typeof OutputShow>;

/** 申请输出: by 档号; entered at the level of the session, which must be the highest of the contents. */
export const OutputRequest = Type.Object({
  kind: OutputKind, form: OutputForm,
  codes: Type.Array(Text(120, '档号'), { minItems: 1, maxItems: 500, uniqueItems: true, description: '档号或电子文件号' }),
  copies: Type.Integer({ minimum: 1, maximum: 999, description: '份数' }),
  purpose: Text(300, '用途', 2),
  keepUntil: Day('应还日期'),
  consentNo: Type.Optional(Text(80, '同意文号')), consentBy: Type.Optional(Text(100, '同意机关')),
  use: Type.Optional(Id('利用单；凭利用单阅览的档案必填')),
  extracts: Type.Optional(Type.Array(Type.Object({ code: Text(120, '档号'), from: Type.Integer({ minimum: 1, maximum: 9999, description: '起页' }), to: Type.Integer({ minimum: 1, maximum: 9999, description: '止页' }) }, closed), { minItems: 1, maxItems: 50, description: '摘录：只出这些页' })),
}, { $id: 'output.request', ...closed });
export type OutputRequest = Static<typeof OutputRequest>;

const issuing = { output: Id('输出单'), seenVersion: Version };
const Machine = Type.Optional(Text(30, '打印机、刻录机设备编号'));
export const OutputPrint = Type.Object({ ...issuing, machineNo: Machine }, { $id: 'output.print', ...closed });
export type OutputPrint = Static<typeof OutputPrint>;
export const OutputBurn = Type.Object({ ...issuing, carrierNo: Text(40, '光盘编号'), machineNo: Machine }, { $id: 'output.burn', ...closed });
export type OutputBurn = Static<typeof OutputBurn>;
export const OutputExport = Type.Object({ ...issuing, carrierNo: Text(40, '载体编号'), deviceNo: Text(30, '设备编号'), folder: Text(500, '设备挂载目录') }, { $id: 'output.export', ...closed });
export type OutputExport = Static<typeof OutputExport>;

/** 归还入柜, or 交销: set aside to be destroyed. */
export const OutputReturn = Type.Object({
  output: Id('输出单'), copy: Type.Integer({ minimum: 1, maximum: 999, description: '份号' }), end: Type.Union([Type.Literal('file'), Type.Literal('condemn')], { description: '归还入柜、交销' }),
  place: Text(100, '存放位置'), reason: Text(300, '说明', 2), seenVersion: Version,
}, { $id: 'output.return', ...closed });
export type OutputReturn = Static<typeof OutputReturn>;

/** 副本清单 of one record, or of the records of one 定密事项. */
export const OutputCopies = Type.Object({ record: Type.Optional(Id('档案')), classification: Type.Optional(Id('定密事项')) }, { $id: 'output.copies', ...closed });
export type OutputCopies = Static<typeof OutputCopies>;
export const OutputTrace = Type.Object({ code: Type.String({ minLength: 4, maxLength: 40, description: '溯源码' }) }, { $id: 'output.trace', ...closed });
export type OutputTrace = Static<typeof OutputTrace>;
