import { ArchiveError } from '../core/errors.js';
import type { CalendarDate } from '../core/ports.js';
import type { Level } from './level.js';

/** 涉密专用设备 (办法第四十二条): what a certificate says it may be used for, and who is bound to it. */
export interface DeviceStanding {
  readonly id: string;
  readonly state: 'in_use' | 'suspended';
  /** 检测证书有效期至, the last good day. */
  readonly certValidTo: CalendarDate;
  readonly certifiedLevel: Level;
  readonly boundUser: string | null;
  readonly boundDepartment: string | null;
  readonly lastCheckOn: CalendarDate;
}
export interface DeviceUse { readonly level: Level; readonly person: string; readonly departments: readonly string[]; readonly today: CalendarDate; readonly checkedSince: CalendarDate }

/** Every reason why the device is not to be used so, in the order in which they are told; empty when it may. */
export function deviceFaults(it: DeviceStanding, use: DeviceUse): readonly { readonly code: 'E_DEVICE_NOT_CERTIFIED' | 'E_DEVICE_LEVEL' | 'E_DEVICE_BOUND'; readonly why: string }[] {
  return [
    ...(it.state === 'suspended' ? [{ code: 'E_DEVICE_NOT_CERTIFIED' as const, why: 'suspended' }] : []),
    ...(it.certValidTo < use.today ? [{ code: 'E_DEVICE_NOT_CERTIFIED' as const, why: 'expired' }] : []),
    ...(it.lastCheckOn < use.checkedSince ? [{ code: 'E_DEVICE_NOT_CERTIFIED' as const, why: 'unchecked' }] : []),
    ...(it.certifiedLevel < use.level ? [{ code: 'E_DEVICE_LEVEL' as const, why: 'level' }] : []),
    ...(it.boundUser !== null && it.boundUser !== use.person ? [{ code: 'E_DEVICE_BOUND' as const, why: 'user' }] : []),
    ...(it.boundDepartment !== null && !use.departments.includes(it.boundDepartment) ? [{ code: 'E_DEVICE_BOUND' as const, why: 'department' }] : []),
  ];
}

/** @throws ArchiveError `E_DEVICE_NOT_CERTIFIED`, `E_DEVICE_LEVEL`, `E_DEVICE_BOUND` */
export function requireDevice(it: DeviceStanding, use: DeviceUse): void {
  const [first, ...rest] = deviceFaults(it, use);
  if (first !== undefined) throw new ArchiveError(first.code, { device: it.id, why: first.why, codes: [first.code, ...rest.map(({ code }) => code)] });
}

/** What udev says of a block device. */
export interface UsbFacts { readonly vendor: string; readonly product: string; readonly serial: string }

/** A storage device that is plugged in: its name on the machine (`sdb`) and what the bus says of it. */
export interface Attached extends UsbFacts { readonly name: string }
/** A registered device as the bus would show it. */
export interface Expectable extends DeviceStanding { readonly no: string; readonly storage: boolean; readonly usb: UsbFacts | null }
export interface AttachedFinding extends Attached { readonly no: string | null; readonly code: 'E_DEVICE_PROOF' | 'E_DEVICE_NOT_CERTIFIED' | 'E_DEVICE_LEVEL' | null; readonly why: string | null }

export const sameUsb = (a: UsbFacts, b: UsbFacts): boolean => a.vendor === b.vendor && a.product === b.product && a.serial === b.serial;

/**
 * 接入设备与台账核对: each is a registered storage device that may be used for the level, or is named with what is wrong. A device without
 * a serial number is never a registered one: another of its kind would look the same.
 */
export function compareAttached(attached: readonly Attached[], register: readonly Expectable[], use: Pick<DeviceUse, 'level' | 'today' | 'checkedSince'>): readonly AttachedFinding[] {
  return attached.map((one) => {
    const known = one.serial === '' ? undefined : register.find(({ usb, storage }) => storage && usb !== null && sameUsb(usb, one));
    if (known === undefined) return { ...one, no: null, code: 'E_DEVICE_PROOF' as const, why: 'unregistered' };
    const [fault] = deviceFaults(known, { ...use, person: known.boundUser ?? '', departments: known.boundDepartment === null ? [] : [known.boundDepartment] });
    return { ...one, no: known.no, code: fault === undefined || fault.code === 'E_DEVICE_BOUND' ? null : fault.code, why: fault?.why ?? null };
  });
}

/**
 * USBGuard rules that let in exactly the registered devices with their serial number, and nothing else that stores. Input devices are
 * left to the machine's own rules.
 * @see usbguard-rules.conf(5)
 */
export function usbguardRules(devices: readonly (UsbFacts & { readonly no: string })[]): string {
  const quoted = (text: string): string => `"${text.replace(/[\\"]/gu, (one) => `\\${one}`)}"`;
  const lines = [...devices].sort((a, b) => (a.no < b.no ? -1 : 1)).map((one) => `allow id ${one.vendor}:${one.product} serial ${quoted(one.serial)} with-interface one-of { 08:*:* } label ${quoted(one.no)}`);
  return [...lines, 'reject with-interface one-of { 08:*:* }', ''].join('\n');
}
