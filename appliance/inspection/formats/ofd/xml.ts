import { XMLParser, XMLValidator } from 'fast-xml-parser';
import iconv from 'iconv-lite';

/** One element, in document order, without its namespace prefix. */
export interface XmlNode {
  readonly name: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
  /** Character data directly inside this element, entities resolved. */
  readonly text: string;
}

/** Why a part could not be read as XML. */
export class XmlFault extends Error {
  constructor(readonly reason: 'malformed' | 'doctype' | 'encoding') {
    super(reason);
    this.name = 'XmlFault';
  }
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  cdataPropName: '#cdata',
});

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The five named entities and character references; anything else stays as it stands. */
function resolveEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-z]+));/g, (whole, hex, dec, name) => {
    if (name !== undefined) return NAMED[String(name)] ?? whole;
    const code = hex !== undefined ? parseInt(String(hex), 16) : parseInt(String(dec), 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function decodeXml(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return iconv.decode(bytes, 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return iconv.decode(bytes, 'utf-16be');
  const declared = /encoding\s*=\s*["']([A-Za-z0-9._-]+)["']/.exec(bytes.subarray(0, 200).toString('latin1'))?.[1];
  if (declared !== undefined && !/^utf-?8$/i.test(declared)) {
    if (!iconv.encodingExists(declared)) throw new XmlFault('encoding');
    return iconv.decode(bytes, declared);
  }
  return iconv.decode(bytes, 'utf-8');
}

type Raw = Record<string, unknown>;

function toNode(raw: Raw): XmlNode | null {
  const name = Object.keys(raw).find((key) => key !== ':@' && key !== '#text' && key !== '#cdata');
  if (name === undefined) return null;
  const attrs: Record<string, string> = {};
  for (const [key, value] of Object.entries((raw[':@'] ?? {}) as Raw)) attrs[key] = resolveEntities(String(value));
  const children: XmlNode[] = [];
  let text = '';
  for (const item of (Array.isArray(raw[name]) ? raw[name] : []) as Raw[]) {
    if ('#text' in item) text += resolveEntities(String(item['#text']));
    else if ('#cdata' in item) text += ((item['#cdata'] as Raw[])[0]?.['#text'] as string | undefined) ?? '';
    else {
      const child = toNode(item);
      if (child !== null) children.push(child);
    }
  }
  return { name, attrs, children, text };
}

/**
 * The root element of one XML part. Document type declarations are refused outright, so no entity is ever expanded or fetched.
 * @throws XmlFault
 */
export function parseXml(bytes: Buffer): XmlNode {
  const text = decodeXml(bytes).replace(/^\uFEFF/, '');
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new XmlFault('doctype');
  if (XMLValidator.validate(text) !== true) throw new XmlFault('malformed');
  let parsed: Raw[];
  try {
    parsed = parser.parse(text) as Raw[];
  } catch {
    throw new XmlFault('malformed');
  }
  const root = parsed.map(toNode).find((node) => node !== null);
  if (root === undefined || root === null) throw new XmlFault('malformed');
  return root;
}

export const child = (node: XmlNode | undefined, name: string): XmlNode | undefined => node?.children.find((c) => c.name === name);
export const childrenOf = (node: XmlNode | undefined, name: string): readonly XmlNode[] => node?.children.filter((c) => c.name === name) ?? [];
/** Trimmed text of a named child, or null when it is absent or blank. */
export function textOf(node: XmlNode | undefined, name: string): string | null {
  const text = child(node, name)?.text.trim();
  return text === undefined || text === '' ? null : text;
}
