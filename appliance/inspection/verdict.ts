import type { Finding, ObservationRow, Severity, Verdict } from '../../policies/schemas/inspection.js';
import type { Examination, FileFacts, Observation } from './format.js';
import { inspectionPolicy, type InspectionPolicy } from './policy.js';

export interface Judgement {
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
}

const WEIGHT: Readonly<Record<Severity, number>> = { reject: 2, warn: 1, note: 0 };

/**
 * Facts and observations → findings and verdict, by the tables alone. The worst finding decides. A fact adds its own finding
 * only where no observation of the same rule has already said it more exactly.
 * @throws Error on an observation the table does not know: a rule nobody wrote down must not pass in silence.
 */
export function judge(examination: Examination, policy: InspectionPolicy = inspectionPolicy()): Judgement {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const format = policy.formats.get(examination.identified.mime);
  const add = (row: ObservationRow, evidence: string): void => {
    const message = row.message
      .replaceAll('{evidence}', evidence)
      .replaceAll('{convertTo}', format?.convertTo ?? 'PDF/A 或 OFD')
      .replaceAll('{format}', examination.identified.name);
    const mark = `${row.code} ${message}`;
    if (seen.has(mark)) return;
    seen.add(mark);
    findings.push({ code: row.code, property: row.property, severity: row.severity, message, article: row.article });
  };
  for (const { key, evidence } of examination.observations) add(ruleFor(key, policy), evidence);
  const covered = new Set(examination.observations.flatMap(({ key }) => ruleFor(key, policy).covers ?? []));
  const said = new Set(findings.filter((finding) => finding.severity !== 'note').map((finding) => finding.code));
  for (const key of factKeys(examination.facts, format?.policy ?? 'warn')) {
    const row = policy.observations.facts[key];
    if (row === undefined) throw new Error(`observations.json: no fact row ${key}`);
    if (!said.has(row.code) && !covered.has(key)) add(row, '');
  }
  findings.sort((one, other) => WEIGHT[other.severity] - WEIGHT[one.severity]);
  const worst = Math.max(0, ...findings.map((finding) => WEIGHT[finding.severity]));
  return { verdict: worst === 2 ? 'reject' : worst === 1 ? 'warn' : 'accept', findings };
}

function ruleFor(key: Observation['key'], policy: InspectionPolicy): ObservationRow {
  const row = policy.observations.observations[key];
  if (row === undefined) throw new Error(`observations.json: unknown observation ${key}`);
  return row;
}

function factKeys(facts: FileFacts, policy: Verdict): string[] {
  const keys: string[] = [];
  if (facts.encrypted === true) keys.push('encrypted');
  if (facts.compressed === true) keys.push('compressed');
  if (facts.activeContent === true) keys.push('activeContent');
  if (facts.valid === false) keys.push('invalid');
  if (facts.signed === true) keys.push('signed');
  if (facts.extensionMismatch === true) keys.push('extensionMismatch');
  if (policy !== 'accept' && facts.valid !== false) keys.push(policy === 'warn' ? 'format-warn' : 'format-reject');
  return keys;
}
