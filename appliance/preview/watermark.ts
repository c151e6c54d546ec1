import { GlyphSheet, fixed } from './glyphs.js';

/** 溯源水印: who looks, when, and the code that leads back to the audit entry; one line each, tiled over the page. */
export interface Watermark {
  readonly lines: readonly string[];
}

const SLANT_DEGREES = -28;
/** Ink of the mark: visible on paper and in a photograph, text below stays legible. */
const INK = 0.2;

/** An SVG layer of the given size with the mark tiled on the slant. */
export function watermarkSvg(mark: Watermark, width: number, height: number): string {
  const size = Math.max(12, Math.round(width / 48));
  const sheet = new GlyphSheet();
  const lines = mark.lines.filter((line) => line !== '').map((line) => line.slice(0, 60));
  const drawn = lines.map((line, index) => sheet.line(line, 0, index * size * 1.4, size));
  const stepX = Math.max(...drawn.map((line) => line.width), size * 8) + size * 5;
  const stepY = size * (lines.length * 1.4 + 5);
  const reach = Math.hypot(width, height);
  let tiles = '';
  for (let y = -reach / 2, row = 0; y < reach / 2 + stepY; y += stepY, row += 1) {
    for (let x = -reach / 2 - (row % 2) * (stepX / 2); x < reach / 2; x += stepX) tiles += `<use href="#mark" x="${fixed(x)}" y="${fixed(y)}"/>`;
  }
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}">` +
    `<defs>${sheet.definitions()}<g id="mark">${drawn.map((line) => line.svg).join('')}</g></defs>` +
    `<g fill="#1f3350" fill-opacity="${String(INK)}" transform="translate(${fixed(width / 2)} ${fixed(height / 2)}) rotate(${String(SLANT_DEGREES)})">${tiles}</g></svg>`
  );
}
