/** One 四性检测 run as the box keeps it, and its results gathered by rule. */
export interface TestResult { readonly code: string; readonly name: string; readonly property: string; readonly level: 'mandatory' | 'advisory' | 'manual'; readonly objectRef: string; readonly expected: string; readonly actual: string; readonly result: string; readonly message: string }
export interface RunHead { readonly id: string; readonly reportNo: string; readonly run: number; readonly startedAt: string; readonly finishedAt: string; readonly conclusion: string }
export interface Run extends RunHead { readonly content: { readonly engineVersion: string; readonly ruleSetVersion: string; readonly virusLibraryOn: string | null; readonly items: number; readonly files: number; readonly bytes: number; readonly results: readonly TestResult[] } }
export interface Changed { readonly code: string; readonly objectRef: string; readonly was: string; readonly is: string }

export interface RuleRow { readonly code: string; readonly name: string; readonly property: string; readonly level: string; readonly tested: number; readonly passed: number; readonly bad: readonly TestResult[]; readonly changed: number; readonly verdict: string }

const COUNTED: readonly string[] = ['pass', 'fail', 'warn'];

export function rulesOf(results: readonly TestResult[], changes: readonly Changed[]): readonly RuleRow[] {
  const rules = new Map<string, TestResult[]>();
  for (const one of results) {
    const same = rules.get(one.code);
    if (same) same.push(one);
    else rules.set(one.code, [one]);
  }
  return [...rules].flatMap(([code, all]) => {
    const [first] = all;
    if (!first) return [];
    const bad = all.filter((one) => one.result === 'fail' || one.result === 'warn');
    const verdict = all.some((one) => one.result === 'fail') ? 'fail' : bad.length > 0 ? 'warn' : all.some((one) => COUNTED.includes(one.result)) ? 'pass' : first.result === 'manual' ? 'manual' : 'na';
    return [{ code, name: first.name, property: first.property, level: first.level, tested: all.filter((one) => COUNTED.includes(one.result)).length, passed: all.filter((one) => one.result === 'pass').length, bad, changed: changes.filter((one) => one.code === code).length, verdict }];
  });
}
