import { examined, format } from '../examination.js';
import type { ByteSource, Examination, Examiner } from '../format.js';

/** Binary formats of their own kind: tables, word processors of the past, domestic layout formats, mind maps. */
export const otherExaminer: Examiner = {
  claims: async (head, source) => (await otherOf(head, source)) !== null,
  async examine(source): Promise<Examination> {
    const found = await otherOf(await source.read(0, 65_536), source);
    if (found === null) throw new Error('no such format');
    return found;
  },
};

async function otherOf(head: Buffer, source: ByteSource): Promise<Examination | null> {
  const mark = head.toString('latin1', 0, 16);
  if (mark.startsWith('\xffWPC')) return wordPerfect(head);
  if (mark.startsWith('SQLite format 3\0')) return examined(format('application/vnd.sqlite3', 'SQLite 数据库', 'fmt/729'), {}, []);
  if (/^\0\x01\0\0Standard (Jet|ACE)/.test(head.toString('latin1', 0, 20))) return examined(format('application/x-msaccess', 'Access 数据库'), {}, []);
  if (/^(Founder )?CEB/.test(mark)) return examined(format('application/vnd.ceb', '方正 CEB'), {}, []);
  if (/^(CAJ|KDH|HN\xc8)/.test(mark)) return examined(format('application/vnd.caj', 'CAJ'), {}, []);
  if (/^SEP\b|^SURSENSEP/.test(mark)) return examined(format('application/vnd.sursen', '书生 SEP'), {}, []);
  if (/^AC10\d\d/.test(mark)) return examined(format('image/vnd.dwg', 'AutoCAD DWG'), {}, []);
  if (head.length > 8 && head.readUInt32BE(0) === 0x789f3e22) return examined(format('application/vnd.ms-tnef', 'TNEF'), {}, []);
  if (/^\0\0\x02\0[\x04\x06]\x04/.test(mark) || /^\0\0\x1a\0\0\x10\x04\0/.test(mark)) return examined(format('application/vnd.lotus-1-2-3', 'Lotus 1-2-3'), {}, []);
  return dbase(head, source.size);
}

/** Encryption key word at 12 of the prefix area (WordPerfect 5 and later): zero means open. */
function wordPerfect(head: Buffer): Examination {
  return examined(format('application/vnd.wordperfect', 'WordPerfect'), { encrypted: head.length > 14 && head.readUInt16LE(12) !== 0, valid: head.length > 16 && head.readUInt32LE(4) >= 16 }, []);
}

/** dBASE III and its line: header and record lengths must account for the file. */
function dbase(head: Buffer, size: number): Examination | null {
  const version = head[0] ?? 0;
  if (head.length < 65 || ![0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8b, 0xcb, 0xf5, 0xfb].includes(version)) return null;
  const [month, day] = [head[2] ?? 0, head[3] ?? 0];
  const headerBytes = head.readUInt16LE(8);
  const recordBytes = head.readUInt16LE(10);
  if (month > 12 || day > 31 || headerBytes < 65 || recordBytes < 2 || (headerBytes <= head.length && head[headerBytes - 1] !== 0x0d && head[headerBytes - 264] !== 0x0d && head[headerBytes - 2] !== 0x0d)) return null;
  const needed = headerBytes + head.readUInt32LE(4) * recordBytes;
  return examined(format('application/x-dbf', 'dBASE 表'), { valid: needed <= size + 1 }, needed <= size + 1 ? [] : [{ key: 'file.truncated', evidence: '记录数不足' }]);
}
