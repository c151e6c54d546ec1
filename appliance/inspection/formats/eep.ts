import type { Observations } from '../examination.js';
import type { FileFacts } from '../format.js';

/** Elements every encapsulated record needs (DA/T 48-2009, 封装元数据 marked 必备), by local name. */
const REQUIRED = ['题名'] as const;

/**
 * 电子文件封装包 (DA/T 48-2009). Its signature block is signature data; a digest of MD5 or SHA-1, or a signature without a certificate,
 * proves nothing. @returns `null` for other XML
 */
export function noteEncapsulation(text: string, parse: () => unknown, observations: Observations): Partial<FileFacts> | null {
  if (!/<([\w.-]+:)?电子文件封装包[\s>]/.test(text.slice(0, 4096))) return null;
  const filled = filledElements(parse());
  const missing = REQUIRED.filter((name) => !filled.has(name));
  if (missing.length > 0) observations.add('eep.incomplete', missing.join('、'));
  const signed = /<([\w.-]+:)?(电子签名|签名结果|签名算法|签名人)[\s>/]/.test(text);
  const weak = /(MD5|SHA-?1\b)/i.test(text);
  const certified = [...filled].some((name) => name.includes('证书'));
  if (signed && (weak || !certified)) observations.add('eep.weak-digest', weak ? '摘要算法过弱' : '没有证书');
  return { signed, valid: missing.length === 0 };
}

/** Names of elements that hold text somewhere below. */
function filledElements(node: unknown, names = new Set<string>()): Set<string> {
  if (Array.isArray(node)) for (const item of node) filledElements(item, names);
  else if (node !== null && typeof node === 'object') {
    for (const [name, value] of Object.entries(node)) {
      if (hasText(value)) names.add(name);
      filledElements(value, names);
    }
  }
  return names;
}

function hasText(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  if (Array.isArray(value)) return value.some(hasText);
  return value !== null && typeof value === 'object' && Object.values(value).some(hasText);
}
