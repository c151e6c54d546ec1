import { readFileSync } from 'node:fs';
import type { Static } from '@sinclair/typebox';
import { inPackage } from '../../appliance/package-root.js';
import { checkFor } from '../../appliance/validation.js';
import { POLICY_FILES, type PolicyFile } from '../../policies/schemas/files.js';

/** One shipped policy file under its type, so that a test of one rule does not depend on all the others. */
export function policy<Name extends PolicyFile>(name: Name): Static<(typeof POLICY_FILES)[Name]> {
  const value: unknown = JSON.parse(readFileSync(inPackage('policies', name), 'utf8'));
  const checked = checkFor(POLICY_FILES[name])(value);
  if (!checked.ok) throw new Error(`${name}: ${JSON.stringify(checked.details)}`);
  return checked.value as Static<(typeof POLICY_FILES)[Name]>;
}
