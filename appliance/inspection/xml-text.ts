/** XML as text, for looking only: no parser here resolves an entity, a DTD or an address. */
export function xmlText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return Buffer.from(bytes.subarray(2, bytes.length & ~1)).swap16().toString('utf16le');
  if (bytes[0] === 0x3c && bytes[1] === 0x00) return bytes.toString('utf16le');
  if (bytes[0] === 0x00 && bytes[1] === 0x3c) return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16().toString('utf16le');
  return bytes.toString('utf8');
}

/** A literal constant longer than this, or more of them than that, serves to swell a document. */
const ENTITY_CHARACTERS = 2048;
const ENTITIES = 64;

/**
 * Entities that reach outside or into one another: the root of XML attacks. Short literal constants, as drawing programs and schemas
 * declare them, are none.
 */
export function declaresEntities(text: string): boolean {
  let count = 0;
  for (const match of text.matchAll(/<!ENTITY\s+(%\s+)?[^\s>]+\s+(?:(SYSTEM|PUBLIC)\b|"([^"]*)"|'([^']*)')/gi)) {
    const value = match[3] ?? match[4] ?? '';
    if (match[2] !== undefined || /[&%][A-Za-z_]/.test(value) || value.length > ENTITY_CHARACTERS || ++count > ENTITIES) return true;
  }
  return /<!DOCTYPE\s+[^\s[>]+\s+SYSTEM\s+["'](?:[a-z]+:)?\/\//i.test(text);
}

export function declaresDoctype(text: string): boolean {
  return /<!DOCTYPE/i.test(text);
}

/** Attributes of every start tag whose local name is `local`; values with the five predefined entities undone. */
export function* tagsOf(text: string, local: string): Generator<ReadonlyMap<string, string>> {
  const pattern = new RegExp(`<(?:[\\w.-]+:)?${local}(?=[\\s/>])([^>]*)>`, 'g');
  for (const match of text.matchAll(pattern)) yield attributesOf(match[1] ?? '');
}

export function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const match of text.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    attributes.set(match[1] ?? '', plain(match[2] ?? match[3] ?? ''));
  }
  return attributes;
}

function plain(value: string): string {
  return value.replace(/&(lt|gt|quot|apos|amp);/g, (_all, name: string) => ({ lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' })[name] ?? '');
}
