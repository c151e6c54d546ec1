/** PDF objects (ISO 32000-1 clause 7.3). Numbers and strings keep the way they were written, so that a rewrite changes no value. */
export type PdfValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'number'; readonly raw: string }
  | { readonly kind: 'name'; readonly value: string }
  | PdfString
  | PdfRef
  | PdfArray
  | PdfDict
  | PdfStream
  /** Anything else: an operator of a content stream, or a slip of a producer. */
  | { readonly kind: 'word'; readonly raw: string };

export interface PdfString { readonly kind: 'string'; readonly bytes: Buffer; readonly hex: boolean }
export interface PdfRef { readonly kind: 'ref'; readonly num: number; readonly gen: number }
export interface PdfArray { readonly kind: 'array'; readonly items: PdfValue[] }
/** Keys without the slash, `#xx` resolved, one character per byte. */
export interface PdfDict { readonly kind: 'dict'; readonly map: Map<string, PdfValue> }
export interface PdfStream { readonly kind: 'stream'; readonly dict: PdfDict; readonly raw: Buffer }

export const NULL: PdfValue = { kind: 'null' };

export function name(value: string): PdfValue {
  return { kind: 'name', value };
}

/** At most five decimals, as readers keep no more. */
export function number(value: number): PdfValue {
  return { kind: 'number', raw: formatNumber(value) };
}

export function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(5).replace(/\.?0+$/, '').replace(/^-0$/, '0');
}

export function array(...items: PdfValue[]): PdfArray {
  return { kind: 'array', items };
}

export function dict(entries: Readonly<Record<string, PdfValue>> = {}): PdfDict {
  return { kind: 'dict', map: new Map(Object.entries(entries)) };
}

export function stream(raw: Buffer, entries: Readonly<Record<string, PdfValue>> = {}): PdfStream {
  return { kind: 'stream', dict: dict(entries), raw };
}

/** The dictionary of a dictionary or stream. */
export function dictOf(value: PdfValue): PdfDict | null {
  return value.kind === 'dict' ? value : value.kind === 'stream' ? value.dict : null;
}

export function numberOf(value: PdfValue): number | null {
  const number = value.kind === 'number' ? Number.parseFloat(value.raw) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}
