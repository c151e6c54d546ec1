/** 载体与专用设备 as the box shows them. */
import type { Page } from './api.js';

export type MoveKind = 'file' | 'lend' | 'return' | 'carry-out' | 'arrive' | 'give-back' | 'condemn' | 'find' | 'report';
export interface CarrierRow {
  readonly id: string; readonly no: string; readonly kind: string; readonly kindName: string; readonly state: string; readonly level: number; readonly cap: number; readonly maxLevelEver: number; readonly overCap: boolean; readonly title: string;
  readonly copyNo: number; readonly totalCopies: number; readonly place: string | null; readonly inventoriedOn: string; readonly inventoryOverdue: boolean; readonly holderName: string | null; readonly dueOn: string | null; readonly late: boolean;
  readonly reportBy: string | null; readonly reported: { readonly to: string; readonly no: string; readonly at: string } | null; readonly reportLate: boolean; readonly version: number;
}
export interface Carriers extends Page<CarrierRow> { readonly kinds: readonly { readonly key: string; readonly name: string; readonly worm: boolean }[]; readonly systemLevel: number; readonly inventoryMonths: number }
export interface CarrierShown extends CarrierRow {
  readonly facts: Readonly<Record<string, string | number | boolean | undefined>>; readonly mark: string; readonly registeredAt: string; readonly registeredByName: string; readonly reportHours: number; readonly reportSource: string;
  readonly contents: readonly { readonly record: string; readonly code: string; readonly level: number; readonly state: string }[];
  /** What lay on it until it was destroyed. */
  readonly ended: readonly { readonly record: string; readonly code: string; readonly level: number; readonly state: string }[];
  readonly history: readonly { readonly seq: number; readonly at: string; readonly byName: string; readonly event: string; readonly approval: string | null; readonly told: Readonly<Record<string, unknown>> }[];
}
export interface Counted {
  readonly expected: number; readonly present: number; readonly missing: number; readonly unexpected: number; readonly misplaced: number;
  readonly differences: { readonly missing: readonly string[]; readonly unexpected: readonly string[]; readonly misplaced: readonly { readonly no: string; readonly place: string | null; readonly found: string }[] };
}

/** What an officer may begin in each state; the box decides again. */
export const EVENTS: Readonly<Record<string, readonly MoveKind[]>> = {
  registered: ['file', 'lend', 'condemn'], in_use: ['return', 'carry-out'], in_custody: ['file', 'lend', 'carry-out', 'give-back', 'condemn'], in_transit: ['arrive', 'give-back'], lost: ['report', 'find'],
};
export const EVENT_NAMES: Readonly<Record<string, string>> = {
  register: '登记', file: '入柜', lend: '借出', return: '归还', 'carry-out': '携带外出', arrive: '带回', 'give-back': '清退', condemn: '转为待销', find: '找回', report: '登记已报告', load: '登记所载档案', spare: '撤销待销', destroy: '销毁注销', reuse: '清除后再利用', 'migrated-from': '内容已迁出', 'migrated-to': '内容已迁入', inventory: '盘点', lose: '报失',
};
export const FIELD_NAMES: Readonly<Record<string, string>> = {
  receivedFrom: '来文单位', receivedOn: '收到日期', formerNo: '原编号、文号', batch: '批次', secrecyPeriod: '保密期限', expiresOn: '期限届满日', brand: '品牌型号', serial: '序列号', capacity: '容量', sealNo: '封签号', madeBy: '制作单位', madeOn: '制作日期', remark: '备注',
};

export interface DeviceRow {
  readonly id: string; readonly no: string; readonly kind: string; readonly kindName: string; readonly state: string; readonly certifiedLevel: number; readonly certValidTo: string; readonly lastCheckOn: string; readonly boundUserName: string | null;
  readonly boundDepartment: string | null; readonly lastUsedAt: string | null; readonly certificateSerial: string; readonly facts: Readonly<Record<string, string | null>>; readonly faults: readonly string[]; readonly version: number;
}
export interface Devices extends Page<DeviceRow> { readonly kinds: readonly { readonly key: string; readonly name: string; readonly keyed: boolean }[]; readonly departments: readonly { readonly id: string; readonly name: string }[]; readonly systemLevel: number; readonly checkMonths: number }
export interface DeviceShown extends DeviceRow { readonly certificate: string; readonly history: readonly { readonly seq: number; readonly at: string; readonly byName: string; readonly event: string; readonly reason: string }[] }
export const DEVICE_FAULTS: Readonly<Record<string, string>> = { suspended: '已停用', expired: '检测证书已过期', unchecked: '超期未检查' };
