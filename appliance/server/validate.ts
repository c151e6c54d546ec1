import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { TSchema } from '@sinclair/typebox';
import { ArchiveError } from '../../core/errors.js';
import type { ErrorDetail } from '../../core/errors.js';
import type { Routes } from './route.js';

/** Strict, and repairs nothing: no coercion, no defaults, unknown fields refused by the schemas. */
function strictAjv(): Ajv {
  const ajv = new Ajv({ strict: true, allErrors: true, coerceTypes: false, useDefaults: false, removeAdditional: false, allowUnionTypes: true, verbose: true });
  addFormats.default(ajv);
  ajv.addKeyword('x-label');
  return ajv;
}

export type Validate = (act: string, input: unknown) => void;

/** Compiles every schema at start, so that a bad one stops the box and not a user. */
export function compileValidators(routes: Routes): Validate {
  const ajv = strictAjv();
  const compiled = new Map<string, ValidateFunction>();
  for (const [act, row] of Object.entries(routes)) compiled.set(act, ajv.compile(row.input));
  return (act, input) => {
    const validate = compiled.get(act);
    if (!validate) throw new Error(`no schema for ${act}`);
    if (!validate(input)) throw new ArchiveError('E_INPUT_INVALID', { act }, (validate.errors ?? []).map(place));
  };
}

/** ajv's error as a place and a Chinese sentence. Values are never repeated: they may be telling. */
function place(error: ErrorObject): ErrorDetail {
  const parent = error.parentSchema as { description?: string } | undefined;
  const label = parent?.description ?? '';
  const at = error.keyword === 'additionalProperties'
    ? `${error.instancePath}/${String((error.params as { additionalProperty?: string }).additionalProperty)}`
    : error.keyword === 'required'
      ? `${error.instancePath}/${String((error.params as { missingProperty?: string }).missingProperty)}`
      : error.instancePath;
  return { at, message: sentence(error, label) };
}

function sentence(error: ErrorObject, label: string): string {
  const name = label === '' ? '' : `${label}：`;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required': return '必填';
    case 'additionalProperties': return '不认识的字段，请删去';
    case 'minLength': return `${name}至少 ${String(params['limit'])} 个字`;
    case 'maxLength': return `${name}最多 ${String(params['limit'])} 个字`;
    case 'minimum': case 'exclusiveMinimum': return `${name}不得小于 ${String(params['limit'])}`;
    case 'maximum': case 'exclusiveMaximum': return `${name}不得大于 ${String(params['limit'])}`;
    case 'minItems': return `${name}至少 ${String(params['limit'])} 项`;
    case 'maxItems': return `${name}最多 ${String(params['limit'])} 项`;
    case 'enum': case 'const': case 'anyOf': return `${name}不在允许的取值之内`;
    case 'pattern': case 'format': return `${name}格式不符`;
    case 'type': return `${name}类型应为 ${String(params['type'])}`;
    default: return `${name}不符合要求（${error.keyword}）`;
  }
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
