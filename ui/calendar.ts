/** 法定日历 and 组织与制度 as the box answers. */

export interface ObligationKind {
  readonly key: string; readonly name: string; readonly article: string; readonly rule: string; readonly source: string; readonly page: string; readonly ownerName: string;
  readonly overdue: number; readonly today: number; readonly ahead: readonly number[];
}
export interface ObligationLine {
  readonly kind: string; readonly kindName: string; readonly article: string; readonly dueOn: string; readonly daysLeft: number; readonly state: 'overdue' | 'today' | 'ahead'; readonly ownerName: string;
  readonly level: number; readonly mark: string | null; readonly code: string | null; readonly text: string; readonly to: string;
}
export interface Calendar { readonly today: string; readonly on: string; readonly windows: readonly number[]; readonly kinds: readonly ObligationKind[]; readonly page: number; readonly size: number; readonly total: number; readonly rows: readonly ObligationLine[] }

export type FieldType = 'text' | 'long' | 'date' | 'year' | 'amount' | 'choice' | 'choices';
export interface RegisterField { readonly key: string; readonly label: string; readonly type: FieldType; readonly required: boolean; readonly dictionary?: string; readonly hint?: string; readonly max?: number }
export type RegisterValues = Readonly<Record<string, string | number | readonly string[]>>;
export interface RegisterKind {
  readonly key: string; readonly name: string; readonly article: string; readonly source: string; readonly single: boolean; readonly current: number; readonly keeps: boolean; readonly keeperNames: readonly string[];
  readonly columns: readonly string[]; readonly fields: readonly RegisterField[];
}
export interface Term { readonly key: string; readonly label: string }
export interface RegisterRow {
  readonly id: string; readonly no: string; readonly kind: string; readonly state: 'current' | 'ended'; readonly values: RegisterValues; readonly texts: Readonly<Record<string, string>>; readonly version: number; readonly keeps: boolean;
  readonly reminders: readonly { readonly name: string; readonly dueOn: string }[];
}
export interface Registers { readonly page: number; readonly size: number; readonly total: number; readonly kinds: readonly RegisterKind[]; readonly dictionaries: readonly { readonly key: string; readonly terms: readonly Term[] }[]; readonly rows: readonly RegisterRow[] }
export interface RegisterEntry extends RegisterRow {
  readonly kindName: string; readonly fields: readonly RegisterField[]; readonly enteredAt: string; readonly enteredByName: string; readonly ended: { readonly on: string; readonly reason: string; readonly byName: string } | null;
  readonly history: readonly { readonly version: number; readonly act: string; readonly at: string; readonly byName: string; readonly reason: string | null; readonly texts: Readonly<Record<string, string>> }[];
}
