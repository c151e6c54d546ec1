import type { Rating } from '../policies/schemas/media-destruction.js';

/** What a text log of nwipe says of one drive. */
export interface ErasedDrive {
  /** As the kernel named it, `sdb`. */
  readonly device: string;
  readonly model: string;
  /** Empty where the log hides or lacks it. */
  readonly serial: string;
  readonly method: string;
  readonly rating: Rating;
  /** Why it is no better than it is rated. */
  readonly doubts: readonly LogDoubt[];
}
export type LogDoubt = 'no_summary' | 'failed' | 'aborted' | 'errors' | 'not_verified' | 'short' | 'hidden_sectors' | 'hidden_unknown' | 'no_serial' | 'ambiguous';

export const DOUBT_WORDS: Readonly<Record<LogDoubt, string>> = {
  no_summary: '日志没有该盘的结束小结', failed: '日志记为失败', aborted: '中途中止', errors: '有写入或校验错误', not_verified: '没有逐块校验', short: '写入的字节数与容量不符', hidden_sectors: '有隐藏区未清除', hidden_unknown: '隐藏区无法判断',
  no_serial: '日志没有序列号', ambiguous: '日志中有多次运行或重复的盘',
};

interface Seen { model: string; serial: string; method: string; capacity: number | null; written: number[]; verified: number; passes: number; hidden: 'none' | 'yes' | 'unknown'; errors: number; status: string[]; bad: boolean }

const STAMP = /^\[\d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2}\]\s*(?:nwipe:\s*)?(?:\w+:\s*)?/u;
const AT = String.raw`'?(?:/dev/)?([A-Za-z0-9_-]+)'?`;
const found = (line: string, pattern: string): RegExpExecArray | null => new RegExp(pattern, 'u').exec(line);
/** `-q` writes question marks or X in place of what identifies the drive. */
const shown = (serial: string): string => (/^[?X]*$/u.test(serial) ? '' : serial);

/**
 * 覆写日志: every drive that a log of nwipe (0.2x–0.3x, text) speaks of, and how far it can be believed. `verified`: erased, read back without
 * an error, to the last byte of what the drive says it holds, with nothing hidden. `reported`: said to be erased, not read back or not
 * wholly known. Everything else, an unfinished or cut log too, is `unknown`. Of what held a secret it proves nothing.
 */
export function readNwipeLog(text: string): readonly ErasedDrive[] {
  const drives = new Map<string, Seen>();
  const of = (name: string): Seen => {
    const known = drives.get(name) ?? { model: '', serial: '', method: '', capacity: null, written: [], verified: 0, passes: 0, hidden: 'none', errors: 0, status: [], bad: false };
    drives.set(name, known);
    return known;
  };
  let table: 'errors' | 'status' | null = null;
  let option = '';
  for (const raw of text.split(/\r?\n/u)) {
    const line = raw.replace(STAMP, '').trim();
    if (/^\*+ Error Summary \*+$/u.test(line)) { table = 'errors'; continue; }
    if (/^\*+ Drive Status \*+$/u.test(line)) { table = 'status'; continue; }
    if (/^\*{20,}$/u.test(line)) { table = null; continue; }
    const total = /^Total Throughput .*,\s*\d+R\+N?B\+(NV|VL|VA)$/u.exec(line);
    if (total !== null) { option = total[1] ?? ''; table = null; continue; }
    if (table !== null) { tableRow(table, line, of); continue; }
    event(line, of);
  }
  return [...drives].map(([device, seen]) => rated(device, seen, option, drives));
}

function tableRow(table: 'errors' | 'status', line: string, of: (name: string) => Seen): void {
  if (line.startsWith('!   Device') || line.startsWith('! Device') || /^-+$/u.test(line)) return;
  const cells = line.replace(/^!\s*/u, '').split('|').map((cell) => cell.trim());
  const [name = '', second = '', ...rest] = cells;
  if (!/^[A-Za-z0-9_-]+$/u.test(name) || cells.length < 3) return;
  const seen = of(name);
  if (table === 'errors') { seen.errors += [second, ...rest].reduce((sum, cell) => sum + (Number.parseInt(cell, 10) || 0), 0); return; }
  seen.status.push(second);
  const last = cells.at(-1) ?? '';
  const slash = last.lastIndexOf('/');
  if (seen.model === '') seen.model = slash < 0 ? last : last.slice(0, slash).trim();
  if (seen.serial === '' && slash >= 0) seen.serial = shown(last.slice(slash + 1).trim());
}

