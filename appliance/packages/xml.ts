/** XML of the package: written in the encoding that its declaration names, read without entities, document types or anything outside. */
import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import iconv from 'iconv-lite';
import { ArchiveError } from '../../core/errors.js';
import type { TextEncoding } from './port.js';

/** A leaf is text, with `@` attributes an object with `#text`; several of a name are an array. */
export type XmlNode = string | { readonly [name: string]: XmlNode | readonly XmlNode[] };

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', format: true, indentBy: '  ', suppressEmptyNode: false, suppressBooleanAttributes: false, processEntities: true });
const parser = new XMLParser({
  ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false, parseAttributeValue: false, trimValues: false, ignoreDeclaration: true, processEntities: true,
});

export const encodeText = (text: string, encoding: TextEncoding): Buffer => iconv.encode(text, encoding === 'UTF-8' ? 'utf8' : 'gb18030');

/** Strict: a byte that is none of the encoding is refused. @throws ArchiveError `E_PKG_CATALOGUE` */
export function decodeText(bytes: Uint8Array, encoding: TextEncoding): string {
  const text = iconv.decode(Buffer.from(bytes), encoding === 'UTF-8' ? 'utf8' : 'gb18030');
  if (text.includes('\ufffd')) throw new ArchiveError('E_PKG_CATALOGUE', { why: 'encoding' });
  return text;
}

/** @throws ArchiveError `E_META_INVALID` for a character that XML has no form for */
export function writeXml(root: string, node: XmlNode, encoding: TextEncoding): Buffer {
  const text = String(builder.build({ [root]: node }));
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u.test(text)) throw new ArchiveError('E_META_INVALID', { why: 'character' });
  return encodeText(`<?xml version="1.0" encoding="${encoding}"?>\n${text}`, encoding);
}

const declared = (bytes: Uint8Array): TextEncoding => (/^<\?xml[^>]*encoding=["']GB18030["']/iu.test(Buffer.from(bytes.subarray(0, 120)).toString('latin1')) ? 'GB18030' : 'UTF-8');

/** @throws ArchiveError `E_PKG_CATALOGUE` for what is no XML with that root */
export function readXml(bytes: Uint8Array, root: string): Readonly<Record<string, unknown>> {
  const text = decodeText(bytes, declared(bytes));
  if (text.includes('<!DOCTYPE')) throw new ArchiveError('E_PKG_CATALOGUE', { why: 'document type' });
  let parsed: unknown;
  try {
    parsed = parser.parse(text, true);
  } catch {
    throw new ArchiveError('E_PKG_CATALOGUE', { why: 'not well-formed' });
  }
  const node = childrenOf(parsed, root)[0];
  if (node === undefined) throw new ArchiveError('E_PKG_CATALOGUE', { why: 'root element' });
  return typeof node === 'string' ? {} : node;
}

type Element = string | Readonly<Record<string, unknown>>;

/** Every child of that name, one or many. */
export function childrenOf(node: unknown, name: string): readonly Element[] {
  if (typeof node !== 'object' || node === null) return [];
  const found: unknown = (node as Readonly<Record<string, unknown>>)[name];
  if (found === undefined) return [];
  return (Array.isArray(found) ? found : [found]).map((one: unknown): Element => (typeof one === 'object' && one !== null ? { ...one } : String(one)));
}

/** Text of an element, or of its first child of that name. */
export function textOf(node: unknown, name?: string): string {
  if (name !== undefined) return textOf(childrenOf(node, name)[0] ?? '');
  if (typeof node === 'string') return node;
  const text: unknown = typeof node === 'object' && node !== null ? (node as Readonly<Record<string, unknown>>)['#text'] : undefined;
  return typeof text === 'string' ? text : '';
}

export const attribute = (node: unknown, name: string): string | undefined => {
  const value: unknown = typeof node === 'object' && node !== null ? (node as Readonly<Record<string, unknown>>)[`@${name}`] : undefined;
  return typeof value === 'string' ? value : undefined;
};
