/**
 * 检索词: what a text gives to the blind index and what a query asks of it, before either is turned into HMACs. A term is a pair of
 * neighbouring characters; the list keeps their order, so that a phrase of terms is a substring of the text.
 *
 * Two streams stand one behind the other for each text:
 * - words: letters, digits and symbols only. `国发〔2026〕5号` is found by `国发[2026]5号`, `国发2026 5号` and `5号`; an archival code by any
 *   separators or none;
 * - marks: only the pairs that touch punctuation, for queries that are little else (`〕5`).
 */

/** Between two texts or two streams; no query asks for it, so no phrase crosses it. */
export const BREAK = '\u0000';

/** Terms that must stand side by side. */
export type Phrase = readonly string[];

/** A record is found when all phrases of one alternative are found. */
export interface SearchPlan {
  readonly any: readonly (readonly Phrase[])[];
  /** Words of a single character: too short for pairs, taken no part in the search. */
  readonly tooShort: readonly string[];
}

const OPENING = /[\p{Ps}\p{Pi}]/u;
const CLOSING = /[\p{Pe}\p{Pf}]/u;
const DASH = /[\p{Pd}\u2212]/u;
const DOT = /[.\u00b7\u2022\u2024\u2027\u2219\u22c5\u30fb\u0387]/u;
const NOTHING = /[\p{Z}\s\p{Cc}\p{Cf}\p{Cs}]/u;
const MARK = /\p{P}/u;

/** One code point after folding: compatibility forms taken apart, letters small, punctuation by kind. Never looks at its neighbours. */
function foldCharacter(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  // 汉字 of the basic block are their own folding; most titles hold little else.
  if (point >= 0x4e00 && point <= 0x9fff) return character;
  const folded: string[] = [];
  for (const part of character.normalize('NFKD').toLowerCase().normalize('NFKD')) {
    if (NOTHING.test(part)) continue;
    folded.push(OPENING.test(part) ? '(' : CLOSING.test(part) ? ')' : DASH.test(part) ? '-' : DOT.test(part) ? '·' : part);
  }
  return folded.join('');
}

/**
 * Full and half width, letter case, compatibility forms, kinds of brackets, dashes and middle dots are one; space is nothing. Folding a
 * part gives the part of the folding, which is what makes every substring findable.
 */
export const foldText = (text: string): string => [...text].map(foldCharacter).join('');

const pairs = (characters: readonly string[]): readonly string[] => characters.slice(1).map((character, index) => `${characters[index] ?? ''}${character}`);
const words = (folded: string): readonly string[] => [...folded].filter((character) => !MARK.test(character));
/** Pairs that touch punctuation, with a break wherever two of them are not neighbours in the text. */
function markPairs(folded: string): readonly string[] {
  const terms: string[] = [];
  for (const pair of pairs([...folded])) {
    if (MARK.test(pair)) terms.push(pair);
    else if (terms.length > 0 && terms.at(-1) !== BREAK) terms.push(BREAK);
  }
  return terms.at(-1) === BREAK ? terms.slice(0, -1) : terms;
}

/** Terms of one record in order, texts and streams parted by `BREAK`. Two records with the same texts give the same list. */
export function indexTerms(texts: readonly string[]): readonly string[] {
  const streams = texts.flatMap((text) => {
    const folded = foldText(text);
    return [pairs(words(folded)), markPairs(folded)];
  });
  return streams.filter((stream) => stream.length > 0).flatMap((stream, index) => (index === 0 ? stream : [BREAK, ...stream]));
}

/** The phrase of one word of a query; `undefined` where it is a single character. */
function phraseOf(folded: string): Phrase | undefined {
  const significant = words(folded);
  if (significant.length >= 2) return pairs(significant);
  const all = [...folded];
  return all.length >= 2 ? pairs(all) : undefined;
}

/**
 * The query as typed: found as one run of text, or, where it has several words, as all of them anywhere. Words of one character cannot
 * be looked up on their own and are named in `tooShort`.
 */
export function planQuery(query: string): SearchPlan {
  const asked = query.split(/[\p{Z}\s]+/u).filter((word) => foldText(word) !== '');
  const planned = asked.map((word) => ({ word, phrase: phraseOf(foldText(word)) }));
  const phrases = planned.flatMap(({ phrase }) => (phrase === undefined ? [] : [phrase]));
  const whole = phraseOf(foldText(query));
  const any = [...(whole === undefined ? [] : [[whole]]), ...(asked.length > 1 && phrases.length > 0 ? [phrases] : [])];
  const tooShort = planned.filter(({ phrase }) => phrase === undefined).map(({ word }) => word);
  return { any, tooShort: asked.length === 1 && any.length > 0 ? [] : tooShort };
}

/** Every term that a plan mentions, once: what has to be turned into HMACs. */
export const termsOf = (plan: SearchPlan): readonly string[] => [...new Set(plan.any.flat(2))];

/** The meaning of a plan over plain terms: the reference for any index that stores them otherwise. */
export function matches(terms: readonly string[], plan: SearchPlan): boolean {
  const holds = (phrase: Phrase): boolean => terms.some((_, start) => phrase.every((term, index) => terms[start + index] === term));
  return plan.any.some((all) => all.every(holds));
}
