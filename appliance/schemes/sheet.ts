import writeWorkbook from 'write-excel-file/node';
import type { Cell, RawRow } from '../../core/catalogue.js';
import { ArchiveError } from '../../core/errors.js';
import type { ErrorDetail } from '../../core/errors.js';
import { readRetention } from '../../core/retention.js';
import type { Difference, TableContent, TableKind, Tables } from '../../core/tables.js';
import type { FilingScope, RetentionItem, RetentionSchedule, Schemes } from '../../policies/schemas/arrangement.js';

const COLUMNS = {
  scheme: ['方案', '名称', '层级', '档号含机构（问题）'],
  scope: ['类别', '期限', '条款', '条目'],
  retention: ['条目', '条款', '门类', '其他门类', '保管期限', '建议密级', '保密事项范围', '备注'],
} as const satisfies Record<TableKind, readonly string[]>;
/** Without these a line says nothing. */
const NEEDED = { scheme: ['方案'], scope: ['类别', '期限', '条款', '条目'], retention: ['条目', '条款', '门类', '保管期限'] } as const satisfies Record<TableKind, readonly string[]>;
const CHANGES = { added: '新增', removed: '删除', changed: '修改' } as const;

interface Positioned { readonly line: number; readonly cells: readonly Cell[] }
const list = (text: string): string[] => text.split(/[、,，;；\s]+/u).filter((part) => part !== '');

/**
 * The lines of a table from a sheet; everything else is as it stands in force.
 * @throws ArchiveError E_CATALOGUE_INVALID with row and column of every fault
 */
export function tableFromSheet(kind: TableKind, given: readonly RawRow[], tables: Tables, head: { readonly label: string; readonly source: string }): TableContent {
  if (kind === 'scheme') throw new ArchiveError('E_CATALOGUE_INVALID', {}, [{ at: '目录', message: '分类方案只收 JSON 文件，请先导出现行版本，修改后再导入' }]);
  const rows = given.flatMap((row): Positioned[] => ('cells' in row ? [row] : []));
  const textAt = (row: Positioned, column: number): string => {
    const cell = row.cells[column] ?? null;
    return (cell === null ? '' : typeof cell === 'string' ? cell : cell.day).trim();
  };
  const top = rows.find((row) => NEEDED[kind].every((name) => row.cells.some((_, at) => textAt(row, at) === name)));
  if (top === undefined) throw new ArchiveError('E_CATALOGUE_INVALID', {}, [{ at: '目录', message: `没有表头，须有：${NEEDED[kind].join('、')}` }]);
  const at = new Map(top.cells.map((_, column) => [textAt(top, column), column]));
  const faults: ErrorDetail[] = [];
  const lines = rows.filter((row) => row.line > top.line && row.cells.some((_, column) => textAt(row, column) !== '')).map((row) => {
    const get = (name: string): string => { const column = at.get(name); return column === undefined ? '' : textAt(row, column); };
    for (const name of NEEDED[kind]) if (get(name) === '') faults.push({ at: `第${String(row.line)}行「${name}」`, message: '不能为空' });
    return { line: row.line, get };
  });
  const wrong = (line: number, name: string, message: string): void => { faults.push({ at: `第${String(line)}行「${name}」`, message }); };
  let content: TableContent;
  if (kind === 'retention') {
    const items = lines.map(({ line, get }): RetentionItem => {
      const retention = readRetention(tables.retention, get('保管期限'));
      if (retention === undefined && get('保管期限') !== '') wrong(line, '保管期限', '不是表中的期限，请填永久、30年、10年或期限代码');
      if (get('条目') !== '' && !/^\d+(\.\d+)*$/u.test(get('条目'))) wrong(line, '条目', '条目号应如 3.2');
      const level = get('建议密级');
      if (level !== '' && !/^[0-4]$/u.test(level)) wrong(line, '建议密级', '填 0 至 4，或留空');
      const others = list(get('其他门类'));
      return {
        code: get('条目'), clause: get('条款'), category: get('门类'), ...(others.length === 0 ? {} : { otherCategories: others }), retention: retention ?? 'Y', ...(level === '' ? {} : { defaultLevel: Number(level) }),
        ...(get('保密事项范围') === '' ? {} : { secretMatterRef: get('保密事项范围') }), ...(get('备注') === '' ? {} : { note: get('备注') }), confidence: 'P',
      };
    });
    content = { ...tables.retention, version: head.label, source: head.source, approval: null, effectiveTo: null, items };
  } else {
    const classes = lines.map(({ line, get }): FilingScope['classes'][number] => {
      const period = get('期限');
      if (period !== '' && !['永久', '定期', 'Y', 'D'].includes(period)) wrong(line, '期限', '填永久或定期');
      return { id: get('类别'), retention: ['永久', 'Y'].includes(period) ? 'Y' : 'D', clause: get('条款'), items: list(get('条目')), confidence: 'P' };
    });
    content = { ...tables.scope, version: head.label, source: head.source, approval: null, classes };
  }
  if (lines.length === 0) faults.push({ at: '目录', message: '表头以下没有内容' });
  if (faults.length > 0) throw new ArchiveError('E_CATALOGUE_INVALID', { places: faults.length }, faults.slice(0, 200));
  return content;
}

const sheetOf = async (rows: readonly (readonly string[])[], widths: readonly number[]): Promise<Buffer> =>
  writeWorkbook([
    (rows[0] ?? []).map((value) => ({ value, type: String, fontWeight: 'bold' as const })),
    ...rows.slice(1).map((row) => row.map((value) => ({ value, type: String, wrap: true }))),
  ], { stickyRowsCount: 1, columns: widths.map((width) => ({ width })) }).toBuffer();

/** The lines of a version, in the form that `tableFromSheet` reads. */
export async function sheetOfTable(kind: TableKind, content: TableContent): Promise<Buffer> {
  const head = COLUMNS[kind];
  if (kind === 'retention') {
    return sheetOf([head, ...(content as RetentionSchedule).items.map((one) => [one.code, one.clause, one.category, (one.otherCategories ?? []).join('、'), one.retention, one.defaultLevel === undefined ? '' : String(one.defaultLevel), one.secretMatterRef ?? '', one.note ?? ''])], [10, 60, 8, 12, 10, 10, 20, 30]);
  }
  if (kind === 'scope') return sheetOf([head, ...(content as FilingScope).classes.map((one) => [one.id, one.retention === 'Y' ? '永久' : '定期', one.clause, one.items.join('、')])], [8, 8, 60, 40]);
  return sheetOf([head, ...(content as Schemes).schemes.map((one) => [one.id, one.name, one.levels.join('、'), one.codeHasOrg ? '是' : '否'])], [10, 30, 30, 18]);
}

/** 对照表. */
export const sheetOfDifferences = async (differences: readonly Difference[], before: string, after: string): Promise<Buffer> => sheetOf([
  ['部分', '编号', '名称', '变化', '字段', `${before} 版`, `${after} 版`],
  ...differences.flatMap((one) => one.fields.map(({ field, before: was, after: is }) => [one.part, one.key, one.name, CHANGES[one.change], field, was, is])),
], [10, 10, 40, 8, 14, 40, 40]);
