/** Whom a 知悉范围 may name: the directory where the box gives it, and oneself at least. */
import { read } from './api.js';
import { session } from './session.js';

export interface Known { readonly id: string; readonly name: string; readonly departmentName: string }
export interface Directory { readonly people: readonly Known[]; readonly departments: readonly { readonly id: string; readonly name: string }[] }

export async function directory(): Promise<Directory> {
  try {
    return await read<Directory>('person.directory', {}, { passive: true });
  } catch {
    const me = session.value?.person;
    return me ? { people: [{ id: me.id, name: me.name, departmentName: me.departmentName }], departments: [{ id: me.department, name: me.departmentName }] } : { people: [], departments: [] };
  }
}
