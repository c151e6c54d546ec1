import type { Dictionaries, Dictionary, Term } from '../policies/schemas/dictionaries.js';

/** The dictionary of that id; a name nobody wrote down is a fault of ours, not of the officer. */
export function dictionary(all: Dictionaries, id: string): Dictionary {
  const found = all.dictionaries.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`dictionaries.json names no dictionary ${id}`);
  return found;
}

/** The term for a key, a label or an alias, after NFKC and trimming; `undefined` where the word is not in the value domain. */
export function findTerm(terms: Dictionary, word: string): Term | undefined {
  const folded = word.normalize('NFKC').trim();
  const names = (term: Term): readonly string[] => [term.key, term.label, ...(term.aliases ?? [])];
  return terms.terms.find((term) => names(term).some((name) => name.normalize('NFKC') === folded));
}

/** 中文 for a stored key; the key itself where the dictionary has lost the term. */
export const labelOf = (terms: Dictionary, key: string): string => terms.terms.find((term) => term.key === key)?.label ?? key;
