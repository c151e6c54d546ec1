import { proofsOf, readRows, type Row } from './rows.js';

export interface Ran {
  readonly title: string;
  readonly passed: boolean;
}

const SECTIONS: Readonly<Record<number, string>> = {
  1: '总则与职责（第一、二章）', 2: '收集与归档（第三章）', 3: '移交与接收（第四章）', 4: '保管与保护（第五章）', 5: '开放与利用（第六章）', 6: '鉴定与销毁（第七章）',
  7: '保密管理（第八章）', 8: '责任与附则（第九、十章）', 9: '组织性条款', 11: '验收断言',
};
/** Tests shown by their titles in a row; the others are counted. */
const SHOWN = 6;
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function lineOf(row: Row, ran: readonly Ran[]): { readonly line: string; readonly proven: boolean } {
  const titles = new Set(proofsOf(row, ran.map(({ title }) => title)));
  const proofs = ran.filter(({ title }) => titles.has(title)).sort((one, other) => (one.title < other.title ? -1 : 1));
  const failed = proofs.filter(({ passed }) => !passed);
  const shown = [...failed, ...proofs.filter(({ passed }) => passed)].slice(0, Math.max(SHOWN, failed.length)).map(({ title, passed }) => `${passed ? '' : '**failed** '}${cell(title)}`);
  const more = proofs.length - shown.length;
  const proven = proofs.length > 0 && failed.length === 0;
  const outcome = proofs.length === 0 ? '—' : proven ? `passed (${String(proofs.length)})` : `failed (${String(failed.length)} of ${String(proofs.length)})`;
  return { line: `| ${row.article} | ${cell(row.capability)} | ${row.codes.map((code) => `\`${code}\``).join(' ')} | ${shown.join('<br>')}${more > 0 ? `<br>… ${String(more)} more` : ''} | ${outcome} |`, proven };
}

/** `test/articles.md` of one run, and the rows it leaves unproven. */
export function articlesPage(ran: readonly Ran[]): { readonly text: string; readonly unproven: readonly string[] } {
  const { rows } = readRows();
  const unproven: string[] = [];
  const parts = ['# Articles and their proofs', '《电子档案管理办法》逐条：能力、拒绝码、证明它的测试、结果。Written by `npm test` from the titles of the tests that ran; the rows are `test/articles/articles.json`.'];
  for (const [section, name] of Object.entries(SECTIONS)) {
    const lines = rows.filter((row) => String(row.section) === section).map((row) => ({ row, ...lineOf(row, ran) }));
    unproven.push(...lines.filter(({ proven }) => !proven).map(({ row }) => `${row.article} ${row.capability}`));
    parts.push(`## ${name}`, ['| 条 | 能力 | 拒绝码 | 证明它的测试 | 结果 |', '|---|---|---|---|---|', ...lines.map(({ line }) => line)].join('\n'));
  }
  return { text: `${parts.join('\n\n')}\n`, unproven };
}
