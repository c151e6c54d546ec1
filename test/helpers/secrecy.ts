import { readFileSync } from 'node:fs';
import type { Static, TSchema } from '@sinclair/typebox';
import { ArchiveError } from '../../core/errors.js';
import { inPackage } from '../../appliance/package-root.js';
import { checkFor } from '../../appliance/validation.js';
import { ActsFile, DutiesFile, type Duty } from '../../policies/schemas/secrecy.js';
import { loadPolicy, type AccessPolicy, type PolicySources } from '../../secrecy/duties.js';
import { subject, target, type Subject, type SubjectInput, type SystemPolicy, type Target, type TargetInput } from '../../secrecy/subject.js';

const text = (name: string) => readFileSync(inPackage(`policies/${name}`), 'utf8');

/** A shipped policy file, held to its schema. */
export function shippedFile<S extends TSchema>(name: string, schema: S): Static<S> {
  const checked = checkFor(schema)(JSON.parse(text(name)));
  if (!checked.ok) throw new ArchiveError('E_POLICY_INVALID', { name }, checked.details);
  return checked.value;
}

export const SOURCES: PolicySources = {
  model: text('access.model.conf'), access: text('access.csv'), conflicts: text('conflicts.csv'),
  duties: shippedFile('duties.json', DutiesFile), acts: shippedFile('acts.json', ActsFile),
};
export const DUTIES = SOURCES.duties.duties.map(({ key }) => key).filter((key) => key !== 'anyone');
export const ACTS = SOURCES.acts.acts;
export const SECRET_BOX: SystemPolicy = { level: 4, requireTerminal: false };

let loaded: Promise<AccessPolicy> | undefined;
export const shipped = () => (loaded ??= loadPolicy(SOURCES));

export const person = (duty: Duty | readonly Duty[], more: Partial<SubjectInput> = {}): Subject => subject({
  person: 'P1', tokens: ['T1'], clearance: 4, currentLevel: 4, departments: ['D1'], grants: [duty].flat().map((one) => ({ duty: one, fonds: 'F1' })), ...more,
});

export const thing = (more: Partial<TargetInput> = {}, system: SystemPolicy = SECRET_BOX): Target => target({
  type: 'record', id: 'R1', level: 3, fonds: 'F1', department: 'D1', state: 'filed', owner: 'P9',
  scope: { persons: ['P1'], departments: [] }, drafter: { person: 'P9', tokens: ['T9'] }, ...more,
}, system);

export function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
}
