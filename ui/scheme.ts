/** 三表、字典与部门, read once a session: names for codes and ids that the pages show. */
import { shallowRef } from 'vue';
import { read } from './api.js';

export interface ScheduleItem { readonly code: string; readonly clause: string; readonly retention: string; readonly category?: string }
export interface Scheme {
  readonly fonds: readonly { readonly fonds: string; readonly name: string }[];
  readonly departments: readonly { readonly id: string; readonly fonds: string; readonly name: string }[];
  readonly retention: { readonly version: string; readonly title: string; readonly items: readonly ScheduleItem[] };
}

export const scheme = shallowRef<Scheme | null>(null);
let asked: Promise<void> | null = null;

export function needScheme(): void {
  asked ??= read<Scheme>('scheme.list', {}, { passive: true }).then((answer) => { scheme.value = answer; }, () => { asked = null; });
}
export const departmentName = (id: string): string => scheme.value?.departments.find((one) => one.id === id)?.name ?? id;
