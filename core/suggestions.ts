import type { SuggestionRules } from '../policies/schemas/compilation.js';

export type TermKind = 'keyword' | 'person' | 'place';
/** A term that a person may accept, and why it is suggested (中文). */
export interface Suggestion { readonly kind: TermKind; readonly term: string; readonly why: string }

const HAN = /[\p{Script=Han}]+/gu;
const MOST = 4;

/** Runs of Chinese text between stop words: what may stand as a term. */
function runs(title: string, rules: SuggestionRules): readonly string[] {
  const stops = [...rules.stopWords].sort((a, b) => b.length - a.length);
  let cut = title.normalize('NFKC');
  for (const word of stops) cut = cut.replaceAll(word, ' ');
  return cut.match(HAN) ?? [];
}

/** Every piece of two to four characters of a run. */
function pieces(run: string): readonly string[] {
  const found: string[] = [];
  for (let length = 2; length <= MOST; length += 1) for (let at = 0; at + length <= run.length; at += 1) found.push(run.slice(at, at + length));
  return found;
}

/** In how many of the titles each piece occurs: each title counted once. */
export function frequencies(titles: readonly string[], rules: SuggestionRules): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const title of titles) for (const piece of new Set(runs(title, rules).flatMap(pieces))) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  return counts;
}

/** The longest of pieces that occur equally often: 龙泉路 and not 龙泉 beside it. */
function longest(found: readonly (readonly [string, number])[]): readonly (readonly [string, number])[] {
  return found.filter(([term, count]) => !found.some(([other, often]) => other !== term && other.includes(term) && often >= count));
}

/** 专题建议: terms that several titles have in common. */
export function topicsOf(titles: readonly string[], rules: SuggestionRules): readonly { readonly term: string; readonly titles: number }[] {
  const common = [...frequencies(titles, rules)].filter(([, count]) => count >= rules.minTitles);
  return longest(common).map(([term, count]) => ({ term, titles: count })).sort((a, b) => b.titles - a.titles || (a.term < b.term ? -1 : 1)).slice(0, rules.maxTerms);
}

/**
 * 主题词、人名、地名 of one title: by dictionary, by ending and context, and by frequency over the titles given. No model, nothing learned.
 * @param titles only what the person who asks may see, or the counts would tell of the rest
 */
export function suggestionsFor(title: string, titles: readonly string[], rules: SuggestionRules): readonly Suggestion[] {
  const found = new Map<string, Suggestion>();
  const put = (kind: TermKind, term: string, why: string): void => { if (!found.has(`${kind}/${term}`)) found.set(`${kind}/${term}`, { kind, term, why }); };
  const text = title.normalize('NFKC');
  for (const word of rules.dictionary) if (text.includes(word)) put('keyword', word, '词典收录');
  const titlesOf = [...rules.personTitles].sort((a, b) => b.length - a.length).join('|');
  for (const [, name = '', role = ''] of text.matchAll(new RegExp(`([${rules.surnames}]\\p{Script=Han}{1,2}?)(${titlesOf})`, 'gu'))) put('person', name, `姓氏后接“${role}”`);
  const endings = [...rules.placeEndings].sort((a, b) => b.length - a.length).join('|');
  for (const run of runs(text, rules)) {
    const [place] = new RegExp(`^\\p{Script=Han}{1,4}?(?:${endings})`, 'u').exec(run) ?? [];
    if (place !== undefined) put('place', place, `以“${rules.placeEndings.find((ending) => place.endsWith(ending)) ?? ''}”结尾`);
  }
  const counts = frequencies(titles, rules);
  const frequent = [...new Set(runs(text, rules).flatMap(pieces))].flatMap((piece) => { const count = counts.get(piece) ?? 0; return count >= rules.minTitles ? [[piece, count] as const] : []; });
  for (const [term, count] of longest(frequent)) put('keyword', term, `在可见的 ${String(count)} 件题名中出现`);
  return [...found.values()].slice(0, rules.maxTerms);
}
