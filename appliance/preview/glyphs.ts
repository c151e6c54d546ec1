import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { create, type Font, type Glyph } from 'fontkit';

/** A font program ready to give outlines. */
export interface Face {
  readonly font: Font;
  /** Prefix of symbol ids in the SVG, unique within one page. */
  readonly key: string;
}

const require = createRequire(import.meta.url);
const loaded = new Map<string, Face>();

/** Font file of 思源黑体 (Noto Sans SC) in the box's own packages. */
export const fallbackFontPath = (bold: boolean): string =>
  require.resolve(`@expo-google-fonts/noto-sans-sc/${bold ? '700Bold/NotoSansSC_700Bold.ttf' : '400Regular/NotoSansSC_400Regular.ttf'}`);

/** 思源黑体 (Noto Sans SC), what the box shows where a file brings no font of its own. */
export function fallbackFace(bold: boolean): Face {
  const key = bold ? 'nb' : 'n';
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const face = { font: create(readFileSync(fallbackFontPath(bold))) as Font, key };
  loaded.set(key, face);
  return face;
}

/** A font program inside a document; null when it cannot be read. */
export function embeddedFace(bytes: Buffer, key: string): Face | null {
  try {
    const font = create(bytes) as Font;
    return Number.isFinite(font.unitsPerEm) && font.unitsPerEm > 0 && font.numGlyphs > 0 ? { font, key } : null;
  } catch {
    return null;
  }
}

/** Width of a glyph as a fraction of the em. */
export const advanceOf = (face: Face, glyph: Glyph): number => {
  const advance = glyph.advanceWidth / face.font.unitsPerEm;
  return Number.isFinite(advance) ? advance : 1;
};

/** Outlines used on one page, each written once and placed by reference. */
export class GlyphSheet {
  private readonly symbols = new Map<string, string>();

  /** Id of the outline in `defs`; null for a blank. */
  symbol(face: Face, glyph: Glyph): string | null {
    const id = `${face.key}-${String(glyph.id)}`;
    const known = this.symbols.get(id);
    if (known !== undefined) return known === '' ? null : id;
    let data: string;
    try {
      data = glyph.path.toSVG();
    } catch {
      data = '';
    }
    this.symbols.set(id, data);
    return data === '' ? null : id;
  }

  /** The character from `face`, or from the fallback when the face lacks it. */
  pick(face: Face | null, char: string, glyphId: number | null, bold: boolean): { readonly face: Face; readonly glyph: Glyph } | null {
    const code = char.codePointAt(0) ?? 32;
    try {
      if (face !== null) {
        if (glyphId !== null && glyphId > 0 && glyphId < face.font.numGlyphs) return { face, glyph: face.font.getGlyph(glyphId) };
        if (face.font.hasGlyphForCodePoint(code)) return { face, glyph: face.font.glyphForCodePoint(code) };
      }
    } catch {
      // A damaged embedded font: the fallback shows the character all the same.
    }
    const own = fallbackFace(bold);
    if (code < 32) return null;
    return { face: own, glyph: own.font.glyphForCodePoint(own.font.hasGlyphForCodePoint(code) ? code : 0x25a1) };
  }

  /** `<defs>` content. */
  definitions(): string {
    return [...this.symbols].filter(([, data]) => data !== '').map(([id, data]) => `<path id="${id}" d="${data}"/>`).join('');
  }

  /** A line of text from the fallback face. @returns SVG and the width taken, in the unit of `size` */
  line(text: string, x: number, y: number, size: number, bold = false): { readonly svg: string; readonly width: number } {
    let at = x;
    let svg = '';
    for (const char of text) {
      const picked = this.pick(null, char, null, bold);
      if (picked === null) continue;
      const scale = size / picked.face.font.unitsPerEm;
      const id = this.symbol(picked.face, picked.glyph);
      if (id !== null) svg += `<use href="#${id}" transform="matrix(${fixed(scale)} 0 0 ${fixed(-scale)} ${fixed(at)} ${fixed(y)})"/>`;
      at += advanceOf(picked.face, picked.glyph) * size;
    }
    return { svg, width: at - x };
  }
}

/** Six significant places are below a hundredth of a pixel at any size drawn here. */
export const fixed = (value: number): string => (Number.isFinite(value) ? String(Number(value.toFixed(6))) : '0');
