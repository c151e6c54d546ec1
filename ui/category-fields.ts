/** What each 门类 asks for beside the common elements (照片、录音录像、会计、网页): names for grid and record page; the box checks them. */
export interface CategoryField { readonly key: string; readonly name: string; readonly categories: readonly string[]; readonly number?: boolean; readonly date?: boolean; readonly hint?: string }

export const CATEGORY_FIELDS: readonly CategoryField[] = [
  { key: 'photographer', name: '摄影者', categories: ['ZP'] }, { key: 'shotAt', name: '摄影时间', categories: ['ZP'], date: true }, { key: 'recorder', name: '摄录者', categories: ['LY', 'LX'] }, { key: 'recordedOn', name: '摄录时间', categories: ['LY', 'LX'], date: true },
  { key: 'durationSeconds', name: '时长', categories: ['LY', 'LX'], number: true, hint: '秒' }, { key: 'place', name: '地点', categories: ['ZP', 'LY', 'LX'] }, { key: 'persons', name: '人物', categories: ['ZP', 'LY', 'LX'] }, { key: 'background', name: '背景', categories: ['ZP', 'LY', 'LX'] },
  { key: 'caption', name: '文字说明', categories: ['ZP'] }, { key: 'photoGroup', name: '组号', categories: ['ZP'], number: true, hint: '照片组号，1 到 999' }, { key: 'codec', name: '编码', categories: ['LY', 'LX'] },
  { key: 'fiscalYear', name: '会计年度', categories: ['KU'], number: true }, { key: 'accountingKind', name: '会计类别', categories: ['KU'], hint: '01 凭证、02 账簿、03 报告、04 其他' }, { key: 'fiscalPeriod', name: '会计期间', categories: ['KU'] }, { key: 'voucherNo', name: '凭证字号', categories: ['KU'] },
  { key: 'amount', name: '金额', categories: ['KU'] }, { key: 'preparedBy', name: '制单人', categories: ['KU'] }, { key: 'checkedBy', name: '审核人', categories: ['KU'] }, { key: 'bookkeptBy', name: '记账人', categories: ['KU'] },
  { key: 'webAddress', name: '网址或账号', categories: ['WY', 'MT'] }, { key: 'webCapturedOn', name: '抓取日期', categories: ['WY', 'MT'], date: true }, { key: 'webColumn', name: '栏目代码', categories: ['WY'], hint: '大写字母，如 TZGG' },
];

const NAMES: Readonly<Record<string, string>> = {
  title: '题名', author: '责任者', categoryCode: '门类', archivalYear: '年度', scheduleItemId: '归档范围', retentionCode: '期限', documentDate: '成文日期', completedOn: '办毕日期', orgOrFunction: '机构（问题）',
  ...Object.fromEntries(CATEGORY_FIELDS.map(({ key, name }) => [key, name])),
};
export const fieldName = (key: string): string => NAMES[key] ?? key;

export const fieldsOf = (categories: Iterable<string | null>): readonly CategoryField[] => {
  const wanted = new Set(categories);
  return CATEGORY_FIELDS.filter((field) => field.categories.some((one) => wanted.has(one)));
};

/** Texts of a description under the fields of its category. */
export const textOf = (description: object, key: string): string => {
  const value = (description as Readonly<Record<string, unknown>>)[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};
