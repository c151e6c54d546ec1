/** Why a text is refused as it stands (GD-1-6 特殊字符). */
export type TextFault = 'control' | 'invisible' | 'bidi' | 'lone_surrogate' | 'noncharacter';
/** What was mended in passing: nothing an archivist would call another text. */
export type TextChange = 'trimmed' | 'composed';

export type CleanText =
  | { readonly ok: true; readonly text: string; readonly changes: readonly TextChange[] }
  | { readonly ok: false; readonly fault: TextFault; readonly position: number; readonly codePoint: number };

const FAULTS: readonly (readonly [TextFault, RegExp])[] = [
  ['bidi', /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u],
  ['invisible', /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/u],
  ['lone_surrogate', /\p{Cs}/u],
  ['noncharacter', /[\ufdd0-\ufdef\ufffe\uffff]/u],
  ['control', /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u],
];

/** Any of them: nearly every text is clean, and is looked at once. */
const ANY = new RegExp(FAULTS.map(([, pattern]) => pattern.source).join('|'), 'u');

/** The first forbidden character by its kind; `undefined` where the text is clean. Line feeds pass where the field has lines. */
export function textFault(text: string, multiline = false): { readonly fault: TextFault; readonly position: number; readonly codePoint: number } | undefined {
  if (!ANY.test(text)) return undefined;
  let position = 0;
  for (const character of text) {
    position += 1;
    if (multiline && character === '\n') continue;
    const found = FAULTS.find(([, pattern]) => pattern.test(character));
    if (found !== undefined) return { fault: found[0], position, codePoint: character.codePointAt(0) ?? 0 };
  }
  return undefined;
}

/**
 * 著录文字规范: trimmed of space at both ends and composed (NFC). Characters that cannot be seen, that turn the reading order or that
 * steer a terminal are refused, not removed: a title that differs from what the eye reads is a fact the officer must settle.
 * @param raw as typed or imported
 * @param multiline whether line feeds belong to the field (摘要, 附注)
 * @see DA/T 70-2018 GD-1-6
 */
export function cleanText(raw: string, multiline = false): CleanText {
  const even = multiline ? raw.replaceAll('\r\n', '\n') : raw;
  const trimmed = even.replace(/^[\p{Zs}\t\r\n]+|[\p{Zs}\t\r\n]+$/gu, '');
  const fault = textFault(trimmed, multiline);
  if (fault !== undefined) return { ok: false, ...fault };
  const text = trimmed.normalize('NFC');
  const changes: TextChange[] = [];
  if (trimmed !== even) changes.push('trimmed');
  if (text !== trimmed) changes.push('composed');
  return { ok: true, text, changes };
}

const SAYS = {
  control: '含控制字符', invisible: '含不可见字符', bidi: '含改变文字方向的字符', lone_surrogate: '含残缺的字符编码', noncharacter: '含非字符编码',
} as const satisfies Record<TextFault, string>;

/** `第3个字含不可见字符 U+200B，请删除（GD-1-6）`. */
export function textFaultMessage(fault: { readonly fault: TextFault; readonly position: number; readonly codePoint: number }): string {
  return `第${String(fault.position)}个字${SAYS[fault.fault]} U+${fault.codePoint.toString(16).toUpperCase().padStart(4, '0')}，请删除（GD-1-6）`;
}
