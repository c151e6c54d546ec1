import { METHODS } from './four-natures.js';
import { ArchiveError } from './errors.js';
import type { ErrorDetail } from './errors.js';
import type { TestItem, TestItems } from '../policies/schemas/test-items.js';

/** 检测规则包: one version of the table of tests, bound by its digest and a signature. */
export interface RulePackStatement { readonly type: 'shouzang-rule-pack/v1'; readonly version: string; readonly sm3: string; readonly items: number; readonly by: string }

export const packStatement = (content: TestItems, sm3: string, by: string): RulePackStatement => ({ type: 'shouzang-rule-pack/v1', version: content.version, sm3, items: content.items.length, by });

/** @throws ArchiveError `E_INPUT_INVALID` for a code twice, or a method that the box does not have */
export function requireRunnable(content: TestItems): void {
  const seen = new Set<string>();
  const details = content.items.flatMap((item, at): ErrorDetail[] => {
    const twice = seen.has(item.code);
    seen.add(item.code);
    return [
      ...(twice ? [{ at: `/content/items/${String(at)}/code`, message: `检测码 ${item.code} 重复` }] : []),
      ...(METHODS[item.method] === undefined ? [{ at: `/content/items/${String(at)}/method`, message: `本机没有检测方法 ${item.method}，请用与本机版本相配的规则包` }] : []),
    ];
  });
  if (details.length > 0) throw new ArchiveError('E_INPUT_INVALID', { faults: details.length }, details);
}

/** One line of the difference between two packs. `eased`: asks for less than before. */
export interface PackChange { readonly code: string; readonly name: string; readonly change: 'added' | 'removed' | 'changed'; readonly fields: readonly string[]; readonly eased: boolean }

const WEIGHT: Readonly<Record<TestItem['level'], number>> = { manual: 0, advisory: 1, mandatory: 2 };

/** What another version asks that this one does not, item by item, then the limits. */
export function packChanges(from: TestItems, to: TestItems): readonly PackChange[] {
  const before = new Map(from.items.map((item) => [item.code, item]));
  const after = new Map(to.items.map((item) => [item.code, item]));
  const items = [...new Set([...before.keys(), ...after.keys()])].flatMap((code): PackChange[] => {
    const [was, is] = [before.get(code), after.get(code)];
    if (was === undefined) return [{ code, name: is?.name ?? '', change: 'added', fields: [], eased: false }];
    if (is === undefined) return [{ code, name: was.name, change: 'removed', fields: [], eased: true }];
    const fields = (Object.keys({ ...was, ...is }) as (keyof TestItem)[]).filter((key) => JSON.stringify(was[key]) !== JSON.stringify(is[key]));
    const eased = WEIGHT[is.level] < WEIGHT[was.level] || was.stages.some((stage) => !is.stages.includes(stage));
    return fields.length === 0 ? [] : [{ code, name: is.name, change: 'changed', fields, eased }];
  });
  const limits = (Object.keys({ ...from.limits, ...to.limits }) as (keyof TestItems['limits'])[]).filter((key) => JSON.stringify(from.limits[key]) !== JSON.stringify(to.limits[key]));
  return [...items, ...(limits.length === 0 ? [] : [{ code: 'limits', name: '限值', change: 'changed' as const, fields: limits, eased: false }])];
}
