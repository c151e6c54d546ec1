import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { unzipSync, zipSync } from 'fflate';
import sharp from 'sharp';
import { bufferSource } from '../../../appliance/inspection/source.js';
import { inPackage } from '../../../appliance/package-root.js';
import { pageCount, renderPage } from '../../../appliance/preview/render.js';
import { stripSeals } from '../../../appliance/seals/strip.js';
import { makeOfd as plainOfd } from '../../helpers/ofd-package.js';
import { makeOfd, SEAL_SVG, sealOfd, sealPng, sm2Signer } from '../../helpers/sealed-files.js';

const OFD = 'application/ofd';
/** A channel may differ by this much of 255 before the pixel counts as another: the edge of a picture drawn at another moment. */
const TOLERANCE = 16;
/** What may differ of a page: 0.5 % (design, seal removal). */
const MOST = 0.005;

async function pixels(bytes: Buffer, page: number): Promise<{ readonly data: Buffer; readonly size: string } | null> {
  const png = await renderPage(bufferSource(bytes), OFD, page, { widthPixels: 800 });
  if (png === null) return null;
  const { data, info } = await sharp(png).flatten({ background: '#ffffff' }).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, size: `${String(info.width)}x${String(info.height)}` };
}

/** Share of pixels of a page that are not what they were; 1 when the page has another size or one of the two cannot be drawn. */
async function difference(before: Buffer, after: Buffer, page: number): Promise<number> {
  const [left, right] = [await pixels(before, page), await pixels(after, page)];
  if (left === null && right === null) return 0;
  if (left?.size !== right?.size || left === null || right === null) return 1;
  let count = 0;
  for (let at = 0; at < left.data.length; at += 3) if ([0, 1, 2].some((channel) => Math.abs((left.data[at + channel] ?? 0) - (right.data[at + channel] ?? 0)) > TOLERANCE)) count += 1;
  return count / (left.data.length / 3);
}

/** The stripped file with its pages written back as they were: the signature is gone, and the seal picture with it. */
function withoutSeal(source: Buffer, stripped: Buffer): Buffer {
  const before = unzipSync(source);
  const after = unzipSync(stripped);
  return Buffer.from(zipSync(Object.fromEntries(Object.entries(after).map(([name, bytes]) => [name, /Pages?\//u.test(name) && name.endsWith('.xml') ? before[name] ?? bytes : bytes]))));
}

interface Compared { readonly pages: number; readonly kept: number; readonly stripped: readonly number[]; readonly lost: readonly number[] }
async function compare(source: Buffer): Promise<Compared> {
  const { output, report } = await stripSeals(source, OFD);
  const pages = (await pageCount(bufferSource(source), OFD)) ?? 0;
  const lost = withoutSeal(source, output);
  const shares: { stripped: number; lost: number }[] = [];
  for (let page = 1; page <= pages; page += 1) shares.push({ stripped: await difference(source, output, page), lost: await difference(source, lost, page) });
  return { pages, kept: report.sealImagesKept, stripped: shares.map((one) => one.stripped), lost: shares.map((one) => one.lost) };
}

const officer = sm2Signer('某某市档案局');
const redSeal = await sharp({ create: { width: 60, height: 60, channels: 3, background: '#d00000' } }).png().toBuffer();
const MADE: Readonly<Record<string, () => Buffer>> = {
  'a PNG seal, GB/T 38540': () => makeOfd(officer, { picture: { type: 'PNG', bytes: sealPng() } }),
  'a PNG seal, GM/T 0031': () => makeOfd(officer, { version: 1, picture: { type: 'PNG', bytes: redSeal } }),
  'an SVG seal': () => makeOfd(officer, { picture: { type: 'svg', bytes: SEAL_SVG } }),
  'a seal that is an OFD of its own': () => makeOfd(officer, { picture: { type: 'ofd', bytes: sealOfd() }, stamps: [{ page: '1', boundary: '20 20 180 120' }] }),
  '骑缝章 over two pages': () => makeOfd(officer, { picture: { type: 'PNG', bytes: redSeal }, stamps: [{ page: '1', boundary: '190 40 40 80', clip: '0 0 20 80' }, { page: '21', boundary: '170 40 40 80', clip: '20 0 20 80' }] }),
  'a stamp on every page of three': () => plainOfd({ pages: 3, seal: redSeal }),
};

for (const [name, make] of Object.entries(MADE)) {
  test(`第十九条三款: ${name}: drawn after the signature is gone, every page is what it was; without the picture it is not`, async (t) => {
    const { pages, kept, stripped, lost } = await compare(make());
    t.true(pages >= 1);
    t.true(kept >= 1);
    for (const [at, share] of stripped.entries()) t.true(share <= MOST, `page ${String(at + 1)}: ${String(share)}`);
    t.true(Math.max(...lost) > MOST, `the comparison sees a lost seal: ${lost.join(' ')}`);
  });
}

test('第十九条三款: every signed OFD of the corpus looks as before on every page, and one that lost its seal would be noticed', async (t) => {
  const corpus = inPackage('..', 'shared', 'corpus');
  const manifest = path.join(corpus, 'manifest.json');
  const entries = existsSync(manifest) ? (JSON.parse(await readFile(manifest, 'utf8')) as readonly { readonly path: string; readonly mime: string; readonly facts: { readonly signed?: boolean | null } }[]) : [];
  for (const { path: file } of entries.filter((one) => one.mime === OFD && one.facts.signed === true)) {
    const { pages, kept, stripped, lost } = await compare(await readFile(path.join(corpus, file)));
    t.log(`${file}: ${String(pages)} pages, seals ${String(kept)}, differs ${Math.max(0, ...stripped).toFixed(5)}, without the seal ${Math.max(0, ...lost).toFixed(5)}`);
    for (const [at, share] of stripped.entries()) t.true(share <= MOST, `${file} page ${String(at + 1)}: ${String(share)}`);
    if (kept > 0 && pages > 0) t.true(Math.max(...lost) > Math.max(...stripped), `${file}: ${lost.join(' ')}`);
  }
  t.pass();
});
