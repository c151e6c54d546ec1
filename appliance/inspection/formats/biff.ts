import type { FileFacts } from '../format.js';
import type { Observations } from '../examination.js';

const FILEPASS = 0x2f;
const BOUNDSHEET = 0x85;
const SUPBOOK = 0x1ae;
const CODE_PAGE_DDE = 0x03;

/** BOF of a worksheet, chart, macro sheet or workspace in BIFF 2, 3 and 4, which have no container. */
export function isBiff(head: Buffer): boolean {
  if (head.length < 8) return false;
  const record = head.readUInt16LE(0);
  const length = head.readUInt16LE(2);
  const type = head.readUInt16LE(6);
  return (record === 0x0009 || record === 0x0209 || record === 0x0409) && length >= 4 && length <= 16 && (type === 0x10 || type === 0x20 || type === 0x40 || type === 0x100);
}

/**
 * Records of a workbook stream ([MS-XLS]): FilePass says encrypted, a bound sheet of kind 1 is an Excel 4.0 macro sheet,
 * an external book with a service and a topic is a DDE link.
 */
export function biffFacts(bytes: Buffer, observations: Observations): Partial<FileFacts> {
  let encrypted = false;
  let active = false;
  let records = 0;
  let at = 0;
  if (isBiff(bytes) && bytes.readUInt16LE(6) === 0x40) {
    observations.add('office.macro', 'Excel 4.0 宏表');
    active = true;
  }
  while (at + 4 <= bytes.length) {
    const record = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    const data = bytes.subarray(at + 4, at + 4 + length);
    if (data.length < length) return { encrypted, activeContent: active, valid: records > 2 && record === 0 };
    if (record === 0 && length === 0) break;
    if (record === FILEPASS) encrypted = true;
    if (record === BOUNDSHEET && data[5] === 1) {
      observations.add('office.macro', 'Excel 4.0 宏表');
      active = true;
    }
    if (record === SUPBOOK && length > 4 && isDde(data)) {
      observations.add('office.dde', '外部链接');
      active = true;
    }
    records++;
    at += 4 + length;
  }
  return { encrypted, activeContent: active, valid: records > 1 };
}

/** A virtual path `service \u0003 topic` whose service names no file: DDE rather than an OLE link. */
function isDde(data: Buffer): boolean {
  if (data.readUInt16LE(0) !== 0) return false;
  const wide = data[4] === 1;
  const path = data.subarray(5).toString(wide ? 'utf16le' : 'latin1');
  const cut = path.indexOf(String.fromCharCode(CODE_PAGE_DDE));
  return cut > 0 && /^(cmd|powershell|mshta|rundll32|msexcel|excel|winword|wscript|cscript)/i.test(path.slice(0, cut).replace(/^[\u0000-\u0002]+/, ''));
}
