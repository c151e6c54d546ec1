/** 信息包目录结构: names of what lies where, and which paths are safe. README.md; S18 附件 2. */
import { ArchiveError } from '../../core/errors.js';
import { extensionOf, judgeName, portableName, sameNameKey, utf8Bytes } from '../../core/computer-file-name.js';
import type { Sm3 } from '../../core/ports.js';
import type { FileRole } from '../../core/holdings.js';
import type { PackageFile, PackageRecord } from './port.js';

export const NOTE = '说明文件.TXT';
export const ITEMS = '文件目录.XML';
export const CASES = '案卷目录.XML';
export const EXTENSION = '扩展目录.xml';
export const MANIFEST = '校验/manifest-sm3.txt';
export const SIGNATURE = '校验/manifest.sig';
export const CERTIFICATES = '校验/box.pem';
export const CONTENT = '电子档案';
export const OTHERS = '其他';
export const FACTS = `${OTHERS}/包信息.json`;
export const SCRIPT = `${OTHERS}/verify-package.sh`;
export const SCHEME = `${OTHERS}/元数据方案.json`;
export const TERMS = `${OTHERS}/元数据字典.json`;
export const XSD = `${OTHERS}/XML模式.xsd`;
export const NAMING = `${OTHERS}/命名与编号规则.txt`;
export const METADATA = '元数据.xml';
export const PROCESS = '过程信息.xml';
export const MARKING = '标志.json';
export const EEP = '封装包.xml';
/** What the writer puts into 其他/ itself; no companion may take its place. */
export const OWN_OTHERS: readonly string[] = [FACTS, SCRIPT, SCHEME, TERMS, XSD, NAMING];

/** Bytes of UTF-8 of a path with the package's folder in front, for UDF and ISO. */
export const PATH_BYTES = 240;
/** Bytes of the folder of an item. */
const CODE_BYTES = 96;
const PACKAGE_NO = /^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/u;

const ROLES: Readonly<Record<FileRole, string>> = { main: '正本', final: '定稿', process_sheet: '处理单', attachment: '附件', draft: '修改稿', annotation: '批注' };

/** @throws ArchiveError `E_INPUT_INVALID` */
export function requirePackageNo(no: string): string {
  if (!PACKAGE_NO.test(no)) throw new ArchiveError('E_INPUT_INVALID', { what: 'package number' });
  return no;
}

export const volumeFolder = (packageNo: string, volume: number, volumes: number): string => (volumes === 1 ? packageNo : `${packageNo}-${String(volume).padStart(2, '0')}`);

/** A readable folder name for a code: as it is where every file system takes it, else made portable with the start of its SM3 behind. */
function readable(text: string, limit: number, sm3: Sm3): string {
  const name = portableName(text, limit);
  return name === text ? name : `${portableName(text, limit - 9)}~${Buffer.from(sm3(Buffer.from(text))).toString('hex').slice(0, 8)}`;
}

/** 电子档案/年度/类别/档号 */
export function recordFolder(record: PackageRecord, sm3: Sm3): string {
  const code = record.row.archivalCode === '' ? record.row.electronicRecordCode : record.row.archivalCode;
  return [CONTENT, readable(record.year, 12, sm3), readable(record.category, 30, sm3), readable(code, CODE_BYTES, sm3)].join('/');
}

/** `01-正本.pdf`; of a role that comes more than once, and of attachments always, the number within the role. */
export function contentNames(files: readonly Pick<PackageFile, 'role' | 'position' | 'name'>[]): readonly string[] {
  const width = Math.max(2, String(files.length).length);
  return files.map((file, at) => {
    const same = files.filter(({ role }) => role === file.role);
    const within = same.length > 1 || file.role === 'attachment' ? String(same.indexOf(file) + 1) : '';
    const extension = portableName(extensionOf(file.name), 16);
    return `${String(at + 1).padStart(width, '0')}-${ROLES[file.role]}${within}${extensionOf(file.name) === '' ? '' : `.${extension}`}`;
  });
}

export type PathFault = 'hostile' | 'reserved' | 'too long';

/** Why a path is not taken out of a package, whoever made it; undefined when it is safe. */
export function pathFault(path: string, folderBytes = 0): PathFault | undefined {
  for (const segment of path.split('/')) {
    const judged = judgeName(segment);
    if (!judged.ok) return 'hostile';
    if (judged.oddities.some((odd) => odd === 'reserved' || odd === 'edge_space' || odd === 'trailing_dot' || odd === 'special_character' || odd === 'not_composed')) return 'reserved';
  }
  return utf8Bytes(path) + folderBytes > PATH_BYTES ? 'too long' : undefined;
}

/** @throws ArchiveError `E_PKG_PATH` for a path that no reader would take */
export function requirePath(path: string, packageFolder: string): string {
  const fault = pathFault(path, utf8Bytes(packageFolder) + 1);
  if (fault !== undefined) throw new ArchiveError('E_PKG_PATH', { why: fault });
  return path;
}

/** Equal for paths that a careless disk takes for one. */
export const samePathKey = (path: string): string => path.split('/').map(sameNameKey).join('/');
