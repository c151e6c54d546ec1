import type { Static, TSchema } from '@sinclair/typebox';

/**
 * 策略文件目录: every JSON file of `policies/` and the schema it must satisfy. The box does not start when a file is missing,
 * is not listed here, or holds a field the schema does not know.
 */
export const POLICY_FILES = {
} as const satisfies Record<string, TSchema>;

/** Files that are not JSON (`access.csv`, `access.model.conf`); the reader in secrecy or core checks each row. */
export const POLICY_TEXTS: readonly string[] = [
];

export type PolicyFiles = typeof POLICY_FILES;
export type PolicyFile = keyof PolicyFiles;
export type PolicyContent<Name extends PolicyFile> = Static<PolicyFiles[Name]>;
