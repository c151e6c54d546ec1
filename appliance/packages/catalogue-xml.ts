/** 文件目录.XML, 案卷目录.XML (S18 附件 2, unchanged) and 扩展目录.xml, which adds what they have no room for. */
import { ArchiveError } from '../../core/errors.js';
import type { FileRole } from '../../core/holdings.js';
import type { CatalogueRow, PackageFile, PackageVolumeRow, TextEncoding } from './port.js';
import { attribute, childrenOf, readXml, textOf, writeXml } from './xml.js';
import type { XmlNode } from './xml.js';

/** An item as it lies in the volume. */
export interface ListedItem {
  readonly folder: string;
  readonly row: CatalogueRow;
  readonly year: string;
  readonly category: string;
  readonly level: number;
  readonly mark: string | null;
  readonly volume: string | null;
  readonly files: readonly (Pick<PackageFile, 'role' | 'position' | 'name' | 'bytes' | 'sm3'> & { readonly path: string })[];
}

const ROLES: readonly FileRole[] = ['main', 'attachment', 'process_sheet', 'draft', 'final', 'annotation'];

export const itemsXml = (items: readonly ListedItem[], encoding: TextEncoding): Buffer => writeXml('文件目录', {
  文件: items.map(({ row, folder }, at): XmlNode => ({
    顺序号: String(at + 1), 档号: row.archivalCode, 责任者: row.author, 题名: row.title, 日期: row.date, 密级: row.levelText, 电子档案名称: folder, 备注: row.remark,
  })),
}, encoding);

export const casesXml = (rows: readonly PackageVolumeRow[], encoding: TextEncoding): Buffer => writeXml('案卷目录', {
  案卷: rows.map((row, at): XmlNode => ({
    顺序号: String(at + 1), 档号: row.volume, 责任者: row.author, 题名: row.title, 日期: row.date, 密级: row.levelText, 件数: String(row.items), 备注: row.remark,
  })),
}, encoding);

export const extensionXml = (items: readonly ListedItem[], encoding: TextEncoding): Buffer => writeXml('扩展目录', {
  文件: items.map(({ row, folder, files, year, category, level, mark, volume }, at): XmlNode => ({
    顺序号: String(at + 1), 档号: row.archivalCode, 电子文件号: row.electronicRecordCode, 年度: year, 类别: category, 保管期限: row.retention, 保密期限: row.secrecyPeriod, 密级代码: String(level),
    ...(mark === null ? {} : { 标志: mark }), ...(volume === null ? {} : { 案卷号: volume }), ...(row.pages === null ? {} : { 页数: String(row.pages) }),
    字节数: String(files.reduce((sum, { bytes }) => sum + bytes, 0)), 目录: folder,
    内容: files.map((file): XmlNode => ({ '@角色': file.role, '@序号': String(file.position), '@计算机文件名': file.name, '@字节数': String(file.bytes), '@SM3': file.sm3, '#text': file.path })),
  })),
}, encoding);

const whole = (text: string | undefined): number => {
  if (text === undefined || !/^\d{1,15}$/u.test(text)) throw new ArchiveError('E_PKG_CATALOGUE', { why: 'number' });
  return Number(text);
};
const optional = (node: unknown, name: string): string | null => (childrenOf(node, name).length === 0 ? null : textOf(node, name));

/** Both catalogues together. @throws ArchiveError `E_PKG_CATALOGUE` where they differ or are not as written */
export function readItems(itemsBytes: Uint8Array, extensionBytes: Uint8Array): readonly ListedItem[] {
  const standard = childrenOf(readXml(itemsBytes, '文件目录'), '文件');
  const extended = childrenOf(readXml(extensionBytes, '扩展目录'), '文件');
  if (standard.length !== extended.length) throw new ArchiveError('E_PKG_CATALOGUE', { why: 'rows' });
  return standard.map((one, at): ListedItem => {
    const more = extended[at];
    const folder = textOf(one, '电子档案名称');
    if (textOf(one, '顺序号') !== String(at + 1) || textOf(more, '目录') !== folder || textOf(more, '档号') !== textOf(one, '档号')) throw new ArchiveError('E_PKG_CATALOGUE', { why: 'row', row: at + 1 });
    const pages = optional(more, '页数');
    return {
      folder, year: textOf(more, '年度'), category: textOf(more, '类别'), level: whole(textOf(more, '密级代码')), mark: optional(more, '标志'), volume: optional(more, '案卷号'),
      row: {
        archivalCode: textOf(one, '档号'), author: textOf(one, '责任者'), title: textOf(one, '题名'), date: textOf(one, '日期'), levelText: textOf(one, '密级'), remark: textOf(one, '备注'),
        electronicRecordCode: textOf(more, '电子文件号'), retention: textOf(more, '保管期限'), secrecyPeriod: textOf(more, '保密期限'), pages: pages === null ? null : whole(pages),
      },
      files: childrenOf(more, '内容').map((file) => {
        const role = ROLES.find((known) => known === attribute(file, '角色'));
        if (role === undefined) throw new ArchiveError('E_PKG_CATALOGUE', { why: 'role' });
        return { role, position: whole(attribute(file, '序号')), name: attribute(file, '计算机文件名') ?? '', bytes: whole(attribute(file, '字节数')), sm3: attribute(file, 'SM3') ?? '', path: textOf(file) };
      }),
    };
  });
}

/** @throws ArchiveError `E_PKG_CATALOGUE` */
export const readCases = (bytes: Uint8Array): readonly PackageVolumeRow[] => childrenOf(readXml(bytes, '案卷目录'), '案卷').map((one) => ({
  volume: textOf(one, '档号'), author: textOf(one, '责任者'), title: textOf(one, '题名'), date: textOf(one, '日期'), levelText: textOf(one, '密级'), items: whole(textOf(one, '件数')), remark: textOf(one, '备注'),
}));
