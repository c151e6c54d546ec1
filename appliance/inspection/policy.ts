import { readFileSync } from 'node:fs';
import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv';
import { FormatTable, ObservationTable, type FormatRow } from '../../policies/schemas/inspection.js';
import { inPackage } from '../package-root.js';

const ajv = new Ajv({ strict: true, allErrors: true });

/** Reads one rule table and refuses it whole when a row is not what its schema says. */
export function readTable<T>(file: string, schema: SchemaObject): T {
  const table: unknown = JSON.parse(readFileSync(inPackage('policies', file), 'utf8'));
  const check: ValidateFunction<T> = ajv.compile<T>(schema);
  if (!check(table)) {
    const rows = (check.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`).join('; ');
    throw new Error(`policies/${file}: ${rows}`);
  }
  return table;
}

export interface InspectionPolicy {
  readonly observations: ObservationTable;
  readonly formats: ReadonlyMap<string, FormatRow>;
  /** Extension (lower case, no dot) → media types that may carry it. */
  readonly extensions: ReadonlyMap<string, ReadonlySet<string>>;
}

export function readInspectionPolicy(): InspectionPolicy {
  const observations = readTable<ObservationTable>('observations.json', ObservationTable);
  const table = readTable<FormatTable>('formats.json', FormatTable);
  const formats = new Map(table.formats.map((row) => [row.mime, row]));
  const extensions = new Map<string, Set<string>>();
  for (const row of table.formats) {
    for (const extension of row.extensions) {
      const mimes = extensions.get(extension) ?? new Set<string>();
      mimes.add(row.mime);
      extensions.set(extension, mimes);
    }
  }
  return { observations, formats, extensions };
}

let loaded: InspectionPolicy | undefined;

/** The tables of this installation, read once. */
export function inspectionPolicy(): InspectionPolicy {
  return (loaded ??= readInspectionPolicy());
}
