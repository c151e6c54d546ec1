import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { addInner, type Observations } from '../examination.js';
import type { ByteSource, ExamineLimits, Inner } from '../format.js';
import { isTraversal } from '../names.js';
import { bufferSource } from '../source.js';
import type { ArchiveFacts } from './archive.js';

/** A first header whose checksum is right; old archives have no other mark. */
export function isTar(head: Buffer): boolean {
  if (head.length < 512) return false;
  const field = head.toString('latin1', 148, 156).replace(/[\0 ]+$/, '').trim();
  if (!/^[0-7]{1,7}$/.test(field)) return false;
  let sum = 8 * 32;
  for (let at = 0; at < 512; at++) if (at < 148 || at >= 156) sum += head[at] ?? 0;
  return sum === parseInt(field, 8) && head[0] !== 0;
}

export async function tarFacts(source: ByteSource, limits: ExamineLimits, inner: Inner, observations: Observations): Promise<ArchiveFacts> {
  const bytes = await source.all(limits.wholeBytes);
  const reader = extract();
  let entries = 0;
  let valid = true;
  try {
    const input = Readable.from([bytes]);
    input.on('error', () => undefined);
    input.pipe(reader);
    for await (const entry of reader) {
      const place = `条目 ${++entries}`;
      const { name, type, size } = entry.header;
      if (isTraversal(name)) observations.add('zip.traversal', place);
      if (type === 'symlink' || type === 'link') observations.add('zip.link', place);
      if (entries > limits.entries) {
        observations.add('zip.bomb', '条目数过多');
        break;
      }
      if (type === 'file' && (size ?? 0) > 0 && (size ?? 0) < 32 * 1024 * 1024 && entries <= 300) {
        const parts: Buffer[] = [];
        for await (const part of entry) parts.push(Buffer.from(part as Uint8Array));
        const found = await inner(bufferSource(Buffer.concat(parts)), name.split('/').pop() ?? '');
        if (found?.facts.compressed === true) observations.add('zip.nested', place);
        addInner(observations, found, place, 'zip.bomb');
      } else {
        entry.resume();
      }
    }
  } catch {
    valid = false;
  }
  return { encrypted: false, valid: valid && entries > 0 };
}
