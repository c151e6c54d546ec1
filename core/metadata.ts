import type { ErrorDetail } from './errors.js';
import { dictionary } from './dictionary.js';
import type { Dictionaries } from '../policies/schemas/dictionaries.js';
import type { MetadataCondition, MetadataElement, MetadataScheme, Stage } from '../policies/schemas/metadata.js';

/** A JSON Schema (draft 2020-12 subset that is also draft-07) as plain data. */
export interface JsonSchema { readonly [keyword: string]: unknown }

const STAGES = ['cap', 'arr', 'fil', 'tra'] as const satisfies readonly Stage[];
const reached = (from: Stage | undefined, stage: Stage): boolean => from !== undefined && STAGES.indexOf(from) <= STAGES.indexOf(stage);

/** Elements of the standard and fields of ours, in the order of the scheme. */
export const allElements = (scheme: MetadataScheme): readonly MetadataElement[] => [...scheme.elements, ...scheme.fields];

/** What a record of each 门类 must have filled in to be arranged (照片、录音录像、会计、网页): by category, from the conditions of the scheme. */
export function requiredByCategory(scheme: MetadataScheme): CategoryKeys {
  const keys: Record<string, string[]> = {};
  for (const { from, when, require: wanted = [] } of scheme.conditions) {
    const [only] = when;
    if (from !== 'arr' || when.length !== 1 || only?.key !== 'categoryCode') continue;
    for (const category of only.in ?? []) keys[String(category)] = [...keys[String(category)] ?? [], ...wanted];
  }
  return keys;
}
export type CategoryKeys = Readonly<Record<string, readonly string[]>>;

/** Keys of the sealed description (著录): what tells something about the content rests only under the level's metadata key. */
export const describedKeys = (scheme: MetadataScheme): readonly string[] =>
  allElements(scheme).filter((element) => element.place === 'record' && element.home === 'sealed').map((element) => element.key);

/** Keys whose text goes into the blind search index. */
export const searchedKeys = (scheme: MetadataScheme): readonly string[] =>
  allElements(scheme).filter((element) => element.search === true).map((element) => element.key);

const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$';
const SPAN = '^\\d{4}-\\d{2}-\\d{2}/\\d{4}-\\d{2}-\\d{2}$';

function valueSchema(element: MetadataElement, dictionaries: Dictionaries): JsonSchema {
  switch (element.kind) {
    case 'integer':
      return { type: 'integer', ...(element.minimum === undefined ? {} : { minimum: element.minimum }), ...(element.maximum === undefined ? {} : { maximum: element.maximum }) };
    case 'boolean': return { type: 'boolean' };
    case 'level': return { type: 'integer', minimum: 0, maximum: 4 };
    case 'date': return { type: 'string', format: 'date' };
    case 'dateOrSpan': return { type: 'string', anyOf: [{ type: 'string', format: 'date' }, { type: 'string', pattern: SPAN }] };
    case 'instant': return { type: 'string', format: 'date-time' };
    case 'id': return { type: 'string', pattern: UUID };
    case 'digest': return { type: 'string', pattern: '^[0-9a-f]{64}$' };
    case 'term': return { type: 'string', enum: dictionary(dictionaries, element.dictionary ?? element.key).terms.map((term) => term.key) };
    case 'text': case 'container':
      return {
        type: 'string', minLength: 1, maxLength: element.maxLength ?? 500,
        ...(element.pattern === undefined ? {} : { pattern: element.pattern }),
        ...(element.dictionary === undefined ? {} : { enum: dictionary(dictionaries, element.dictionary).terms.map((term) => term.key) }),
      };
  }
}

function elementSchema(element: MetadataElement, dictionaries: Dictionaries): JsonSchema {
  const value = valueSchema(element, dictionaries);
  if (element.repeatable !== true) return value;
  return { type: 'array', items: value, minItems: 1, uniqueItems: true, ...(element.maxItems === undefined ? {} : { maxItems: element.maxItems }) };
}

function objectSchema(elements: readonly MetadataElement[], stage: Stage, dictionaries: Dictionaries): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(elements.map((element) => [element.key, elementSchema(element, dictionaries)])),
    required: elements.filter((element) => reached(element.requiredFrom, stage)).map((element) => element.key),
  };
}

/** Requires some keys and says nothing else: strict validators want a required key named in `properties` too. */
const requireKeys = (keys: readonly string[], properties: JsonSchema = {}): JsonSchema => ({
  type: 'object', required: keys, properties: { ...Object.fromEntries(keys.map((key) => [key, true])), ...properties },
});

/** `a.b`: `a` must be there and hold `b`. */
function requirePath(path: string): JsonSchema {
  const [head = '', ...rest] = path.split('.');
  return requireKeys([head], rest.length === 0 ? {} : { [head]: requirePath(rest.join('.')) });
}

function thenSchema(condition: MetadataCondition): readonly JsonSchema[] {
  const { require: paths = [], requireEach, eachAnyOf, mustNotContain } = condition;
  const each = (list: string, items: JsonSchema): JsonSchema => ({ type: 'object', properties: { [list]: { type: 'array', items } } });
  return [
    ...paths.map(requirePath),
    ...(requireEach === undefined ? [] : [each(requireEach.list, requireKeys(requireEach.keys))]),
    ...(eachAnyOf === undefined ? [] : [each(eachAnyOf.list, {
      type: 'object',
      anyOf: eachAnyOf.facts.map((fact) => requireKeys([fact.key], { [fact.key]: { type: 'boolean', const: fact.value } })),
    })]),
    ...(mustNotContain === undefined ? [] : [{ type: 'object', properties: { [mustNotContain.key]: { type: 'string', pattern: `^[^${mustNotContain.text}]*$` } } }]),
  ];
}

