import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { create, type Font } from 'fontkit';

const require = createRequire(import.meta.url);
const fileOf = (name: string): string => require.resolve(`@expo-google-fonts/noto-sans-sc/${name}`);

/** 思源黑体 by file path: pdfkit keeps a font by its path, and would parse 10 MB anew for a registered name at every cell. */
export const REGULAR = fileOf('400Regular/NotoSansSC_400Regular.ttf');
export const BOLD = fileOf('700Bold/NotoSansSC_700Bold.ttf');

const faces = new Map<string, Typeface>();

export function typeface(file: string): Typeface {
  const known = faces.get(file);
  if (known) return known;
  const face = new Typeface(create(readFileSync(file)) as Font);
  faces.set(file, face);
  return face;
}

/** Never at the start of a line (避头点), and never at its end (避尾点): GB/T 15834-2011 附录 A in the parts a table meets. */
const NOT_FIRST = new Set('，。、；：？！）》〉」』】〕”’…,.;:?!)]}%');
const NOT_LAST = new Set('（《〈「『【〔“‘([{');

/** Widths and lines of one font, character by character: tables of thousands of cells need no shaping. */
export class Typeface {
  readonly #widths = new Map<string, number>();

  constructor(private readonly font: Font) {}

  /**
   * The text with every character that can be shown. A control or direction character goes; one without a glyph becomes 〓 with its
   * code point, as a printer's proof would have it: no officer's name turns into an empty box unseen.
   */
  safe(text: string): string {
    let out = '';
    for (const char of text.normalize('NFC').replace(/\s+/g, ' ')) {
      if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/u.test(char)) continue;
      const code = char.codePointAt(0) ?? 0;
      out += this.font.hasGlyphForCodePoint(code) ? char : `〓U+${code.toString(16).toUpperCase()}`;
    }
    return out;
  }

  /** Width in points at a size. */
  width(text: string, size: number): number {
    let sum = 0;
    for (const char of text) sum += this.#advance(char);
    return sum * size;
  }

  /** Breaks safe text into lines no wider than `width`. Latin words, codes and numbers stay whole where they fit. */
  lines(text: string, size: number, width: number): string[] {
    const lines: string[] = [];
    let line = '';
    let used = 0;
    const push = (): void => { lines.push(line.trimEnd()); line = ''; used = 0; };
    for (const piece of pieces(text)) {
      const wide = this.width(piece, size);
      if (used + wide <= width) { line += piece; used += wide; continue; }
      if (NOT_FIRST.has(piece) && line.length > 1) {
        // Takes back with it whatever may not stand first either.
        const chars = Array.from(line);
        let keep = chars.length - 1;
        while (keep > 1 && NOT_FIRST.has(chars[keep] ?? '')) keep -= 1;
        line = chars.slice(0, keep).join('');
        push();
        line = chars.slice(keep).join('') + piece;
        used = this.width(line, size);
        continue;
      }
      const held = line.length > 1 && NOT_LAST.has(line.at(-1) ?? '') ? line.at(-1) ?? '' : '';
      line = held === '' ? line : line.slice(0, -1);
      if (line !== '') push();
      line = held;
      used = this.width(held, size);
      if (piece === ' ') continue;
      for (const char of used + wide <= width ? [piece] : Array.from(piece)) {
        const one = this.width(char, size);
        if (used + one > width && line !== '') push();
        line += char;
        used += one;
      }
    }
    if (line !== '' || lines.length === 0) push();
    return lines;
  }

  #advance(char: string): number {
    const known = this.#widths.get(char);
    if (known !== undefined) return known;
    const advance = this.font.glyphForCodePoint(char.codePointAt(0) ?? 32).advanceWidth / this.font.unitsPerEm;
    this.#widths.set(char, advance);
    return advance;
  }
}

/** Where a line may break: between Han characters, after a hyphen, dot or slash of a code, at blanks. */
const pieces = (text: string): readonly string[] => text.match(/[A-Za-z0-9_]+[-·./:]?|./gu) ?? [];
