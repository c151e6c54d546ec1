/** XML模式.xsd: the schema of every XML file of the package, made from the metadata scheme it carries. */
import { allElements } from '../../core/metadata.js';
import type { MetadataElement, MetadataScheme } from '../../policies/schemas/metadata.js';

const TEXT = 'type="xs:string"';
const element = (name: string, rest: string): string => `<xs:element name="${name}" ${rest}/>`;
const holding = (name: string, inner: string, occurs = ''): string => `<xs:element name="${name}"${occurs}><xs:complexType>${inner}</xs:complexType></xs:element>`;
const sequence = (...parts: readonly string[]): string => `<xs:sequence>${parts.join('')}</xs:sequence>`;
const MANY = ' minOccurs="0" maxOccurs="unbounded"';

const texts = (names: string): readonly string[] => names.split(' ').map((one) => (one.endsWith('?') ? element(one.slice(0, -1), `${TEXT} minOccurs="0"`) : element(one, TEXT)));

/** A value of the scheme: shown text, with number, key and stored value as attributes. */
const leaf = ({ name, repeatable }: MetadataElement): string => element(name, `type="元素值" minOccurs="0"${repeatable === true ? ' maxOccurs="unbounded"' : ''}`);
const ofPlace = (scheme: MetadataScheme, place: string): readonly string[] => allElements(scheme).filter((one) => one.place === place && one.kind !== 'container').map(leaf);

export function packageXsd(scheme: MetadataScheme): string {
  const groups = scheme.places.filter(({ key, place }) => key !== undefined && place !== 'event')
    .map(({ name, place, repeatable }) => holding(name, `${sequence(...ofPlace(scheme, place))}<xs:attribute name="键" ${TEXT} use="required"/>`, repeatable ? MANY : ' minOccurs="0"'));
  const content = holding('内容', `<xs:simpleContent><xs:extension base="xs:string">${['角色', '序号', '计算机文件名', '字节数', 'SM3'].map((name) => `<xs:attribute name="${name}" ${TEXT} use="required"/>`).join('')}</xs:extension></xs:simpleContent>`, MANY);
  const version = `<xs:attribute name="方案版本" ${TEXT} use="required"/>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">',
    `<xs:complexType name="元素值"><xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="编号" ${TEXT}/><xs:attribute name="键" ${TEXT} use="required"/><xs:attribute name="值" ${TEXT}/></xs:extension></xs:simpleContent></xs:complexType>`,
    holding('文件目录', sequence(holding('文件', sequence(...texts('顺序号 档号 责任者 题名 日期 密级 电子档案名称 备注')), MANY))),
    holding('案卷目录', sequence(holding('案卷', sequence(...texts('顺序号 档号 责任者 题名 日期 密级 件数 备注')), MANY))),
    holding('扩展目录', sequence(holding('文件', sequence(...texts('顺序号 档号 电子文件号 年度 类别 保管期限 保密期限 密级代码 标志? 案卷号? 页数? 字节数 目录'), content), MANY))),
    holding('电子文件元数据', `${sequence(holding('文件实体', sequence(...ofPlace(scheme, 'record'), ...groups)))}<xs:attribute name="标准" ${TEXT} use="required"/>${version}`),
    holding('过程信息', `${sequence(holding('业务实体', sequence(...ofPlace(scheme, 'event')), MANY))}${version}`),
    '</xs:schema>', '',
  ].join('\n');
}
