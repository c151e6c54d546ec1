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

type Lookup = (place: string, values: MetadataValues) => Get;
/** The elements of a key as XML; `joined`: several values in one element, as the standard allows no repetition. */
type Get = (key: string, joined?: 'joined') => string;

/** Elements of the metadata under the names of DA/T 48; what is absent gives nothing. */
function lookup(tools: PackageTools): Lookup {
  const elements = new Map(allElements(tools.scheme).map((element) => [`${element.place}/${element.key}`, element]));
  const text = (element: MetadataElement, value: unknown): string => {
    if (element.kind === 'level' && typeof value === 'number') return LEVEL_WORDS[value] ?? '';
    const terms = element.dictionary ?? (element.kind === 'term' ? element.key : undefined);
    return terms === undefined ? String(value) : labelOf(dictionary(tools.dictionaries, terms), String(value));
  };
  return (place, values) => (key, joined) => {
    const element = elements.get(`${place}/${key}`);
    const value = values[key];
    if (element === undefined || value === undefined || value === null) return '';
    const words = (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map((one) => text(element, one));
    return (joined === 'joined' ? [words.join('；')] : words).map((word) => tag(element.name, escape(word))).join('');
  };
}

const objects = (value: unknown): readonly MetadataValues[] => (Array.isArray(value) ? (value as readonly unknown[]) : value === undefined ? [] : [value])
  .flatMap((one) => (typeof one === 'object' && one !== null ? [{ ...one }] : []));
const required = (name: string, found: string, otherwise: string): string => (found === '' ? tag(name, escape(otherwise)) : found);

/** 室编件号 or 馆编件号, one of which there must be: without either, the number at the end of the code. */
function itemNumber(get: Get, code: string): string {
  const found = get('agencyItemNumber') + get('archivesItemNumber');
  return found === '' ? tag('室编件号', String(Math.max(1, Number(/(\d{1,9})$/u.exec(code)?.[1] ?? '1')))) : found;
}

function entity(tools: PackageTools, plan: PackagePlan, record: PackageRecord): string {
  const of = lookup(tools);
  const get = of('record', record.metadata);
  const [storage = {}] = objects(record.metadata['storage']);
  const [rights = {}] = objects(record.metadata['rights']);
  const [kept, right] = [of('storage', storage), of('rights', rights)];
  return [
    tag('聚合层次', '文件'),
    tag('来源', [get('archivesName'), get('archivesIdentifier'), get('fondsName'), required('立档单位名称', get('fondsUnitName'), plan.unitName)].join('')),
    required('电子文件号', get('electronicRecordCode'), record.row.electronicRecordCode),
    tag('档号', [escape(record.row.archivalCode), get('fondsIdentifier'), get('catalogueNumber'), tag('年度', /\d{4}/u.exec(record.year)?.[0] ?? plan.madeAt.slice(0, 4)), required('保管期限', get('retentionCode'), record.row.retention),
      get('orgOrFunction'), get('categoryCode'), get('agencyFileNumber'), get('archivesFileNumber'), itemNumber(get, record.row.archivalCode), get('pageNumber')].join('')),
    tag('内容描述', [required('题名', get('title'), record.row.title), get('parallelTitle'), get('alternativeTitle'), get('otherTitleInfo'), get('descriptors'), get('keywords', 'joined'), get('personalNames', 'joined'), get('abstract'),
      get('classCode'), get('documentNumber'), required('责任者', get('author', 'joined'), record.row.author), required('日期', get('documentDate'), record.row.date), get('documentType'), get('precedence'), get('principalReceiver'),
      get('otherReceivers'), tag('密级', LEVEL_WORDS[record.level]), get('secrecyPeriod')].join('')),
    tag('形式特征', [tag('文件组合类型', record.files.length > 1 ? '组合文件' : '单件'), get('pageCount'), get('language'), get('manuscriptType')].join('')),
    tag('存储位置', [kept('currentLocation'), required('脱机载体编号', kept('offlineMediumNos'), ''), kept('offlineMediumLocations'), kept('microformNo')].join('')),
    tag('权限管理', [right('intellectualProperty'), permissions(right), right('controlIdentifier')].join('')),
    get('systemDescription'), get('annotation'),
  ].join('\n');
}

/** 授权: who, and for what; both or neither. */
function permissions(right: Get): string {
  const acts = right('permittedActs', 'joined');
  return acts === '' ? '' : [...right('authorizedAgent').matchAll(/<授权对象>[^<]*<\/授权对象>/gu)].map(([agent]) => tag('授权', agent + acts)).join('');
}

function relations(tools: PackageTools, record: PackageRecord): string {
  const of = lookup(tools);
  return objects(record.metadata['relations']).map((relation) => {
    const get = of('relation', relation);
    return tag('文件实体关系', [tag('文件标识符', escape(record.row.electronicRecordCode)), tag('被关联文件标识符', escape(String(relation['relation'] ?? ''))), get('relationType'), get('relation'), get('relationDescription')].join(''));
  }).join('');
}

/** Without any event there is still the one that makes this package. */
function business(tools: PackageTools, plan: PackagePlan, record: PackageRecord): string {
  const of = lookup(tools);
  const events: readonly MetadataValues[] = record.events.length > 0 ? record.events : [{ businessStatus: 'historical', businessActivity: 'encapsulate', actionTime: plan.madeAt }];
  return tag('业务实体块', events.map((event, at) => {
    const get = of('event', event);
    return tag('业务实体', [tag('业务标识符', `YW${String(at + 1)}`), tag('机构人员标识符', 'JG1'), tag('文件标识符', escape(record.row.electronicRecordCode)), required('业务状态', get('businessStatus'), '历史行为'), required('业务行为', get('businessActivity'), '其他'),
      required('行为时间', get('actionTime'), plan.madeAt), get('actionMandate'), get('actionDescription')].join(''));
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

/** 编码描述 as the standard words it. */
const CODING = '本封装包中“编码数据”元素存储的是计算机文件二进制流的Base64编码，有关Base64编码规则参见IETF RFC 2045多用途邮件扩展（MIME）第一部分：互联网信息体格式。当提取和显现封装在编码数据元素中的计算机文件时，应对Base64编码进行反编码，并依据封装包中“反编码关键字”元素中记录的值还原计算机文件的扩展名';

/** Before and after the base64 of a file. */
function around(tools: PackageTools, record: PackageRecord, file: PackageFile, at: number): readonly [string, string] {
  const id = String(at + 1);
  const of = lookup(tools);
  const known = objects(record.metadata['digitalObjects']).find((one) => one['fileName'] === file.name) ?? {};
  const [scan] = objects(record.metadata['digitization']);
  const [get, scanned] = [of('digitalObject', known), of('digitization', scan ?? {})];
  const electronic = tag('电子属性', get('formatInfo') + tag('计算机文件名', escape(file.name)) + tag('计算机文件大小', String(file.bytes)) + get('creatingApplication'));
  const isScan = file.role === 'main' && scanned('scanDpi') !== '' && scanned('scanColorMode') !== '';
  const digitized = isScan ? tag('数字化属性', scanned('physicalCharacteristics') + scanned('scanDpi') + scanned('scanColorMode') + scanned('imageCompression')) : '';
  const extension = /\.([^.]+)$/u.exec(file.name)?.[1] ?? '';
  return [
    `<文档>${tag('文档标识符', `WD${id}`)}${tag('文档序号', id)}${tag('文档主从声明', file.role === 'main' ? '主文档' : '附属文档')}<文档数据 文档数据ID="WDSJ${id}"><编码 编码ID="BM${id}">${electronic}${digitized}${tag('编码描述', CODING)}${tag('反编码关键字', escape(`base64-${extension}`))}<编码数据 编码数据ID="BMSJ${id}">`,
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
  const tail = `</文件数据></文件实体>${relations(tools, record)}</文件实体块>\n${business(tools, plan, record)}\n${agents(tools, plan, record)}</封装内容></被签名对象></电子文件封装包>\n`;
  const pieces = record.files.map((file, at) => ({ file, around: around(tools, record, file, at).map((text) => Buffer.from(text)) as readonly Buffer[] }));
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
