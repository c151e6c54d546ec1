import { readFileSync } from 'node:fs';
import test from 'ava';
import { inPackage } from '../../appliance/package-root.js';
import { ArchiveError } from '../../core/errors.js';
import { judgeScan, requireDescribedScans, technicalOf, tidyRecognised } from '../../core/scan.js';
import type { ScannedPage, ScanStanding } from '../../core/scan.js';
import type { ScansFile } from '../../policies/schemas/scan.js';

const policy = JSON.parse(readFileSync(inPackage('policies', 'scans.json'), 'utf8')) as ScansFile;
const page = (more: Partial<ScannedPage> = {}): ScannedPage => ({ widthPixels: 2480, heightPixels: 3508, dpi: 300, mode: 'gray', bits: 8, compression: 'deflate', ...more });

const JUDGED: readonly (readonly [what: string, mime: string, pages: readonly ScannedPage[], without: number, faults: readonly string[]])[] = [
  ['300 dpi grey, losslessly packed', 'image/tiff', [page()], 0, []],
  ['black and white in fax coding', 'image/tiff', [page({ mode: 'bitonal', bits: 1, compression: 'ccittfax4' })], 0, []],
  ['colour JPEG', 'image/jpeg', [page({ mode: 'color', compression: 'jpeg' })], 0, []],
  ['below the least resolution', 'image/tiff', [page({ dpi: 150 })], 0, ['reject dpi-low']],
  ['one page of two below it', 'image/tiff', [page(), page({ dpi: 199 })], 0, ['reject dpi-low']],
  ['between the least and the recommended', 'image/tiff', [page({ dpi: 200 })], 0, ['warn dpi-below-recommended']],
  ['no resolution in the file', 'image/jpeg', [page({ dpi: null, compression: 'jpeg' })], 0, ['warn dpi-missing']],
  ['black and white as JPEG', 'image/jpeg', [page({ mode: 'bitonal', bits: 1, compression: 'jpeg' })], 0, ['reject compression']],
  ['four bits of grey', 'image/tiff', [page({ bits: 4 })], 0, ['reject bits']],
  ['a PNG', 'image/png', [page()], 0, ['reject format']],
  ['a PDF of text alone', 'application/pdf', [], 3, ['reject no-picture']],
  ['a PDF with a page of text', 'application/pdf', [page({ compression: 'jpeg' })], 1, ['warn no-picture']],
];
for (const [what, mime, pages, without, faults] of JUDGED) {
  test(`第十六条: technical fields of a scan (DA/T 31): ${what} → ${faults.join(', ') || 'fit'}`, (t) => {
    t.deepEqual(judgeScan(technicalOf(pages, without), pages, mime, policy).map(({ severity, key }) => `${severity} ${key}`), faults);
  });
}

const RECORD = { id: 'r', electronicRecordCode: 'D1' };
const fit: ScanStanding = { file: 'f', record: 'r', measured: true, faults: [] };
const DESCRIBED: readonly (readonly [what: string, digitization: { scanDpi?: number; scanColorMode?: string } | undefined, scan: ScanStanding, code: string])[] = [
  ['nothing said of it', undefined, fit, 'E_META_REQUIRED'],
  ['the colour mode left out', { scanDpi: 300 }, fit, 'E_META_REQUIRED'],
  ['described and never measured', { scanDpi: 300, scanColorMode: 'gray' }, { ...fit, measured: false }, 'E_META_REQUIRED'],
  ['measured unfit', { scanDpi: 300, scanColorMode: 'gray' }, { ...fit, faults: [{ key: 'dpi-low', severity: 'reject', message: '低' }] }, 'E_SCAN_TECHNICAL'],
  ['measured with a warning', { scanDpi: 300, scanColorMode: 'gray' }, { ...fit, faults: [{ key: 'dpi-missing', severity: 'warn', message: '无' }] }, 'ok'],
];
for (const [what, digitization, scan, code] of DESCRIBED) {
  test(`第十六条: a scan is filed with its description: ${what} → ${code}`, (t) => {
    const record = { ...RECORD, description: digitization === undefined ? {} : { digitization } };
    try {
      requireDescribedScans([record], [scan]);
      t.is(code, 'ok');
    } catch (error) {
      t.true(error instanceof ArchiveError);
      t.is(String((error as ArchiveError).code), code);
    }
  });
}

test('第十六条: blanks that recognition puts between Chinese characters are taken out, lines stay', (t) => {
  t.is(tidyRecognised('关 于 防 汛 的 通 知 \n\n\n\n2026 年 5 月\r\nNo. 7 box'), '关于防汛的通知 \n\n2026 年5 月\nNo. 7 box');
});
