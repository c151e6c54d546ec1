/** 说明文件.TXT: one to a medium (S18 附件 2), with what stock openssl needs to verify the package. Lines end in CR LF. */
import type { ManifestLine } from './manifest.js';
import { CERTIFICATES, CONTENT, MANIFEST, SCRIPT, SIGNATURE } from './layout.js';
import { LEVEL_WORDS } from './metadata-xml.js';
import type { NoteFields, PackageFacts } from './port.js';

const FIELDS: readonly (readonly [keyof NoteFields, string])[] = [
  ['capacity', '载体容量'], ['mediumType', '载体类型'], ['mediumNo', '载体编号'], ['keeper', '载体保管单位'], ['maker', '载体制作单位'], ['checker', '载体检查单位'],
  ['environment', '读取所需软硬件环境'], ['remarks', '其他说明'],
];
const DIGEST = '摘要值';

/** The two lines that verify the signed list, to be run in the folder of the package. */
export const OPENSSL_LINES: readonly string[] = [
  `openssl x509 -in ${CERTIFICATES} -pubkey -noout > /tmp/box-key.pem`,
  `openssl dgst -sm3 -verify /tmp/box-key.pem -sigopt distid:1234567812345678 -signature ${SIGNATURE} ${MANIFEST}`,
];

/** The lines of the list that speak of the records themselves: their SM3 is the 摘要值 of the package. */
export const contentLines = (lines: readonly ManifestLine[]): string => lines.filter(({ path }) => path.startsWith(`${CONTENT}/`)).map(({ sm3, path }) => `${sm3}  ${path}\n`).join('');

const flat = (text: string): string => text.replace(/[\r\n\t]+/gu, ' ').trim();

function stated(facts: PackageFacts, note: NoteFields, digest: string): readonly (readonly [string, string])[] {
  return [
    ...FIELDS.map(([key, name]) => [name, flat(note[key])] as const),
    ['包编号', facts.packageNo], ['盘次', `第 ${String(facts.volume)} 盘，共 ${String(facts.volumes)} 盘`], ['单位', flat(facts.unitName)], ['全宗号', facts.fonds],
    ['件数', String(facts.items)], ['字节数', String(facts.bytes)], ['最高密级', facts.mark ?? LEVEL_WORDS[facts.level]], ['制作时间', facts.madeAt], ['制作系统', facts.box],
    ['文字编码', facts.encoding], ['摘要算法', 'SM3'], [DIGEST, digest], ['签名算法', 'SM2（SM3 摘要，用户标识 1234567812345678）'],
  ];
}

const verifying = [
  '验证方法：在本目录内依次运行以下两行（OpenSSL 3），显示 Verified OK 即清单与签名相符：', ...OPENSSL_LINES,
  `清单（${MANIFEST}）每行为一个文件的 SM3 摘要和相对路径，可用 openssl dgst -sm3 逐个核对；`,
  `或运行 sh ${SCRIPT} 核对全部文件、签名和有无多余文件（只用 openssl 与系统命令）。`,
  `${DIGEST}是清单中 ${CONTENT}/ 各行的 SM3：grep '  ${CONTENT}/' ${MANIFEST} | openssl dgst -sm3`,
  '签名证书的根证书指纹须与移出单位另行送达的指纹核对。',
];

export const noteText = (facts: PackageFacts, note: NoteFields, digest: string): string =>
  [...stated(facts, note, digest).map(([name, value]) => `${name}：${value}`), '', ...verifying, ''].join('\r\n');

/** Fields by their Chinese names, down to the first empty line. */
export function readNote(text: string): ReadonlyMap<string, string> {
  const head = text.split('\r\n\r\n')[0] ?? '';
  return new Map(head.split('\r\n').flatMap((line) => {
    const at = line.indexOf('：');
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
  }));
}

const EMPTY: NoteFields = { capacity: '', mediumType: '', mediumNo: '', keeper: '', maker: '', checker: '', environment: '', remarks: '' };

/** Names of the fields that say otherwise than the package; those of the medium are not judged. */
export function noteFaults(text: string, facts: PackageFacts, digest: string): readonly string[] {
  const found = readNote(text);
  const missing = FIELDS.flatMap(([, name]) => (found.has(name) ? [] : [name]));
  const own = stated(facts, EMPTY, digest).slice(FIELDS.length);
  return [...missing, ...own.flatMap(([name, value]) => (found.get(name) === value ? [] : [name]))];
}