function ifThen(condition: MetadataCondition): JsonSchema {
  const holds = condition.when.map((when) =>
    requireKeys([when.key], when.in === undefined ? {} : { [when.key]: { type: typeof when.in[0] === 'number' ? 'integer' : 'string', enum: when.in } }));
  return { if: { type: 'object', allOf: holds }, then: { type: 'object', allOf: thenSchema(condition) }, $comment: condition.id };
}

export interface SchemaContext {
  /** 单位性质, a key of the dictionary `org_type`. */
  readonly orgType: string;
}

/**
 * 某一阶段的记录 JSON Schema: every element closed (an unknown key is refused, never dropped), required where the stage has been
 * reached, with the conditional rules as if/then.
 * @see DA/T 46-2009; 办法第十四、十八条
 */
export function recordSchema(scheme: MetadataScheme, dictionaries: Dictionaries, stage: Stage, context: SchemaContext): JsonSchema {
  const elements = allElements(scheme).filter((element) => element.place !== 'group' && element.kind !== 'container');
  const inPlace = (place: string): readonly MetadataElement[] => elements.filter((element) => element.place === place);
  const nested = scheme.places.filter((place) => place.key !== undefined);
  const own = objectSchema(inPlace('record'), stage, dictionaries);
  const groups = Object.fromEntries(nested.map((place) => {
    const group = objectSchema(inPlace(place.place), stage, dictionaries);
    const list = { type: 'array', items: group, ...(place.requiredFrom === undefined ? {} : { minItems: 1 }) };
    return [place.key ?? place.place, place.repeatable ? list : group];
  }));
  return {
    $id: `record.${stage}.${context.orgType}`,
    ...own,
    properties: { ...(own['properties'] as JsonSchema), ...groups },
    required: [...(own['required'] as readonly string[]), ...nested.filter((place) => reached(place.requiredFrom, stage)).map((place) => place.key ?? place.place)],
    allOf: scheme.conditions
      .filter((condition) => reached(condition.from, stage) && (condition.orgTypes?.includes(context.orgType) ?? true))
      .map(ifThen),
  };
}

/** What a JSON Schema validator says of one fault (the shape of Ajv). */
export interface SchemaFault {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const numberOf = (value: unknown): string => (typeof value === 'number' ? String(value) : '');

/** How to mend it, by the keyword that failed. */
function remedy(fault: SchemaFault): string {
  const limit = numberOf(fault.params['limit']);
  switch (fault.keyword) {
    case 'required': return '必填，请补填';
    case 'additionalProperties': return '不是已知的元素，请核对名称';
    case 'minLength': case 'minItems': return '不能为空，请补填';
    case 'maxLength': return `超过 ${limit} 字，请缩短`;
    case 'maxItems': return `超过 ${limit} 项，请删减`;
    case 'uniqueItems': return '有重复项，请删去';
    case 'minimum': return `不得小于 ${limit}`;
    case 'maximum': return `不得大于 ${limit}`;
    case 'enum': return '不在值域内，请从字典中选取';
    case 'format': return '日期或时间不存在或写法不符，请按 2026-11-22 填写';
    case 'type': return '数据类型不符，请按要求填写';
    case 'if': return '不满足相关条件，请按其他提示补齐';
    case 'pattern': case 'const': case 'anyOf': return '书写形式不符合规定，请按说明改正';
    default: return '不符合规定，请改正';
  }
}

/**
 * One fault as the officer reads it: the pointer, the element's Chinese name with its code, and what to do.
 * Values never appear: they may be titles.
 */
export function metadataDetail(scheme: MetadataScheme, fault: SchemaFault): ErrorDetail {
  const { missingProperty, additionalProperty } = fault.params;
  const last = [missingProperty, additionalProperty].find((name): name is string => typeof name === 'string');
  const at = last === undefined ? fault.instancePath : `${fault.instancePath}/${escapePointer(last)}`;
  const segments = at.split('/').slice(1).filter((segment) => !/^\d+$/.test(segment));
  const [first = '', second] = segments;
  const place = second === undefined ? 'record' : scheme.places.find((one) => one.key === first)?.place ?? 'record';
  const key = second ?? first;
  const element = allElements(scheme).find((one) => one.place === place && one.key === key);
  const group = scheme.places.find((one) => one.key === key);
  const name = element === undefined ? group?.name ?? key : element.code === '-' ? element.name : `${element.name}（${element.code}）`;
  return { at, message: `「${name}」${remedy(fault)}` };
}

/** Elements whose value departs from the usual shape (告警级): nothing is refused. */
export function unusual(scheme: MetadataScheme, record: Readonly<Record<string, unknown>>): readonly ErrorDetail[] {
  return allElements(scheme).flatMap((element) => {
    const value = record[element.key];
    if (element.place !== 'record' || element.usual === undefined || typeof value !== 'string') return [];
    return new RegExp(element.usual, 'u').test(value) ? [] : [{ at: `/${element.key}`, message: `「${element.name}（${element.code}）」书写形式不合惯例，请核对` }];
  });
}
