import { ArchiveError, type ErrorDetail } from './errors.js';
import { textFault } from './text.js';

/** Why a name is refused: it would mislead a reader, leave its folder or not be a name at all. */
export type HostileName = 'empty' | 'separator' | 'traversal' | 'absolute' | 'control' | 'bidi' | 'invisible' | 'broken_text' | 'stream';
/** Why a name is kept but shown with a hint: some machine cannot store it as it stands, or it looks like another. */
export type OddName = 'reserved' | 'edge_space' | 'trailing_dot' | 'overlong' | 'hidden' | 'space_before_extension' | 'special_character' | 'formula' | 'percent_encoded' | 'mixed_script' | 'not_composed';

export type NameJudgement =
  | { readonly ok: false; readonly problem: HostileName; readonly message: string }
  | { readonly ok: true; readonly name: string; readonly oddities: readonly OddName[] };

const HOSTILE = {
  empty: '文件名为空，请命名', separator: '文件名含路径分隔符，请去掉', traversal: '文件名含上级目录，请改名', absolute: '文件名是绝对路径，请只保留文件名',
  control: '文件名含控制字符，请删除', bidi: '文件名含改变文字方向的字符，可能伪装扩展名，请删除', invisible: '文件名含不可见字符，请删除',
  broken_text: '文件名编码残缺，请重新命名', stream: '文件名含冒号（附加数据流），请改名',
} as const satisfies Record<HostileName, string>;

const ODD = {
  reserved: '为 Windows 保留名', edge_space: '首尾有空格', trailing_dot: '以句点结尾', overlong: '超过 255 字节', hidden: '以句点开头',
  space_before_extension: '扩展名前有空格', special_character: '含部分系统不允许的字符', formula: '以公式符号开头', percent_encoded: '含 URL 编码',
  mixed_script: '混用形似的西里尔或希腊字母', not_composed: '未用规范组合字符',
} as const satisfies Record<OddName, string>;

const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?:\.|$)/iu;

/** UTF-8 length without leaving the pure room: 1, 2, 3 or 4 bytes a code point. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function hostility(name: string): HostileName | undefined {
  if (name.trim() === '') return 'empty';
  if (/^[/\\]|^[a-z]:[/\\]?/iu.test(name)) return 'absolute';
  if (/(?:^|[/\\])\.\.?(?:[/\\]|$)/u.test(name)) return 'traversal';
  if (/[/\\]/u.test(name)) return 'separator';
  const fault = textFault(name);
  if (fault !== undefined) return fault.fault === 'lone_surrogate' || fault.fault === 'noncharacter' ? 'broken_text' : fault.fault;
  if (/:/u.test(name)) return 'stream';
  return undefined;
}

const ODDITIES: readonly (readonly [OddName, (name: string) => boolean])[] = [
  ['reserved', (name) => RESERVED.test(name)],
  ['edge_space', (name) => /^\s|\s$/u.test(name)],
  ['trailing_dot', (name) => /\.$/u.test(name)],
  ['overlong', (name) => utf8Bytes(name) > 255],
  ['hidden', (name) => name.startsWith('.')],
  ['space_before_extension', (name) => /\s\.[^.]*$/u.test(name)],
  ['special_character', (name) => /[<>"|?*]/u.test(name)],
  ['formula', (name) => /^[=+\-@]/u.test(name)],
  ['percent_encoded', (name) => /%(?:2e|2f|5c|00)/iu.test(name)],
  ['mixed_script', (name) => /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(name) && /\p{Script=Latin}/u.test(name.replace(/\.[^.]*$/u, ''))],
  ['not_composed', (name) => name !== name.normalize('NFC')],
];

/**
 * 计算机文件名 as it was given. A good name is kept to the letter (never decoded, trimmed or composed): it is metadata; on disk the file
 * has an opaque id. A hostile one is refused.
 * @see DA/T 46-2009 M48; DA/T 70-2018 GD-1-6
 */
export function judgeName(name: string): NameJudgement {
  const problem = hostility(name);
  if (problem !== undefined) return { ok: false, problem, message: HOSTILE[problem] };
  return { ok: true, name, oddities: ODDITIES.filter(([, holds]) => holds(name)).map(([odd]) => odd) };
}

export const oddityMessage = (oddities: readonly OddName[]): string => oddities.map((odd) => ODD[odd]).join('，');

/** @throws ArchiveError `E_NAME_HOSTILE` with the problem, never the name */
export function requireName(name: string): string {
  const judged = judgeName(name);
  if (!judged.ok) throw new ArchiveError('E_NAME_HOSTILE', { problem: judged.problem }, [{ at: '/fileName', message: judged.message }]);
  return judged.name;
}

/** Extension in lower case without the dot, by the true end of the name; empty where there is none. */
export function extensionOf(name: string): string {
  const [, extension] = /[^.]\.([^.\s]+)\s*$/u.exec(name) ?? [];
  return (extension ?? '').toLowerCase();
}

/** What two names must differ in: composed, case folded, without trailing dots and spaces, as the strictest file system compares. */
export const sameNameKey = (name: string): string => name.normalize('NFC').replace(/[. ]+$/u, '').toLowerCase().normalize('NFC');

/** Positions in the batch whose names a careless disk would take for one, in groups. */
export function collisions(names: readonly string[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  names.forEach((name, index) => {
    const key = sameNameKey(name);
    const group = groups.get(key) ?? [];
    group.push(index);
    groups.set(key, group);
  });
  return [...groups.values()].filter((group) => group.length > 1);
}

/**
 * 同批不得重名: also not by composition, letter case or a trailing dot.
 * @throws ArchiveError `E_NAME_COLLISION` with every position
 */
export function requireDistinct(names: readonly string[]): void {
  const groups = collisions(names);
  if (groups.length === 0) return;
  const details = groups.map((group): ErrorDetail => ({ at: `/${String(group[0] ?? 0)}`, message: `第 ${group.map((index) => String(index + 1)).join('、')} 个文件的名称等同，请改名` }));
  throw new ArchiveError('E_NAME_COLLISION', { groups: groups.length }, details);
}

/**
 * A name any file system and medium can take, for exports: forbidden characters become `_`, reserved names get one in front, length is cut on a
 * character border to the limit with the extension kept.
 * @param limitBytes UTF-8, 255 on most file systems
 */
export function portableName(name: string, limitBytes = 255): string {
  const visible = [...name].map((character) => (textFault(character) !== undefined || /[<>:"/\\|?*]/u.test(character) ? '_' : character)).join('');
  const composed = visible.normalize('NFC').replace(/^[\s.]+|[\s.]+$/gu, '');
  const named = composed === '' || RESERVED.test(composed) ? `_${composed}` : composed;
  if (utf8Bytes(named) <= limitBytes) return named;
  const extension = extensionOf(named) === '' ? '' : named.slice(named.lastIndexOf('.'));
  const tail = utf8Bytes(extension) < limitBytes / 2 ? extension : '';
  let stem = '';
  for (const character of named.slice(0, named.length - tail.length)) {
    if (utf8Bytes(stem + character + tail) > limitBytes) break;
    stem += character;
  }
  return stem.trimEnd() + tail;
}
