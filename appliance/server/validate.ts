import type { TSchema } from '@sinclair/typebox';
import { ArchiveError } from '../../core/errors.js';
import { checkFor } from '../validation.js';
import type { Routes } from './route.js';

export type Validate = (act: string, input: unknown) => void;

/** Compiles the schema of an act when it is first asked for; that all of them compile is shown by a test. Unknown fields are refused, not dropped. */
export function compileValidators(routes: Routes): Validate {
  const rows = new Map(Object.entries(routes));
  return (act, input) => {
    const row = rows.get(act);
    if (!row) throw new Error(`no schema for ${act}`);
    const checked = checkFor(row.input)(input);
    if (!checked.ok) throw new ArchiveError('E_INPUT_INVALID', { act }, checked.details);
  };
}

type Part = { readonly type?: string; readonly items?: Part; readonly anyOf?: readonly Part[] };

/** A query string as the schema wants it: numbers and booleans only where the schema says so; nothing is guessed or left out. */
export function readQuery(schema: TSchema, query: URLSearchParams): Record<string, unknown> {
  const properties = (schema as { properties?: Record<string, Part> }).properties ?? {};
  // fromEntries makes own fields, whatever their names: `__proto__` is an unknown field like any other.
  return Object.fromEntries([...new Set(query.keys())].map((key) => {
    const part = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const texts = query.getAll(key);
    if (part?.type === 'array') return [key, texts.flatMap((text) => text.split(',')).map((text) => scalar(part.items, text))];
    return [key, texts.length === 1 ? scalar(part, texts[0] ?? '') : texts];
  }));
}

function scalar(part: Part | undefined, text: string): unknown {
  const types = [part?.type, ...(part?.anyOf ?? []).map((one) => one.type)];
  if ((types.includes('integer') || types.includes('number')) && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
