import type { OleFile } from '../containers/cfb.js';
import type { Observations } from '../examination.js';
import type { FileFacts } from '../format.js';

const VBA_INFO_ATOM = 0x0400;
const OLE_OBJECT_STORAGE = 0x1011;
const ENCRYPTED_TOKEN = 0xf3d1c4df;

/**
 * PowerPoint 97-2003 records ([MS-PPT]): the current-user token says encrypted, a VBA info atom with its flag says macros,
 * object storages are embedded objects (the macro project is one of them and is not counted as such).
 */
export function pptFacts(bytes: Buffer, currentUser: Buffer | undefined, file: OleFile, observations: Observations): Partial<FileFacts> {
  const token = currentUser !== undefined && currentUser.length >= 16 ? currentUser.readUInt32LE(12) : 0;
  const encrypted = token === ENCRYPTED_TOKEN || file.entries.some((entry) => entry.path === 'EncryptedSummary');
  if (encrypted) return { encrypted: true };
  const seen = { macros: false, objects: 0, links: 0, broken: false };
  walk(bytes, 0, bytes.length, seen, 0);
  if (seen.macros) observations.add('office.macro', 'VBA 工程');
  const embedded = Math.max(0, seen.objects - (seen.macros ? 1 : 0));
  if (embedded > 0) observations.add('file.embedded', `嵌入对象 ${embedded} 个`);
  return { encrypted: false, activeContent: seen.macros, valid: bytes.length > 8 };
}

interface Seen { macros: boolean; objects: number; links: number; broken: boolean }

function walk(bytes: Buffer, start: number, end: number, seen: Seen, depth: number): void {
  let at = start;
  while (at + 8 <= end) {
    const container = ((bytes[at] ?? 0) & 0x0f) === 0x0f;
    const type = bytes.readUInt16LE(at + 2);
    const length = bytes.readUInt32LE(at + 4);
    const next = at + 8 + length;
    if (next > end) {
      seen.broken = true;
      return;
    }
    if (type === VBA_INFO_ATOM && length >= 8 && bytes.readUInt32LE(at + 12) !== 0) seen.macros = true;
    if (type === OLE_OBJECT_STORAGE) seen.objects++;
    if (container && depth < 16) walk(bytes, at + 8, next, seen, depth + 1);
    at = next;
  }
}
