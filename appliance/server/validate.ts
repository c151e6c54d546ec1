import type { TSchema } from '@sinclair/typebox';
import { ArchiveError } from '../../core/errors.js';
import { checkFor } from '../validation.js';
import type { Check } from '../validation.js';
import type { Routes } from './route.js';

export type Validate = (act: string, input: unknown) => void;

/** Compiles every schema at start, so that a bad one stops the box and not a user. Unknown fields are refused, not dropped. */
export function compileValidators(routes: Routes): Validate {
  const compiled = new Map<string, Check<unknown>>(Object.entries(routes).map(([act, row]) => [act, checkFor(row.input)]));
  return (act, input) => {
    const checked = compiled.get(act)?.(input);
    if (!checked) throw new Error(`no schema for ${act}`);
    if (!checked.ok) throw new ArchiveError('E_INPUT_INVALID', { act }, checked.details);
  };
}

type Part = { readonly type?: string; readonly items?: Part; readonly anyOf?: readonly Part[] };

/** A query string as the schema wants it: numbers and booleans only where the schema says so; nothing is guessed. */
export function readQuery(schema: TSchema, query: URLSearchParams): Record<string, unknown> {
  const properties = (schema as { properties?: Record<string, Part> }).properties ?? {};
  const input: Record<string, unknown> = {};
  for (const key of new Set(query.keys())) {
    const part = properties[key];
    const texts = query.getAll(key);
    if (part?.type === 'array') input[key] = texts.flatMap((text) => text.split(',')).map((text) => scalar(part.items, text));
    else input[key] = scalar(part, texts[0] ?? '');
  }
  return input;
}

function scalar(part: Part | undefined, text: string): unknown {
  const types = [part?.type, ...(part?.anyOf ?? []).map((one) => one.type)];
  if ((types.includes('integer') || types.includes('number')) && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
