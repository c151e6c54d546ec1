import { readFileSync } from 'node:fs';
import type { PDFiumLibrary } from '@hyzyla/pdfium';
import { fallbackFontPath } from './glyphs.js';

/** What is used of the module behind `PDFiumLibrary`; the library has no call of its own for fonts. */
interface PdfiumModule {
  _FPDF_GetDefaultSystemFontInfo(): number;
  _FPDF_SetSystemFontInfo(info: number): void;
  readonly HEAPU8: Uint8Array;
  readonly HEAP32: Int32Array;
  readonly wasmExports: { readonly __indirect_function_table: { set(index: number, entry: unknown): void } };
}

/** Members of FPDF_SYSFONTINFO (fpdf_sysfontinfo.h), as words from its start, that are replaced. */
const MEMBER = { mapFont: 3, getFont: 4, getFontData: 5, getFaceName: 6, getFontCharset: 7, deleteFont: 8 } as const;
/** FX_Charset: Shift JIS, Hangul, GB 2312, Big5. */
const EAST_ASIAN = new Set([128, 129, 134, 136]);
const GB2312 = 134;
const REGULAR = 1;
const BOLD = 2;

/** The part of the platform used here; the compiler knows it only together with the browser's own types. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (binary: Uint8Array) => object;
    readonly Instance: new (module: object, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>) => { readonly exports: Readonly<Record<string, unknown>> };
  };
};

/** A function of 32-bit numbers in a form a WebAssembly table takes: an import handed straight out again. */
function asTableEntry(parameters: number, result: boolean, body: (...values: number[]) => number): unknown {
  const type = [0x60, parameters, ...Array.from({ length: parameters }, () => 0x7f), ...(result ? [1, 0x7f] : [0])];
  const section = (id: number, ...bytes: number[]): number[] => [id, bytes.length, ...bytes];
  const binary = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, 1, ...type), ...section(2, 1, 1, 0x65, 1, 0x66, 0, 0), ...section(7, 1, 1, 0x66, 0, 0)]);
  return new WebAssembly.Instance(new WebAssembly.Module(binary), { e: { f: body } }).exports['f'];
}

/**
 * Gives pdfium 思源黑体 for East Asian fonts a file does not bring. In its sandbox it finds no fonts at all, and a Chinese page
 * without embedded fonts would come out blank. Other scripts keep the fonts built into pdfium.
 */
export function lendFonts(library: PDFiumLibrary): void {
  const module = (library as unknown as { readonly module: PdfiumModule }).module;
  const files = new Map<number, Buffer>();
  const file = (handle: number): Buffer => {
    const known = files.get(handle) ?? readFileSync(fallbackFontPath(handle === BOLD));
    files.set(handle, known);
    return known;
  };
  const put = (bytes: Uint8Array, at: number, room: number): number => {
    if (at !== 0 && room >= bytes.length) module.HEAPU8.set(bytes, at);
    return bytes.length;
  };
  const info = module._FPDF_GetDefaultSystemFontInfo();
  const table = module.wasmExports.__indirect_function_table;
  const replace = (member: keyof typeof MEMBER, entry: unknown): void => table.set(module.HEAP32[info / 4 + MEMBER[member]] ?? 0, entry);
  replace('mapFont', asTableEntry(7, true, (_info, weight = 400, _italic, charset = 0) => (EAST_ASIAN.has(charset) ? (weight >= 600 ? BOLD : REGULAR) : 0)));
  replace('getFont', asTableEntry(2, true, () => 0));
  replace('getFontData', asTableEntry(5, true, (_info, handle = REGULAR, tag = 0, buffer = 0, room = 0) => {
    const whole = file(handle);
    const part = tag === 0 ? whole : fontTable(whole, tag >>> 0);
    return part === null ? 0 : put(part, buffer, room >>> 0);
  }));
  replace('getFaceName', asTableEntry(4, true, (_info, _handle, buffer = 0, room = 0) => put(Buffer.from('Noto Sans SC\0'), buffer, room >>> 0)));
  replace('getFontCharset', asTableEntry(2, true, () => GB2312));
  replace('deleteFont', asTableEntry(2, false, () => 0));
  module._FPDF_SetSystemFontInfo(info);
}

/** One table of a TrueType font by its tag; null when it has none, as for `ttcf` in a single font. */
function fontTable(font: Buffer, tag: number): Buffer | null {
  const count = font.readUInt16BE(4);
  for (let i = 0; i < count; i += 1) {
    const entry = 12 + i * 16;
    if (font.readUInt32BE(entry) === tag) return font.subarray(font.readUInt32BE(entry + 8), font.readUInt32BE(entry + 8) + font.readUInt32BE(entry + 12));
  }
  return null;
}
