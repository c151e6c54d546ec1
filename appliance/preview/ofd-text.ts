import type { OfdObject } from '../inspection/formats/ofd/objects.js';
import { pageTotal, readPageContent } from '../inspection/formats/ofd/page.js';
import { readOfd } from '../inspection/formats/ofd/reader.js';
import { bufferSource } from '../inspection/source.js';

/** Text objects whose beginnings differ by less than this share one line; millimetres. */
const SAME_LINE = 1.5;

interface Placed { readonly x: number; readonly y: number; readonly text: string }

function placed(objects: readonly OfdObject[], dx = 0, dy = 0): Placed[] {
  return objects.flatMap((one): Placed[] => {
    if (one.type === 'group') return placed(one.objects, dx + (one.boundary?.[0] ?? 0), dy + (one.boundary?.[1] ?? 0));
    if (one.type !== 'text') return [];
    const [x, y] = one.style.boundary;
    // Rows inside one object are told by where its characters stand.
    const rows = new Map<number, string>();
    for (const { char, y: down } of one.glyphs) rows.set(Math.round(down), (rows.get(Math.round(down)) ?? '') + char);
    return [...rows].map(([down, text]) => ({ x: x + dx, y: y + dy + down, text }));
  });
}

/** The words of one page, line by line, top to bottom. */
function pageText(objects: readonly OfdObject[]): string {
  const lines: { y: number; parts: Placed[] }[] = [];
  for (const one of placed(objects).sort((a, b) => a.y - b.y)) {
    const line = lines.at(-1);
    if (line !== undefined && one.y - line.y < SAME_LINE) line.parts.push(one);
    else lines.push({ y: one.y, parts: [one] });
  }
  return lines.map(({ parts }) => parts.sort((a, b) => a.x - b.x).map(({ text }) => text).join('')).join('\n');
}

/** 文字提取 of an OFD file. @throws PackageFault where it cannot be opened */
export async function ofdText(bytes: Buffer): Promise<{ readonly pages: number; readonly text: string }> {
  const file = await readOfd(bufferSource(bytes));
  const pages = pageTotal(file);
  const texts: string[] = [];
  for (let index = 0; index < pages; index += 1) texts.push(pageText(readPageContent(file, index)?.objects ?? []));
  return { pages, text: texts.join('\n\f\n') };
}
