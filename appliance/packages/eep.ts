/**
 * DA/T 48-2009 电子文件封装包, one XML file an item with the contents in base64. Written as a stream whose length is known before. No
 * 电子签名块 is made (it is optional there): the package's signed list covers the file.
 * @see DA/T 48-2009 (element order by its XML Schema)
 */
import type { MetadataElement } from '../../policies/schemas/metadata.js';
import { allElements } from '../../core/metadata.js';
import { dictionary, labelOf } from '../../core/dictionary.js';
import type { Entry, PackageTools } from './entries.js';
import { LEVEL_WORDS } from './metadata-xml.js';
import type { MetadataValues, PackageFile, PackagePlan, PackageRecord } from './port.js';

const SPACE = 'http://www.saac.gov.cn/standards/ERM/encapsulation';
const escape = (text: string): string => text.replace(/[&<>"]/gu, (one) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[one] ?? one);
const tag = (name: string, inner: string, attributes = ''): string => `<${name}${attributes}>${inner}</${name}>`;

type Lookup = (place: string, values: MetadataValues) => (key: string, name?: string) => string;

/** Elements of the metadata under the names of DA/T 48; absent ones are left out unless the schema requires them. */
function lookup(tools: PackageTools): Lookup {
  const elements = new Map(allElements(tools.scheme).map((element) => [`${element.place}/${element.key}`, element]));
  const text = (element: MetadataElement, value: unknown): string => {
    if (element.kind === 'level' && typeof value === 'number') return LEVEL_WORDS[value] ?? '';
    const terms = element.dictionary ?? (element.kind === 'term' ? element.key : undefined);
    return terms === undefined ? String(value) : labelOf(dictionary(tools.dictionaries, terms), String(value));
  };
  return (place, values) => (key, name) => {
    const element = elements.get(`${place}/${key}`);
    const value = values[key];
    if (element === undefined || value === undefined || value === null) return '';
    return (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map((one) => tag(name ?? element.name, escape(text(element, one)))).join('');
  };
}

const objects = (value: unknown): readonly MetadataValues[] => (Array.isArray(value) ? (value as readonly unknown[]) : value === undefined ? [] : [value])
  .flatMap((one) => (typeof one === 'object' && one !== null ? [{ ...one }] : []));
const required = (name: string, found: string, otherwise = ''): string => (found === '' ? tag(name, escape(otherwise)) : found);

function entity(tools: PackageTools, plan: PackagePlan, record: PackageRecord): string {
  const of = lookup(tools);
  const get = of('record', record.metadata);
  const [storage = {}] = objects(record.metadata['storage']);
  const [rights = {}] = objects(record.metadata['rights']);
  const [kept, right] = [of('storage', storage), of('rights', rights)];
  const level = LEVEL_WORDS[record.level];
  return [
    tag('聚合层次', '文件'),
    tag('来源', [get('archivesName'), get('archivesIdentifier'), get('fondsName'), required('立档单位名称', get('fondsUnitName'), plan.unitName)].join('')),
    required('电子文件号', get('electronicRecordCode'), record.row.electronicRecordCode),
    tag('档号', [escape(record.row.archivalCode), get('fondsIdentifier'), get('catalogueNumber'), required('年度', get('archivalYear'), record.year), required('保管期限', get('retentionCode'), record.row.retention),
      get('orgOrFunction'), get('categoryCode'), get('agencyFileNumber'), get('archivesFileNumber'), required('室编件号', get('agencyItemNumber')), get('archivesItemNumber'), get('pageNumber')].join('')),
    tag('内容描述', [required('题名', get('title'), record.row.title), get('parallelTitle'), get('alternativeTitle'), get('otherTitleInfo'), get('descriptors'), get('keywords'), get('personalNames'), get('abstract'),
      get('classCode'), get('documentNumber'), required('责任者', get('author'), record.row.author), required('日期', get('documentDate'), record.row.date), get('documentType'), get('precedence'), get('principalReceiver'),
      get('otherReceivers'), tag('密级', level), get('secrecyPeriod')].join('')),
    tag('形式特征', [required('文件组合类型', get('compositionType'), record.files.length > 1 ? '组合文件' : '单件'), get('itemCount'), get('pageCount'), get('language'), get('manuscriptType')].join('')),
    tag('存储位置', [kept('currentLocation'), required('脱机载体编号', kept('offlineMediumNos')), kept('offlineMediumLocations'), kept('microformNo')].join('')),
    tag('权限管理', [right('intellectualProperty'), ...(right('authorizedAgent') === '' ? [] : [tag('授权', right('authorizedAgent') + right('permittedActs'))]), right('controlIdentifier')].join('')),
    get('systemDescription'), get('annotation'),
  ].join('\n');
}

function business(tools: PackageTools, record: PackageRecord): string {
  const of = lookup(tools);
  return tag('业务实体块', record.events.map((event, at) => {
    const get = of('event', event);
    return tag('业务实体', [tag('业务标识符', `YW${String(at + 1)}`), tag('机构人员标识符', 'JG1'), tag('文件标识符', 'WJ1'), required('业务状态', get('businessStatus')), required('业务行为', get('businessActivity')),
      required('行为时间', get('actionTime')), get('actionMandate'), get('actionDescription')].join(''));
  }).join('\n'));
}

function agents(tools: PackageTools, plan: PackagePlan, record: PackageRecord): string {
  const of = lookup(tools);
  const known = objects(record.metadata['agents']);
  const rows: readonly MetadataValues[] = known.length > 0 ? known : [{ agentType: 'organization', agentName: plan.unitName }];
  return tag('机构人员实体块', rows.map((agent, at) => {
    const get = of('agent', agent);
    return tag('机构人员实体', [tag('机构人员标识符', `JG${String(at + 1)}`), get('agentType'), required('机构人员名称', get('agentName'), plan.unitName), get('organizationCode'), get('positionName')].join(''));
  }).join('\n'));
}

/** Before and after the base64 of a file. */
function around(file: PackageFile, at: number): readonly [string, string] {
  const id = String(at + 1);
  const electronic = tag('电子属性', tag('计算机文件名', escape(file.name)) + tag('计算机文件大小', String(file.bytes)));
  const extension = /\.([^.]+)$/u.exec(file.name)?.[1] ?? '';
  return [
    `<文档>${tag('文档标识符', `WD${id}`)}${tag('文档序号', id)}${tag('文档主从声明', file.role === 'main' ? '主文档' : '附属文档')}<文档数据 文档数据ID="WDSJ${id}"><编码 编码ID="BM${id}">${electronic}${tag('编码描述', 'Base64')}${tag('反编码关键字', escape(`base64-${extension}`))}<编码数据 编码数据ID="BMSJ${id}">`,
    '</编码数据></编码></文档数据></文档>\n',
  ];
}

/** Carries what does not fill three bytes from piece to piece, so that the pieces join. */
async function* base64(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const piece of source) {
    const joined = Buffer.concat([rest, piece]);
    const whole = joined.length - (joined.length % 3);
    rest = Uint8Array.from(joined.subarray(whole));
    yield Buffer.from(joined.subarray(0, whole).toString('base64'));
  }
  if (rest.length > 0) yield Buffer.from(Buffer.from(rest).toString('base64'));
}

export function eepEntry(tools: PackageTools, plan: PackagePlan, record: PackageRecord, path: string): Entry {
  const head = `<?xml version="1.0" encoding="UTF-8"?>
<电子文件封装包 xmlns="${SPACE}">
<封装包格式描述>本EEP根据中华人民共和国档案行业标准DA/T 48-2009《基于XML的电子文件封装规范》生成</封装包格式描述>
<版本>2009</版本>
<被签名对象 eep版本="2009"><封装包类型>原始型</封装包类型><封装包类型描述>本封装包包含电子文件数据及其元数据，原始封装，未经修改</封装包类型描述>
<封装包创建时间>${plan.madeAt}</封装包创建时间><封装包创建单位>${escape(plan.unitName)}</封装包创建单位>
<封装内容><文件实体块><文件实体>${entity(tools, plan, record)}
<文件数据>`;
  const tail = `</文件数据></文件实体></文件实体块>\n${business(tools, record)}\n${agents(tools, plan, record)}</封装内容></被签名对象></电子文件封装包>\n`;
  const pieces = record.files.map((file, at) => ({ file, around: around(file, at).map((text) => Buffer.from(text)) as readonly Buffer[] }));
  const [before, after] = [Buffer.from(head), Buffer.from(tail)];
  const bytes = before.length + after.length + pieces.reduce((sum, one) => sum + 4 * Math.ceil(one.file.bytes / 3) + one.around.reduce((all, part) => all + part.length, 0), 0);
  return {
    path, bytes, sm3: null,
    async *open() {
      yield before;
      for (const { file, around: [open = Buffer.alloc(0), close = Buffer.alloc(0)] } of pieces) {
        yield open;
        yield* base64(file.open());
        yield close;
      }
      yield after;
    },
  };
}
