/** XML as text, for looking only: no parser here resolves an entity, a DTD or an address. */
export function xmlText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return Buffer.from(bytes.subarray(2, bytes.length & ~1)).swap16().toString('utf16le');
  if (bytes[0] === 0x3c && bytes[1] === 0x00) return bytes.toString('utf16le');
  if (bytes[0] === 0x00 && bytes[1] === 0x3c) return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16().toString('utf16le');
  return bytes.toString('utf8');
}

/** A document type with declarations of its own, or an external one: the root of entity attacks. */
export function declaresEntities(text: string): boolean {
  return /<!ENTITY/i.test(text);
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