function event(line: string, of: (name: string) => Seen): void {
  const device = found(line, String.raw`^Found ${AT},\s*(?:[A-Z0-9-]+\s*,)?\s*(.*?),\s*[\d.]+ ?[kMGT]?B,\s*S/N=(.*)$`);
  if (device !== null) {
    const seen = of(device[1] ?? '');
    seen.model ||= (device[2] ?? '').trim();
    seen.serial ||= shown((device[3] ?? '').trim());
    return;
  }
  const serial = found(line, String.raw`^(?:Device )?${AT} has serial number '?(.*?)'?\.?$`);
  if (serial !== null) { of(serial[1] ?? '').serial ||= shown((serial[2] ?? '').trim()); return; }
  const size = found(line, String.raw`^${AT},? sect/blk/dev \d+/\d+/(\d+)$`) ?? found(line, String.raw`^Device ${AT} is size (\d+)\.?$`);
  if (size !== null) { of(size[1] ?? '').capacity = Number(size[2]); return; }
  const method = found(line, String.raw`^Invoking method '(.+)' on (?:device )?${AT}\.?$`);
  if (method !== null) { of(method[2] ?? '').method = method[1] ?? ''; return; }
  const pass = found(line, String.raw`^Starting pass \d+(?:/| of )\d+, round \d+(?:/| of )\d+, on (?:device )?${AT}\.?$`);
  if (pass !== null) { of(pass[1] ?? '').passes += 1; return; }
  const written = found(line, String.raw`^(\d+) bytes written to (?:device )?${AT}\.?$`);
  if (written !== null) { of(written[2] ?? '').written.push(Number(written[1])); return; }
  const verified = found(line, String.raw`^Verified pass \d+(?:/| of )\d+, round \d+(?:/| of )\d+, on (?:device )?${AT}\.?$`) ?? found(line, String.raw`^\[SUCCESS\] Verified that ${AT} is empty\.?$`);
  if (verified !== null) { of(verified[1] ?? '').verified += 1; return; }
  const hidden = found(line, String.raw`HIDDEN (?:SECTORS|AREA) (DETECTED|INDETERMINATE)!?.* on ${AT}(?:,.*)?$`);
  if (hidden !== null) { of(hidden[2] ?? '').hidden = hidden[1] === 'DETECTED' ? 'yes' : 'unknown'; return; }
  const bad = found(line, String.raw`^\[FAILURE\].*?/dev/([A-Za-z0-9_-]+)`) ?? found(line, String.raw`\bmismatch on '?/dev/([A-Za-z0-9_-]+)`);
  if (bad !== null) of(bad[1] ?? '').bad = true;
}

function rated(device: string, seen: Seen, option: string, all: ReadonlyMap<string, Seen>): ErasedDrive {
  const [status = ''] = seen.status;
  const doubts: LogDoubt[] = [];
  if (seen.status.length === 0) doubts.push('no_summary');
  if (seen.status.length > 1 || (seen.serial !== '' && [...all].some(([name, other]) => name !== device && other.serial === seen.serial))) doubts.push('ambiguous');
  if (seen.status.length > 0 && status !== 'Erased') doubts.push(/ABORT/u.test(status) ? 'aborted' : 'failed');
  if (seen.errors > 0 || seen.bad) doubts.push('errors');
  if (seen.hidden === 'yes') doubts.push('hidden_sectors');
  if (seen.serial === '') doubts.push('no_serial');
  const broken = doubts.length > 0;
  if (seen.verified === 0 || option === 'NV') doubts.push('not_verified');
  if (seen.capacity === null || seen.written.length === 0 || seen.written.length < seen.passes || seen.written.some((bytes) => bytes !== seen.capacity)) doubts.push('short');
  if (seen.hidden === 'unknown') doubts.push('hidden_unknown');
  return { device, model: seen.model, serial: seen.serial, method: seen.method, rating: broken ? 'unknown' : doubts.length > 0 ? 'reported' : 'verified', doubts };
}

/** Serial numbers as labels and kernels write them: blanks, dashes and case do not tell two drives apart. */
export const plainSerial = (serial: string): string => serial.replace(/[\s_-]/gu, '').toUpperCase();
