import type { Observation } from './format.js';

/** 文件名隐患: a declared or archived name that could mislead a reader or a file system (GD-1-6). Nothing here looks at content. */
export function nameObservations(name: string): Observation[] {
  const found: Observation[] = [];
  const add = (key: string, evidence: string): void => void found.push({ key, evidence });
  if (isTraversal(name)) add('name.traversal', '路径越界');
  if (/[\u202a-\u202e\u2066-\u2069\u200e\u200f]/.test(name)) add('name.bidi', '方向控制符');
  if (/[\u0000-\u001f\u007f]/.test(name)) add('name.control', '控制字符');
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  if (/^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i.test(base)) add('name.unportable', '系统保留名');
  else if (/[ .]$/.test(base) || /^ /.test(base)) add('name.unportable', '首尾空格或句点');
  else if (/[ ]\.[^.]*$/.test(base) || base.startsWith('.')) add('name.unportable', '扩展名前有空格或以句点开头');
  else if (/[<>"|?*]/.test(base)) add('name.unportable', '部分系统不允许的字符');
  else if (Buffer.byteLength(base, 'utf8') > 255) add('name.unportable', '超过 255 字节');
  if (/^[^:]+\.[^:]+:[^:]+$/.test(base)) add('name.stream', '附加数据流名');
  if (/[\u200b-\u200d\u2060\ufeff]/.test(name)) add('name.invisible', '零宽字符');
  if (/[\u0400-\u04ff]/.test(base) && /[a-z]/i.test(base)) add('name.homoglyph', '西里尔字母与拉丁字母混用');
  return found;
}

/** `..` as a step, an absolute path, a drive or a UNC share: would be written outside its folder. */
export function isTraversal(name: string): boolean {
  return /(^|[/\\])\.\.([/\\]|$)/.test(name) || /^[/\\]/.test(name) || /^[a-z]:[/\\]/i.test(name);
}
