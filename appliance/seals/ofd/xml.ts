import iconv from 'iconv-lite';

/**
 * XML with the place of everything, so that a page changes only where the seal goes in. No entities are expanded beyond the
 * five of XML and character numbers, no document type is obeyed, nothing outside is read.
 */
export interface XmlElement {
  /** As written, with prefix. */
  readonly tag: string;
  /** Without prefix. */
  readonly local: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: XmlElement[];
  /** From `<` to after `>` of the end tag. */
  readonly start: number;
  end: number;
  /** Between the tags; both at the start tag's end when the element is empty (`<a/>`). */
  readonly innerStart: number;
  innerEnd: number;
  readonly empty: boolean;
}

export interface XmlAttribute {
  readonly local: string;
  readonly value: string;
  /** Place of the value, without quotes. */
  readonly start: number;
  readonly end: number;
}

export interface XmlText {
  readonly text: string;
  readonly encoding: string;
  readonly mark: boolean;
}

const DEPTH_LIMIT = 200;

/** Text of an XML file in the encoding it declares; UTF-8 when it declares none. */
export function decodeXml(bytes: Buffer): XmlText {
  const mark16 = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf16-be' : null;
  if (mark16 !== null) return { text: iconv.decode(bytes.subarray(2), mark16, { stripBOM: true }), encoding: mark16, mark: true };
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const declared = /^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']/.exec(bytes.subarray(mark ? 3 : 0, 200).toString('latin1'))?.[1] ?? 'utf-8';
  const encoding = iconv.encodingExists(declared) && !/^utf-?16|ucs/i.test(declared) ? declared : 'utf-8';
  return { text: iconv.decode(bytes.subarray(mark ? 3 : 0), encoding), encoding, mark };
}

export function encodeXml(xml: XmlText): Buffer {
  const mark = !xml.mark ? [] : xml.encoding === 'utf16le' ? [0xff, 0xfe] : xml.encoding === 'utf16-be' ? [0xfe, 0xff] : [0xef, 0xbb, 0xbf];
  return Buffer.concat([Buffer.from(mark), iconv.encode(xml.text, xml.encoding)]);
}

/** @returns the root element; null when the text is not well-formed enough to be edited safely */
export function parseXml(text: string): XmlElement | null {
  const open: XmlElement[] = [];
  let root: XmlElement | null = null;
  const token = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<!DOCTYPE(?:[^[>]|\[[\s\S]*?\])*>|<\/([^\s>]+)\s*>|<([^\s/>!?][^\s/>]*)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>/g;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [whole, closing, tag, attributes = '', slash] = match;
    const end = match.index + whole.length;
    if (closing !== undefined) {
      const element = open.pop();
      if (element === undefined || element.tag !== closing) return null;
      element.innerEnd = match.index;
      element.end = end;
    } else if (tag !== undefined) {
      const element: XmlElement = {
        tag, local: localOf(tag), attributes: attributesOf(attributes, match.index + 1 + tag.length), children: [],
        start: match.index, end, innerStart: end, innerEnd: end, empty: slash === '/',
      };
      const parent = open.at(-1);
      if (parent === undefined) {
        if (root !== null) return null;
        root = element;
      } else parent.children.push(element);
      if (slash !== '/') open.push(element);
      if (open.length > DEPTH_LIMIT) return null;
    }
  }
  return open.length === 0 ? root : null;
}

function localOf(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1);
}

function attributesOf(text: string, offset: number): readonly XmlAttribute[] {
  return [...text.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map((match) => {
    const raw = match[2] ?? match[3] ?? '';
    const end = offset + match.index + match[0].length - 1;
    return { local: localOf(match[1] ?? ''), value: unescapeXml(raw), start: end - raw.length, end };
  });
}

export function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex?: string, decimal?: string, word?: string) => {
    if (word !== undefined) return { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[word.toLowerCase()] ?? whole;
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? one);
}

export function attribute(element: XmlElement, local: string): string | null {
  return element.attributes.find((one) => one.local === local)?.value ?? null;
}

export function child(element: XmlElement | null, local: string): XmlElement | null {
  return element?.children.find((one) => one.local === local) ?? null;
}

export function childrenNamed(element: XmlElement | null, local: string): readonly XmlElement[] {
  return element?.children.filter((one) => one.local === local) ?? [];
}

/** Text of an element without markup; sections of CDATA give what they hold. */
export function textIn(xml: string, element: XmlElement | null): string {
  if (element === null) return '';
  const inner = xml.slice(element.innerStart, element.innerEnd).replace(/<!--[\s\S]*?-->/g, '');
  return inner.split(/(<!\[CDATA\[[\s\S]*?\]\]>)/).map((part) => (part.startsWith('<![CDATA[') ? part.slice(9, -3) : unescapeXml(part.replace(/<[^>]*>/g, '')))).join('').trim();
}

/** `ofd:` or nothing: new elements follow the file they go into. */
export function prefixOf(element: XmlElement): string {
  return element.tag.slice(0, element.tag.length - element.local.length);
}

/** Every element in reading order. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const one of element.children) yield* descendants(one);
}

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies edits that do not overlap; of two at one place the first given comes first. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let [result, at] = ['', 0];
  for (const edit of [...edits].sort((one, other) => one.start - other.start)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** Puts text at the end of an element, opening it when it is written empty. */
export function appendTo(xml: string, element: XmlElement, text: string): Edit {
  if (!element.empty) return { start: element.innerEnd, end: element.innerEnd, text };
  const head = xml.slice(element.start, element.end).replace(/\s*\/>$/, '>');
  return { start: element.start, end: element.end, text: `${head}${text}</${element.tag}>` };
}
