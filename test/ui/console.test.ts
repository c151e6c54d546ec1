import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { packageRoot } from '../../appliance/package-root.js';
import { changedRows, edit, emptySheet, fillDown, landing, pastedCells, redo, undo, valueOf, type Sheet } from '../../ui/grid/sheet.js';
import { highestMark, levelSight, markOrName } from '../../ui/levels.js';
import { openPages, PAGES } from '../../ui/navigation.js';
import { ACTS } from '../../ui/strings.zh.js';
import { bytes, dateOf, proseDate, timeOf, typedDate } from '../../ui/wording.js';

interface ActRow { readonly act: string; readonly name: string }
const acts = (JSON.parse(readFileSync(path.join(packageRoot, 'policies/acts.json'), 'utf8')) as { acts: readonly ActRow[] }).acts;

test('every act of policies/acts.json has its Chinese label in the console, word for word', (t) => {
  t.deepEqual(acts.filter(({ act, name }) => ACTS[act] !== name), []);
});

test('every page of the navigation is opened by an act that exists, and a person without abilities sees the workbench only', (t) => {
  const known = new Set(acts.map(({ act }) => act));
  const pages = PAGES.flatMap((group) => group.pages);
  t.deepEqual(pages.flatMap((page) => page.acts).filter((act) => !known.has(act)), []);
  // There are more pages than letters; `g` begins the way there and is none.
  const letters = pages.flatMap((page) => page.letter ?? []);
  t.is(new Set(letters).size, letters.length);
  t.false(letters.includes('g'));
  t.deepEqual(openPages([]).flatMap((group) => group.pages.map((page) => page.path)), ['/']);
});

test('the banner shows the highest level on the page, then the longest term; an unknown level shows as the highest', (t) => {
  t.deepEqual(highestMark([{ level: 0 }, { level: 3, markText: '机密★10年' }, { level: 3, markText: '机密★20年' }, { level: 2, markText: '秘密★长期' }]), { level: 3, markText: '机密★20年' });
  t.deepEqual(highestMark([{ level: 2, markText: '秘密★6个月' }, { level: 2, markText: '秘密★30日' }]), { level: 2, markText: '秘密★6个月' });
  t.is(highestMark([]), null);
  t.is(levelSight(9).name, '绝密');
});

test('保密法第二十二条: what is no state secret never shows a mark with ★', (t) => {
  t.is(markOrName({ level: 1, markText: '机密★20年' }), '内部');
  t.is(markOrName({ level: 3, markText: '机密★20年' }), '机密★20年');
  t.is(markOrName({ level: 2, markText: null }), '秘密');
});

test('dates are taken as typed on the keyboard and shown in +08:00', (t) => {
  for (const typed of ['20261122', '2026-11-22', '2026/11/22', '2026年11月22日', ' 2026.11.22 ']) t.is(typedDate(typed), '2026-11-22', typed);
  for (const typed of ['20260230', '2026-13-01', '261122', 'x', '']) t.is(typedDate(typed), null, typed);
  t.is(timeOf('2026-11-22T16:30:00Z'), '2026-11-23 00:30');
  t.is(dateOf('2026-11-22T16:30:00Z'), '2026-11-23');
  t.is(proseDate('2026-11-22T16:30:00Z'), '2026年11月23日　星期一');
  t.deepEqual([bytes(96_004), bytes(9_100_000_000)], ['96,004 字节', '9.10 GB']);
});

const sheet = emptySheet({ a: { title: '甲', retention: 'Y' }, b: { title: '乙', retention: '' }, c: { title: '丙', retention: '' } });
const rows = ['a', 'b', 'c'];

test('a value is filled down over the rows between, as one step that undo takes back', (t) => {
  const filled = fillDown(sheet, rows, 'retention', 'a', 'c');
  t.deepEqual(rows.map((row) => valueOf(filled, row, 'retention')), ['Y', 'Y', 'Y']);
  t.deepEqual(undo(filled).values, sheet.values);
  t.deepEqual(redo(undo(filled)).values, filled.values);
  t.deepEqual(changedRows(filled, sheet.values), [{ row: 'b', fields: { retention: 'Y' } }, { row: 'c', fields: { retention: 'Y' } }]);
});

test('a block pasted from a spreadsheet lands from the cell on and is cut at the edges', (t) => {
  t.deepEqual(pastedCells('一\t永久\r\n"二\n行"\t"引""号"\r\n'), [['一', '永久'], ['二\n行', '引"号']]);
  t.deepEqual(landing(rows, ['title', 'retention'], { row: 'b', column: 'retention' }, [['Y', '多'], ['D30'], ['D10']]), [
    { row: 'b', column: 'retention', value: 'Y' }, { row: 'c', column: 'retention', value: 'D30' },
  ]);
});

test('law: undoing every step gives the sheet as it was, redoing them the sheet as it became', (t) => {
  const cell = fc.record({ row: fc.constantFrom(...rows), column: fc.constantFrom('title', 'retention'), value: fc.string({ maxLength: 4 }) });
  fc.assert(fc.property(fc.array(fc.array(cell, { maxLength: 3 }), { maxLength: 12 }), (edits) => {
    const last = edits.reduce<Sheet>((now, cells) => edit(now, [...new Map(cells.map((one) => [`${one.row}/${one.column}`, one])).values()]), sheet);
    let back = last;
    while (back.done.length > 0) back = undo(back);
    let forth = back;
    while (forth.undone.length > 0) forth = redo(forth);
    t.deepEqual(back.values, sheet.values);
    t.deepEqual(forth.values, last.values);
  }));
});
