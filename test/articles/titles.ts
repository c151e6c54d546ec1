import ts from 'typescript';
import { filesOf, textOf } from '../repo/sources.js';

/** A law named before its article is not this 办法: 保密法第二十条, 实施条例第二十五、二十六条, 规定第三十条. */
const OTHER_LAW = /(?:(?<!办)法|条例|规定)第[一二三四五六七八九十、至]+条/gu;
const ARTICLES = /第([一二三四五六七八九十]+(?:[、至][一二三四五六七八九十]+)*)条/gu;

/** The title without the articles of other laws. */
export const ownArticles = (title: string): string => title.replace(OTHER_LAW, '');

const DIGITS = '一二三四五六七八九';

/** 二十六 is 26. */
export function numberOf(word: string): number {
  const [tens, ones] = word.includes('十') ? word.split('十') : ['0', word];
  const digit = (one: string | undefined, empty: number): number => (one === undefined || one === '' ? empty : DIGITS.indexOf(one) + 1);
  return (word.includes('十') ? digit(tens, 1) * 10 : 0) + digit(ones, 0);
}

/** Articles of the 办法 that a title names, each once: 第三十八、三十九条 are two, 第二十二至二十六、四十二条 are six. */
export function articlesIn(title: string): readonly number[] {
  const found = new Set<number>();
  for (const [, list = ''] of ownArticles(title).matchAll(ARTICLES)) {
    for (const part of list.split('、')) {
      const [from, to] = part.split('至').map(numberOf);
      for (let at = from ?? 0; at <= (to ?? from ?? 0); at += 1) found.add(at);
    }
  }
  return [...found].sort((one, other) => one - other);
}

/** What stands in a title for a value that only the run knows. */
export const VALUE = '…';

function titleIn(node: ts.Expression | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map((span) => VALUE + span.literal.text).join('');
}

/** Titles of the tests in the sources, `file › title`, those of templates with `…` for their values. */
export function titlesInSources(): readonly string[] {
  const titles: string[] = [];
  for (const file of filesOf('test').filter((name) => name.endsWith('.test.ts'))) {
    const tree = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ES2023, true);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && /^test(?:\.serial)?$/.test(node.expression.getText(tree))) {
        const title = titleIn(node.arguments[0]);
        if (title !== undefined) titles.push(`${file.replace(/^test\/|\.test\.ts$/g, '')} › ${title}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
  }
  return titles;
}
