/** Left navigation by duty. A page is listed when this person may try one of its acts; the server owns that list. */

export interface PageLink {
  readonly path: string;
  readonly name: string;
  /** Any one of these abilities opens the page. */
  readonly acts: readonly string[];
  /** `g` and this letter go there. */
  readonly letter?: string;
}
export interface PageGroup { readonly name: string; readonly pages: readonly PageLink[] }

export const PAGES: readonly PageGroup[] = [
  { name: '工作台', pages: [{ path: '/', name: '我的工作台', acts: [], letter: 'w' }, { path: '/calendar', name: '法定日历', acts: ['calendar.list'] }, { path: '/approvals', name: '待签审批', acts: ['approval.list'], letter: 'q' }] },
  {
    name: '收集归档', pages: [
      { path: '/capture', name: '收集', acts: ['capture.list', 'capture.open'], letter: 'c' },
      { path: '/sources', name: '来源系统', acts: ['source.list'] },
      { path: '/tables', name: '三表', acts: ['table.list'] },
      { path: '/scans', name: '扫描件', acts: ['scan.list'] },
      { path: '/imports', name: '导入导出', acts: ['import.list', 'exchange.metadata'] },
      { path: '/inspection', name: '四性检测', acts: ['inspection.list'], letter: 't' },
      { path: '/arrangement', name: '整理编目', acts: ['arrangement.list'], letter: 'a' },
      { path: '/volumes', name: '案卷', acts: ['volume.list'] },
      { path: '/rule-packs', name: '检测规则与病毒库', acts: ['rulepack.list'] },
      { path: '/filing', name: '清点归档', acts: ['filing.list'], letter: 'f' },
    ],
  },
  {
    name: '档案库', pages: [
      { path: '/search', name: '检索', acts: ['record.search'], letter: 's' },
      { path: '/emergency', name: '应急访问', acts: ['emergency.list'], letter: 'e' },
    ],
  },
  {
    name: '保管保护', pages: [
      { path: '/conversions', name: '格式转换与迁移', acts: ['conversion.list'] },
    ],
  },
  {
    name: '开放利用', pages: [
      { path: '/opening', name: '开放审核', acts: ['opening.due'] },
      { path: '/uses', name: '利用与借阅', acts: ['use.list'] },
      { path: '/certificates', name: '出证', acts: ['certificate.list'] },
    ],
  },
  {
    name: '鉴定销毁', pages: [
      { path: '/appraisal', name: '到期鉴定', acts: ['appraisal.due', 'appraisal.list'] },
      { path: '/destruction', name: '档案销毁', acts: ['destruction.list'] },
      { path: '/holds', name: '档案冻结', acts: ['hold.list'] },
    ],
  },
  {
    name: '移交接收', pages: [
      { path: '/transfers', name: '移交', acts: ['transfer.list'] },
      { path: '/accessions', name: '接收', acts: ['accession.list'] },
      { path: '/accession-register', name: '接收登记', acts: ['accession.register'] },
      { path: '/counterparts', name: '对端单位', acts: ['counterpart.list'] },
    ],
  },
  {
    name: '载体与设备', pages: [
      { path: '/preservation', name: '保管与检测', acts: ['preservation.show'] },
      { path: '/carriers', name: '载体台账', acts: ['carrier.list'] },
      { path: '/disposal', name: '载体销毁', acts: ['disposal.list'] },
      { path: '/outputs', name: '打印刻录导出', acts: ['output.list'] },
      { path: '/devices', name: '专用设备', acts: ['device.list'] },
    ],
  },
  {
    name: '定密管理', pages: [
      { path: '/classification', name: '定密工作台', acts: ['classification.list', 'classification.propose'], letter: 'm' },
      { path: '/annual-review', name: '年度审核', acts: ['classification.expiring'], letter: 'v' },
      { path: '/notices', name: '通知与回执', acts: ['classification.notices'], letter: 'n' },
      { path: '/marks', name: '标志核对', acts: ['mark.list'] },
      { path: '/knowledge', name: '知悉登记', acts: ['knowledge.list'] },
      { path: '/containers', name: '批次与报表密级', acts: ['container.list'] },
      { path: '/class-authorities', name: '定密责任人与授权', acts: ['classification.appoint-authority', 'classification.approve', 'classification.propose'], letter: 'h' },
      { path: '/class-statistics', name: '年度统计', acts: ['classification.statistics'], letter: 'j' },
    ],
  },
  { name: '检查', pages: [{ path: '/organisation', name: '组织与制度', acts: ['register.list'] }, { path: '/compliance', name: '合规清单', acts: ['compliance.list'], letter: 'i' }, { path: '/reports', name: '报表', acts: ['report.list'], letter: 'r' }] },
  { name: '审计', pages: [
    { path: '/alarms', name: '告警', acts: ['alarm.list'], letter: 'b' },
    { path: '/binding', name: '标志绑定校验', acts: ['binding.show'] },
    { path: '/audit', name: '审计查询', acts: ['audit.list', 'audit.daily'], letter: 'u' },
    { path: '/checkpoints', name: '检查点与证明', acts: ['audit.checkpoint', 'audit.prove', 'audit.verify'], letter: 'k' },
  ] },
  {
    name: '三员', pages: [
      { path: '/people', name: '人员与涉密资格', acts: ['person.list'], letter: 'p' },
      { path: '/personnel', name: '涉密人员台账', acts: ['personnel.list'], letter: 'o' },
      { path: '/duties', name: '授权与互斥', acts: ['duty.list'], letter: 'd' },
      { path: '/keys', name: '密钥', acts: ['key.status'], letter: 'y' },
      { path: '/backup', name: '备份', acts: ['backup.list'] },
      { path: '/policy', name: '口令与会话策略', acts: ['policy.show'], letter: 'l' },
      { path: '/terminals', name: '终端登记', acts: ['terminal.list'], letter: 'z' },
      { path: '/system', name: '系统与自检', acts: ['system.status'], letter: 'x' },
    ],
  },
];

export function openPages(abilities: readonly string[]): readonly PageGroup[] {
  const held = new Set(abilities);
  return PAGES
    .map((group) => ({ ...group, pages: group.pages.filter((page) => page.acts.length === 0 || page.acts.some((act) => held.has(act))) }))
    .filter((group) => group.pages.length > 0);
}

export const pageOfLetter = (groups: readonly PageGroup[], letter: string): PageLink | undefined =>
  groups.flatMap((group) => group.pages).find((page) => page.letter === letter);
