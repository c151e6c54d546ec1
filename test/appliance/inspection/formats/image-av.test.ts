import { deflateSync } from 'node:zlib';
import test from 'ava';
import sharp from 'sharp';
import { examineContent } from '../../../../appliance/inspection/identify.js';
import { EXAMINE_LIMITS } from '../../../../appliance/inspection/limits.js';
import { bufferSource } from '../../../../appliance/inspection/source.js';
import { judge } from '../../../../appliance/inspection/verdict.js';

async function look(bytes: Buffer, name: string): Promise<{ verdict: string; keys: string; facts: Record<string, unknown>; mime: string }> {
  const examined = await examineContent(bufferSource(bytes), name, EXAMINE_LIMITS);
  return { verdict: judge(examined).verdict, keys: examined.observations.map((seen) => seen.key).join(' '), facts: { ...examined.facts }, mime: examined.identified.mime };
}

const square = (): ReturnType<typeof sharp> => sharp({ create: { width: 64, height: 48, channels: 3, background: '#3366aa' } });

// ---- pictures -------------------------------------------------------------------------------------------------------------

test('第十七条: JPEG, PNG and TIFF are accepted, coding inside a TIFF is no 压缩; GIF, WebP and BMP are to be converted', async (t) => {
  t.like(await look(await square().jpeg().toBuffer(), 'a.jpg'), { verdict: 'accept', mime: 'image/jpeg' });
  t.like(await look(await square().png().toBuffer(), 'a.png'), { verdict: 'accept', mime: 'image/png' });
  for (const compression of ['none', 'lzw', 'jpeg', 'deflate', 'packbits'] as const)
    t.like(await look(await square().tiff({ compression }).toBuffer(), 'a.tif'), { verdict: 'accept', mime: 'image/tiff', facts: { compressed: false } }, compression);
  t.like(await look(await square().gif().toBuffer(), 'a.gif'), { verdict: 'warn', mime: 'image/gif' });
  t.like(await look(await square().webp().toBuffer(), 'a.webp'), { verdict: 'warn', mime: 'image/webp' });
  const bmp = Buffer.alloc(54 + 16);
  bmp.write('BM', 'latin1');
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(2, 18);
  bmp.writeInt32LE(2, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  t.like(await look(bmp, 'a.bmp'), { verdict: 'warn', mime: 'image/bmp' });
});

test('第二十六条: any picture cut short is rejected', async (t) => {
  const pictures = { 'a.jpg': await square().jpeg().toBuffer(), 'a.png': await square().png().toBuffer(), 'a.tif': await square().tiff({ compression: 'none' }).toBuffer(), 'a.gif': await square().gif().toBuffer(), 'a.webp': await square().webp().toBuffer() };
  for (const [name, bytes] of Object.entries(pictures)) t.like(await look(bytes.subarray(0, Math.floor(bytes.length * 0.6)), name), { verdict: 'reject', facts: { valid: false } }, name);
});

test('第二十一条: a picture that declares more pixels than any scan has is refused before it is decoded', async (t) => {
  const chunk = (type: string, body: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
    const out = Buffer.alloc(named.length + 8);
    out.writeUInt32BE(body.length, 0);
    named.copy(out, 4);
    out.writeUInt32BE(crc(named), named.length + 4);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(60_000, 0);
  header.writeUInt32BE(60_000, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(10))), chunk('IEND', Buffer.alloc(0))]);
  t.like(await look(png, 'a.png'), { verdict: 'reject', keys: 'file.over-limits' });
});

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const octet of bytes) {
    value ^= octet;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

test('第六条: a place in the metadata gives a warning', async (t) => {
  const bytes = await square().withExif({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '25/1 2/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '102/1 42/1 0/1' } }).jpeg().toBuffer();
  t.like(await look(bytes, 'a.jpg'), { verdict: 'warn', keys: 'image.location' });
});

test('第二十一条: a program or an archive behind a picture is smuggled content; padding is not', async (t) => {
  const jpeg = await square().jpeg().toBuffer();
  const program = Buffer.concat([jpeg, Buffer.from('MZ\x90\0', 'latin1'), Buffer.alloc(100)]);
  t.like(await look(program, 'a.jpg'), { verdict: 'reject', keys: 'file.polyglot', facts: { activeContent: true } });
  t.like(await look(Buffer.concat([jpeg, Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(100)]), 'a.jpg'), { verdict: 'reject', keys: 'file.polyglot' });
  t.like(await look(Buffer.concat([jpeg, Buffer.alloc(100)]), 'a.jpg'), { verdict: 'accept' });
});

test('GD-1-9: a JPEG named .png keeps its true format and gives a warning', async (t) => {
  t.like(await look(await square().jpeg().toBuffer(), '扫描件.png'), { verdict: 'warn', mime: 'image/jpeg', facts: { extensionMismatch: true } });
});

/** Two pages by hand; the second may point back to the first. */
function twoPageTiff(loop: boolean): Buffer {
  const pageAt = (next: number, data: number): Buffer => {
    const entries = [[256, 3, 1, 4], [257, 3, 1, 4], [258, 3, 1, 8], [259, 3, 1, 1], [262, 3, 1, 1], [273, 4, 1, data], [277, 3, 1, 1], [278, 3, 1, 4], [279, 4, 1, 16]] as const;
    const out = Buffer.alloc(2 + entries.length * 12 + 4);
    out.writeUInt16LE(entries.length, 0);
    entries.forEach(([tag, type, count, value], i) => {
      out.writeUInt16LE(tag, 2 + i * 12);
      out.writeUInt16LE(type, 4 + i * 12);
      out.writeUInt32LE(count, 6 + i * 12);
      if (type === 3) out.writeUInt16LE(value, 10 + i * 12);
      else out.writeUInt32LE(value, 10 + i * 12);
    });
    out.writeUInt32LE(next, out.length - 4);
    return out;
  };
  const size = 114;
  return Buffer.concat([Buffer.from('49492a0008000000', 'hex'), pageAt(8 + size, 8 + 2 * size), pageAt(loop ? 8 : 0, 8 + 2 * size), Buffer.alloc(16, 128)]);
}

test('TIFF pages are counted, and a directory that points back to itself ends the count with a warning', async (t) => {
  t.like(await look(twoPageTiff(false), 'a.tif'), { verdict: 'accept', facts: { pages: 2 } });
  t.like(await look(twoPageTiff(true), 'a.tif'), { verdict: 'warn', keys: 'image.nonconforming', facts: { pages: 2 } });
});

// ---- sound and film -------------------------------------------------------------------------------------------------------

function wav(seconds: number): Buffer {
  const data = Buffer.alloc(8000 * seconds);
  const out = Buffer.alloc(44);
  out.write('RIFF', 0, 'latin1');
  out.writeUInt32LE(36 + data.length, 4);
  out.write('WAVEfmt ', 8, 'latin1');
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20);
  out.writeUInt16LE(1, 22);
  out.writeUInt32LE(8000, 24);
  out.writeUInt32LE(8000, 28);
  out.writeUInt16LE(1, 32);
  out.writeUInt16LE(8, 34);
  out.write('data', 36, 'latin1');
  out.writeUInt32LE(data.length, 40);
  return Buffer.concat([out, data]);
}

const box = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
};
const movie = (...inside: Buffer[]): Buffer => Buffer.concat([box('ftyp', Buffer.from('isom\0\0\0\0isom', 'latin1')), box('moov', box('vmhd'), ...inside), box('mdat', Buffer.alloc(400))]);

test('第十七条: WAV and MP4 are accepted, AU and MIDI are to be converted', async (t) => {
  t.like(await look(wav(1), 'a.wav'), { verdict: 'accept', mime: 'audio/x-wav' });
  t.like(await look(movie(), 'a.mp4'), { verdict: 'accept', mime: 'video/mp4' });
  const au = Buffer.alloc(64);
  au.write('.snd', 'latin1');
  au.writeUInt32BE(24, 4);
  au.writeUInt32BE(40, 8);
  t.like(await look(au, 'a.au'), { verdict: 'warn', mime: 'audio/basic' });
});

test('第二十六条: sound and film cut short are rejected', async (t) => {
  t.like(await look(wav(1).subarray(0, 5000), 'a.wav'), { verdict: 'reject', facts: { valid: false } });
  t.like(await look(movie().subarray(0, 200), 'a.mp4'), { verdict: 'reject', facts: { valid: false } });
  const tagOnly = Buffer.concat([Buffer.from('ID3\x03\0\0\0\0\x0f\x68', 'latin1'), Buffer.alloc(500)]);
  t.like(await look(tagOnly, 'a.mp3'), { verdict: 'reject', facts: { valid: false } });
});

test('第十七条: film under digital rights protection is encrypted', async (t) => {
  t.like(await look(movie(box('pssh', Buffer.alloc(20))), 'a.mp4'), { verdict: 'reject', facts: { encrypted: true, valid: true } });
});
