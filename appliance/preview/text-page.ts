import sharp from 'sharp';
import { GlyphSheet, advanceOf, fallbackFace, fixed } from './glyphs.js';

/** A4 at 96 dots to the inch. */
const PAGE = { width: 794, height: 1123, margin: 76, size: 15, leading: 24 } as const;
const LINES_PER_PAGE = Math.floor((PAGE.height - 2 * PAGE.margin - 40) / PAGE.leading);
const MOST_PAGES = 2000;

function advance(char: string): number {
  const { font } = fallbackFace(false);
  const code = char.codePointAt(0) ?? 32;
  return advanceOf(fallbackFace(false), font.glyphForCodePoint(font.hasGlyphForCodePoint(code) ? code : 0x25a1)) * PAGE.size;
}

/** Lines as they fall on the page; a tab goes to the next stop of four ideographs. */
export function layOut(text: string): string[] {
  const room = PAGE.width - 2 * PAGE.margin;
  const widths = new Map<string, number>();
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    let width = 0;
    for (const char of paragraph.replaceAll('\t', '    ')) {
      let own = widths.get(char);
      if (own === undefined) widths.set(char, (own = advance(char)));
      if (width + own > room) {
        lines.push(line);
        line = '';
        width = 0;
      }
      line += char;
      width += own;
    }
    lines.push(line);
    if (lines.length > LINES_PER_PAGE * MOST_PAGES) break;
  }
  while (lines.length > 1 && lines.at(-1)?.trim() === '') lines.pop();
  return lines;
}

export const textPageCount = (text: string): number => Math.max(1, Math.ceil(layOut(text).length / LINES_PER_PAGE));

/** Page `index` (from 0) of the text view, headed as what it is: words only, not the document's looks. */
export async function textPagePng(text: string, index: number, widthPixels: number): Promise<Buffer | null> {
  const lines = layOut(text);
  const pages = Math.max(1, Math.ceil(lines.length / LINES_PER_PAGE));
  if (index < 0 || index >= pages) return null;
  const sheet = new GlyphSheet();
  const top = PAGE.margin + 40;
  const body = lines.slice(index * LINES_PER_PAGE, (index + 1) * LINES_PER_PAGE).map((line, row) => sheet.line(line, PAGE.margin, top + row * PAGE.leading, PAGE.size).svg).join('');
  const heading = sheet.line('文本视图（仅提取文字，不含原版式）', PAGE.margin, PAGE.margin, 13, true).svg;
  const foot = sheet.line(`${String(index + 1)} / ${String(pages)}`, PAGE.width - PAGE.margin - 50, PAGE.height - 40, 12).svg;
  const height = Math.round((widthPixels * PAGE.height) / PAGE.width);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(widthPixels)}" height="${String(height)}" viewBox="0 0 ${String(PAGE.width)} ${String(PAGE.height)}">` +
    `<defs>${sheet.definitions()}</defs><rect width="${String(PAGE.width)}" height="${String(PAGE.height)}" fill="#fff"/>` +
    `<g fill="#5b6b7c">${heading}${foot}</g><path d="M${fixed(PAGE.margin)} ${fixed(PAGE.margin + 10)}H${fixed(PAGE.width - PAGE.margin)}" stroke="#c3ccd6" stroke-width="1"/><g fill="#1a1a1a">${body}</g></svg>`;
  return sharp(Buffer.from(svg), { unlimited: true }).png().toBuffer();
}
