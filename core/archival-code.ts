import { ArchiveError } from './errors.js';
import type { ArchivalCodeRules, CodePart, CodeTemplate } from '../policies/schemas/arrangement.js';

export type CodeKey = CodePart['key'];
export type CodeValues = Readonly<Partial<Record<CodeKey, string>>>;

/** 档号 taken apart. */
export interface ParsedCode {
  /** In normal form: U+00B7 between the parts of a category, `-` between levels. */
  readonly text: string;
  readonly template: CodeTemplate;
  readonly values: CodeValues;
}

const MIDDLE_DOTS = /[.\u2022\u2024\u2027\u2219\u22c5\u30fb\uff0e\uff65\u0387\u16eb\u2e31\u2e33]/gu;
const HYPHENS = /[\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d\u30fc]/gu;

/**
 * 档号归一: full-width letters and digits become half-width, every kind of middle dot U+00B7, every kind of dash `-`. Two codes that are
 * equal afterwards are the same code.
 * @see DA/T 13-2022 (separators)
 */
export const normaliseCode = (text: string): string =>
  text.replace(MIDDLE_DOTS, '·').replace(HYPHENS, '-').normalize('NFKC').replace(MIDDLE_DOTS, '·').replace(/\s+/gu, '').toUpperCase();

/**
 * 档号 as the name of a folder or file. `·` stays where the medium takes UTF-8; on ISO 9660 and plain UDF it becomes `_` and the caller
 * writes the mapping table.
 */
export const fileSystemName = (code: string, medium: 'utf8' | 'ascii' = 'utf8'): string => {
  const name = normaliseCode(code);
  if (medium === 'utf8') return name;
  const escaped = [...name.replaceAll('·', '_')].map((character) => (/[A-Z0-9_-]/.test(character) ? character : `U${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`));
  return escaped.join('');
};

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function pattern(template: CodeTemplate): RegExp {
  const parts = template.parts.map((part) => {
    const value = part.fixed === undefined ? part.pattern ?? '' : part.fixed.map(escape).join('|');
    const named = `${part.before ?? ''}(?<${part.key}>${value})`;
    return part.optional === true ? `(?:${named})?` : named;
  });
  return new RegExp(`^${parts.join('')}$`, 'u');
}

export interface CodeFacts {
  readonly fonds?: string;
  readonly category?: string;
  readonly year?: string;
  readonly retention?: string;
  readonly org?: string | null;
  readonly item?: string;
}

/** 档号 by the rules of one version of `archival-codes.json`. */
export interface ArchivalCodes {
  /** `undefined` where no template fits. With a profile, templates of other profiles only where the profile has none for the category. */
  parse(text: string, profile?: string): ParsedCode | undefined;
  /** @throws ArchiveError `E_CODE_FORMAT` */
  read(text: string, profile?: string): ParsedCode;
  /** @throws ArchiveError `E_CODE_FORMAT` where nothing fits the category */
  templateFor(profile: string, category: string, unit: 'item' | 'volume'): CodeTemplate;
  /**
   * @param values numbers without leading noughts; they are padded
   * @throws ArchiveError `E_CODE_FORMAT` naming the segment
   */
  format(template: CodeTemplate, values: CodeValues): string;
}

export function archivalCodes(rules: ArchivalCodeRules): ArchivalCodes {
  const compiled = rules.templates.map((template) => ({ template, regex: pattern(template) }));
  const takes = (template: CodeTemplate, category: string): boolean => template.parts.find((part) => part.key === 'category')?.fixed?.includes(category) ?? category === '';
  const inProfile = (template: CodeTemplate, profile: string): boolean => {
    if (template.profile === profile) return true;
    const categories = template.parts.find((part) => part.key === 'category')?.fixed ?? [''];
    return template.profile === rules.defaultProfile && !categories.some((category) => rules.templates.some((other) => other.profile === profile && takes(other, category)));
  };
  const parse = (text: string, profile?: string): ParsedCode | undefined => {
    const normal = normaliseCode(text);
    for (const { template, regex } of compiled) {
      if (profile !== undefined && !inProfile(template, profile)) continue;
      const groups = regex.exec(normal)?.groups;
      if (groups === undefined) continue;
      const values = Object.fromEntries(Object.entries(groups).filter(([, value]) => (value as string | undefined) !== undefined)) as CodeValues;
      return { text: normal, template, values };
    }
    return undefined;
  };
  return {
    parse,
    read: (text, profile) => {
      const parsed = parse(text, profile);
      if (parsed === undefined) throw new ArchiveError('E_CODE_FORMAT', { profile: profile ?? null });
      return parsed;
    },
    templateFor: (profile, category, unit) => {
      const fits = rules.templates.filter((template) => template.readOnly !== true && inProfile(template, profile) && takes(template, category));
      const found = fits.find((template) => template.unit === unit) ?? fits[0];
      if (found === undefined) throw new ArchiveError('E_CODE_FORMAT', { profile, segment: 'category' });
      return found;
    },
    format: (template, values) => {
      if (template.readOnly === true) throw new ArchiveError('E_CODE_FORMAT', { template: template.id, segment: 'profile' });
      const text = template.parts.map((part) => segment(template, part, values[part.key])).join('');
      const regex = compiled.find((one) => one.template.id === template.id)?.regex ?? pattern(template);
      if (!regex.test(text)) throw new ArchiveError('E_CODE_FORMAT', { template: template.id });
      return text;
    },
  };
}

const compiledPatterns = new Map<string, RegExp>();
/** The pattern of a part over a whole text, compiled once: the patterns are those of the policy, few and fixed. */
function wholly(source: string): RegExp {
  const known = compiledPatterns.get(source) ?? new RegExp(`^(?:${source})$`, 'u');
  compiledPatterns.set(source, known);
  return known;
}

function segment(template: CodeTemplate, part: CodePart, given: string | undefined): string {
  if (given === undefined || given === '') {
    if (part.optional === true) return '';
    throw new ArchiveError('E_CODE_FORMAT', { template: template.id, segment: part.key });
  }
  const value = part.digits === undefined ? normaliseCode(given) : given.padStart(part.digits, '0');
  const fits = part.fixed === undefined ? wholly(part.pattern ?? '').test(value) : part.fixed.includes(value);
  if (!fits) throw new ArchiveError('E_CODE_FORMAT', { template: template.id, segment: part.key });
  return `${part.before ?? ''}${value}`;
}

/** The running number: 件号, else 页号, else 案卷号. */
export const runningNumber = (code: ParsedCode): number => Number(code.values.item ?? code.values.page ?? code.values.volume ?? Number.NaN);

/** Segments whose value is not the record's: 年度, 期限, 门类, 机构, 件号 must agree with the metadata (GD-1-5). */
export function differingSegments(code: ParsedCode, facts: CodeFacts): readonly CodeKey[] {
  const keys = ['fonds', 'category', 'year', 'retention', 'org', 'item'] as const;
  return keys.filter((key) => {
    if (!Object.hasOwn(facts, key) || !code.template.parts.some((part) => part.key === key)) return false;
    const own = code.values[key] ?? '';
    const fact = facts[key] ?? '';
    return key === 'item' ? Number(own) !== Number(fact) : own !== normaliseCode(fact);
  });
}

/** @throws ArchiveError `E_CODE_FORMAT` naming the first segment that disagrees with the metadata */
export function requireAgreement(code: ParsedCode, facts: CodeFacts): void {
  const [first] = differingSegments(code, facts);
  if (first !== undefined) throw new ArchiveError('E_CODE_FORMAT', { template: code.template.id, segment: first });
}
