import type { Observations } from '../examination.js';
import type { FileFacts } from '../format.js';

/** RTF 1.9.1: embedded objects, objects that update themselves, DDE fields, remote templates. */
export function rtfFacts(text: string, observations: Observations): Partial<FileFacts> {
  const objects = (text.match(/\\objdata\b/g) ?? []).length;
  if (objects > 0) observations.add('file.embedded', `嵌入对象 ${objects} 个`);
  const automatic = objects > 0 && /\\objupdate\b|\\objautlink\b/.test(text);
  const equation = /4571756174696f6e2e33|Equation\.3/i.test(text.replace(/\s+/g, '').slice(0, 4_000_000)) && automatic;
  const dde = /\\fldinst\b[^}]*\bDDE(AUTO)?\b/i.test(text);
  if (automatic || equation) observations.add('office.macro', '自动更新的对象');
  if (dde) observations.add('office.dde', '域');
  if (/\\\*\\template\s+[^}]*(https?:|\\\\\\\\)/i.test(text) || /\\fldinst\b[^}]*\bINCLUDE(PICTURE|TEXT)\b[^}]*https?:/i.test(text)) observations.add('office.external', '外部模板或内容');
  return { activeContent: automatic || dde, valid: /\}[\s\0]*$/.test(text) && balanced(text) };
}

/** As many closing as opening braces, escaped ones aside; binary runs make the count unsure and are let pass. */
function balanced(text: string): boolean {
  if (/\\bin\d/.test(text)) return true;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '{') depth++;
    else if (char === '}' && --depth < 0) return true;
  }
  return depth === 0;
}
