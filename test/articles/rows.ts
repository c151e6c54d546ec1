import { readFileSync } from 'node:fs';
import { inPackage } from '../../appliance/package-root.js';
import { ownArticles } from './titles.js';

/** One capability of one article. `proofs` are patterns; each finds at least one title. */
export interface Row {
  /** 1 to 7 by chapter, 8 责任与附则, 9 organisational articles, 11 the assertions of acceptance. */
  readonly section: number;
  readonly article: string;
  readonly capability: string;
  /** Refusals of the row; a test that names one of them proves it. */
  readonly codes: readonly string[];
  readonly proofs: readonly string[];
}

export interface Rows {
  readonly source: string;
  /** Rows without a test yet, as `section/article/capability`; empty in a release. */
  readonly awaited: readonly string[];
  readonly rows: readonly Row[];
}

export const readRows = (): Rows => JSON.parse(readFileSync(inPackage('test', 'articles', 'articles.json'), 'utf8')) as Rows;

export const keyOf = ({ section, article, capability }: Row): string => `${String(section)}/${article}/${capability}`;

/** A pattern that names another law means that law; any other is held against the title without other laws' articles. */
const finds = (pattern: string, title: string): boolean => new RegExp(pattern, 'u').test(/(?<!办)法第|条例第/u.test(pattern) ? title : ownArticles(title));

/** Titles that prove a row, in the order given. */
export const proofsOf = ({ proofs, codes }: Row, titles: readonly string[]): readonly string[] =>
  titles.filter((title) => proofs.some((pattern) => finds(pattern, title)) || codes.some((code) => new RegExp(`${code}(?![A-Z_])`, 'u').test(title)));

/** Patterns of a row that no title answers. */
export const unanswered = ({ proofs }: Row, titles: readonly string[]): readonly string[] => proofs.filter((pattern) => !titles.some((title) => finds(pattern, title)));
