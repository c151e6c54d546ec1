import type { Static, TSchema } from '@sinclair/typebox';
import { Ajv, type ErrorObject } from 'ajv';
import formatsPlugin from 'ajv-formats';
import type { ErrorDetail } from '../core/errors.js';

/** What a check says: the value under its type, or every place that is wrong. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly details: readonly ErrorDetail[] };
export type Check<T> = (value: unknown) => Checked<T>;

/** Strict and repairs nothing: no coercion, no defaults, no removal of unknown fields (style 4.4). */
const STRICT = { strict: true, coerceTypes: false, useDefaults: false, removeAdditional: false, allowUnionTypes: true, code: { optimize: false } } as const;
const ajv = new Ajv({ ...STRICT, allErrors: true });
/** Stops at the first fault: a hostile value of a million wrong parts must not become a million error objects. */
const brief = new Ajv({ ...STRICT, allErrors: false });
for (const one of [ajv, brief]) formatsPlugin.default(one);

/** Up to this many parts a value is told every fault of. */
const PARTS_TOLD = 20_000;
const DETAILS_TOLD = 200;

const compiled = new WeakMap<TSchema, Check<unknown>>();

/**
 * Compiles at once, so that a bad schema stops the start and not a user; a schema that was compiled before is not compiled again.
 * The check that finds every fault is made when the first fault is met: half of what a start cost, for the rare value.
 */
export function checkFor<Schema extends TSchema>(schema: Schema): Check<Static<Schema>> {
  const made = compiled.get(schema) ?? compile(schema);
  compiled.set(schema, made);
  return made as Check<Static<Schema>>;
}

function compile(schema: TSchema): Check<unknown> {
  const { $id: _id, ...anonymous } = schema;
  const first = brief.compile(anonymous);
  let all: ReturnType<typeof ajv.compile> | undefined;
  return (value) => {
    if (first(value)) return { ok: true, value };
    const { errors } = first;
    if (parts(value, PARTS_TOLD) >= PARTS_TOLD) return { ok: false, details: told(errors) };
    all ??= ajv.compile(anonymous);
    return { ok: false, details: told(all(value) ? errors : all.errors) };
  };
}

const told = (errors: readonly ErrorObject[] | null | undefined): ErrorDetail[] => chineseDetails((errors ?? []).slice(0, DETAILS_TOLD));

/** How many values a value is made of, counted up to `most`. */
function parts(value: unknown, most: number): number {
  const waiting: unknown[] = [value];
  let count = 0;
  while (waiting.length > 0 && count + waiting.length < most) {
    const one = waiting.pop();
    count += 1;
    if (Array.isArray(one)) for (let at = 0; at < Math.min(one.length, most); at += 1) waiting.push(one[at]);
    else if (typeof one === 'object' && one !== null) waiting.push(...Object.values(one).slice(0, most));
  }
  return count + waiting.length;
}

/** What ajv says of a value, raw, for callers that know the elements by name (`core/metadata.ts`). */
export function faultsFor(schema: object): (value: unknown) => readonly ErrorObject[] {
  const { $id: _id, ...anonymous } = schema as { $id?: string };
  let validate: ReturnType<typeof ajv.compile> | undefined;
  return (value) => {
    validate ??= ajv.compile(anonymous);
    return validate(value) ? [] : [...(validate.errors ?? [])];
  };
}

/** 中文提示 for each finding of ajv; quotes only field names and limits, never the value. */
export function chineseDetails(errors: readonly ErrorObject[]): ErrorDetail[] {
  const seen = new Map<string, ErrorDetail>();
  for (const error of errors) {
    const detail = { at: placeOf(error), message: chinese(error) };
    seen.set(`${detail.at} ${detail.message}`, detail);
  }
  return [...seen.values()];
}

/** JSON pointer of the value at fault; for a missing or unknown field, of that field. */
function placeOf({ instancePath, params, keyword }: ErrorObject): string {
  const name: unknown = keyword === 'required' ? params['missingProperty'] : keyword === 'additionalProperties' ? params['additionalProperty'] : null;
  return typeof name === 'string' ? `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` : instancePath || '/';
}

const TYPES: Readonly<Record<string, string>> = {
  string: '文字', integer: '整数', number: '数字', boolean: '是或否', object: '对象', array: '列表', null: '空值',
};

const FORMATS: Readonly<Record<string, string>> = {
  date: '日期（如 2026-06-30）', 'date-time': '时刻（如 2026-06-30T08:00:00Z）', uuid: '编号（UUID）', email: '邮箱地址', uri: '网址',
};

function chinese({ keyword, params }: ErrorObject): string {
  const limit = String(params['limit'] ?? '');
  switch (keyword) {
    case 'required': return '必填，请补充';
    case 'additionalProperties': return '未知字段，请删除';
    case 'unevaluatedProperties': return '未知字段，请删除';
    case 'type': return `类型应为${[params['type']].flat().map((one) => TYPES[String(one)] ?? String(one)).join('或')}`;
    case 'enum': return `只能填：${(Array.isArray(params['allowedValues']) ? params['allowedValues'] : []).map(String).join('、')}`;
    case 'const': return `只能填：${String(params['allowedValue'])}`;
    case 'minLength': return limit === '1' ? '不能为空' : `不得少于 ${limit} 个字`;
    case 'maxLength': return `不得超过 ${limit} 个字`;
    case 'minimum': return `不得小于 ${limit}`;
    case 'maximum': return `不得大于 ${limit}`;
    case 'exclusiveMinimum': return `必须大于 ${limit}`;
    case 'exclusiveMaximum': return `必须小于 ${limit}`;
    case 'minItems': return `不得少于 ${limit} 项`;
    case 'maxItems': return `不得超过 ${limit} 项`;
    case 'minProperties': return `不得少于 ${limit} 个字段`;
    case 'maxProperties': return `不得超过 ${limit} 个字段`;
    case 'uniqueItems': return '不得重复';
    case 'multipleOf': return `必须是 ${String(params['multipleOf'])} 的倍数`;
    case 'pattern': return '格式不符合要求';
    case 'format': return `应为${FORMATS[String(params['format'])] ?? String(params['format'])}`;
    case 'anyOf':
    case 'oneOf': return '不符合任何一种允许的写法';
    default: return `不符合要求（${keyword}）`;
  }
}
