/**
 * 元数据.xml and 过程信息.xml: every element of policies/metadata.json under its Chinese name, with its number, key and stored value as
 * attributes, so that what was put in is read out again.
 * @see DA/T 46-2009; domain table of elements M1–M88
 */
import { ArchiveError } from '../../core/errors.js';
import { dictionary, labelOf } from '../../core/dictionary.js';
import { allElements } from '../../core/metadata.js';
import type { Dictionaries } from '../../policies/schemas/dictionaries.js';
import type { MetadataElement, MetadataScheme } from '../../policies/schemas/metadata.js';
import type { MetadataValues, TextEncoding } from './port.js';
import { attribute, childrenOf, readXml, textOf, writeXml } from './xml.js';
import type { XmlNode } from './xml.js';

export interface MetadataTools { readonly scheme: MetadataScheme; readonly dictionaries: Dictionaries }

/** 密级 in the words of DA/T 46. */
export const LEVEL_WORDS = ['公开', '限制', '秘密', '机密', '绝密'] as const;
const EVENTS = 'events';
type Scalar = string | number | boolean;
type Nodes = Record<string, XmlNode[]>;

const unknownKey = (key: string): ArchiveError => new ArchiveError('E_META_INVALID', { why: 'unknown element' }, [{ at: `/${key}`, message: '不是已知的元素，请核对名称' }]);
const isScalar = (value: unknown): value is Scalar => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

function shown({ dictionaries }: MetadataTools, element: MetadataElement, value: Scalar): string {
  if (element.kind === 'level' && typeof value === 'number') return LEVEL_WORDS[value] ?? String(value);
  if (element.kind === 'boolean') return value === true ? '是' : '否';
  const terms = element.dictionary ?? (element.kind === 'term' ? element.key : undefined);
  return terms === undefined ? String(value) : labelOf(dictionary(dictionaries, terms), String(value));
}

function leaf(tools: MetadataTools, element: MetadataElement, value: Scalar): XmlNode {
  const text = shown(tools, element, value);
  return { ...(element.code === '-' ? {} : { '@编号': element.code }), '@键': element.key, ...(text === String(value) ? {} : { '@值': String(value) }), '#text': text };
}

function ofPlace(tools: MetadataTools, place: string, values: MetadataValues): Nodes {
  const elements = allElements(tools.scheme).filter((one) => one.place === place && one.kind !== 'container');
  const nodes: Nodes = {};
  for (const element of elements) {
    const value = values[element.key];
    if (value === undefined || value === null) continue;
    const several: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const one of several) {
      if (!isScalar(one)) throw unknownKey(element.key);
      (nodes[element.name] ??= []).push(leaf(tools, element, one));
    }
  }
  const known = new Set(elements.map(({ key }) => key));
  for (const key of Object.keys(values)) if (!known.has(key) && !isGroup(tools, place, key)) throw unknownKey(key);
  return nodes;
}

const groupsOf = ({ scheme }: MetadataTools) => scheme.places.flatMap((place) => (place.key === undefined ? [] : [{ ...place, key: place.key }]));
const isGroup = (tools: MetadataTools, place: string, key: string): boolean => place === 'record' && groupsOf(tools).some((one) => one.key === key);

export function metadataXml(tools: MetadataTools, values: MetadataValues, encoding: TextEncoding): Buffer {
  const { [EVENTS]: events, ...rest } = values;
  if (events !== undefined) throw unknownKey(EVENTS);
  const nodes = ofPlace(tools, 'record', rest);
  for (const { place, key, name } of groupsOf(tools)) {
    const group: unknown = rest[key];
    if (group === undefined) continue;
    for (const one of Array.isArray(group) ? (group as readonly unknown[]) : [group]) {
      if (typeof one !== 'object' || one === null) throw unknownKey(key);
      (nodes[name] ??= []).push({ '@键': key, ...ofPlace(tools, place, { ...one }) });
    }
  }
  return writeXml('电子文件元数据', { '@标准': tools.scheme.source, '@方案版本': tools.scheme.version, 文件实体: nodes }, encoding);
}

export function processXml(tools: MetadataTools, events: readonly MetadataValues[], encoding: TextEncoding): Buffer {
  return writeXml('过程信息', { '@方案版本': tools.scheme.version, 业务实体: events.map((event) => ofPlace(tools, 'event', event)) }, encoding);
}

function valueOf(element: MetadataElement, node: unknown): Scalar {
  const text = attribute(node, '值') ?? textOf(node);
  if (element.kind === 'boolean') return text === 'true';
  if (element.kind === 'integer' || element.kind === 'level') {
    if (!/^-?\d{1,15}$/u.test(text)) throw new ArchiveError('E_PKG_CATALOGUE', { why: 'number' });
    return Number(text);
  }
  return text;
}

function readPlace(tools: MetadataTools, place: string, node: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const element of allElements(tools.scheme).filter((one) => one.place === place && one.kind !== 'container')) {
    const found = childrenOf(node, element.name).filter((one) => attribute(one, '键') === element.key).map((one) => valueOf(element, one));
    if (found.length > 0) values[element.key] = element.repeatable === true ? found : found[0];
  }
  return values;
}

const objectOf = (node: unknown): Readonly<Record<string, unknown>> => (typeof node === 'object' && node !== null ? { ...node } : {});

/** @throws ArchiveError `E_PKG_CATALOGUE` */
export function readMetadataXml(tools: MetadataTools, bytes: Uint8Array): MetadataValues {
  const entity = objectOf(childrenOf(readXml(bytes, '电子文件元数据'), '文件实体')[0]);
  const values = readPlace(tools, 'record', entity);
  for (const { place, key, name, repeatable } of groupsOf(tools)) {
    const groups = childrenOf(entity, name).filter((one) => attribute(one, '键') === key).map((one) => readPlace(tools, place, objectOf(one)));
    if (groups.length > 0) values[key] = repeatable ? groups : groups[0];
  }
  return values;
}

/** @throws ArchiveError `E_PKG_CATALOGUE` */
export const readProcessXml = (tools: MetadataTools, bytes: Uint8Array): readonly MetadataValues[] =>
  childrenOf(readXml(bytes, '过程信息'), '业务实体').map((one) => readPlace(tools, 'event', objectOf(one)));
