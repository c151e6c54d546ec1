/** Words for the codes on forms and lists (domain: 门类代码, 保管期限). The box checks every code; these only name them. */
export const CATEGORIES: readonly { readonly value: string; readonly name: string }[] = [
  { value: 'WS', name: '文书' }, { value: 'KJ', name: '科技' }, { value: 'RS', name: '人事' }, { value: 'KU', name: '会计' }, { value: 'ZY', name: '专业' }, { value: 'ZP', name: '照片' },
  { value: 'LY', name: '录音' }, { value: 'LX', name: '录像' }, { value: 'SJ', name: '业务数据' }, { value: 'YJ', name: '公务电子邮件' }, { value: 'WY', name: '网页信息' }, { value: 'MT', name: '社交媒体' }, { value: 'SW', name: '实物' },
];
export const RETENTIONS: readonly { readonly value: string; readonly name: string }[] = [{ value: 'Y', name: '永久' }, { value: 'D30', name: '30 年' }, { value: 'D10', name: '10 年' }];
export const ROLES: Readonly<Record<string, string>> = { main: '正文', attachment: '附件', process_sheet: '处理单', draft: '草稿', final: '定稿', annotation: '批注' };
export const ACTIVITIES: Readonly<Record<string, string>> = {
  capture: '捕获', verify4p: '检测', recheck: '退回', arrange: '整理', assign_code: '编档号', describe: '著录', strip_seal: '去签留章', strip: '去签留章', classify: '定密', mark: '定密', file: '归档', return: '退回', reconcile: '清点', read: '阅览', transfer: '移交', appraise: '鉴定', hold: '冻结', lift_hold: '解除冻结', opening_review: '开放审核', consent_destroy: '同意销毁', destroy: '销毁', withdraw: '移出',
};
export const categoryName = (code: string | null): string => CATEGORIES.find((one) => one.value === code)?.name ?? code ?? '—';
export const activityName = (activity: string): string => ACTIVITIES[activity] ?? activity;
export const DUTIES: Readonly<Record<string, string>> = {
  sysadmin: '系统管理员', secadmin: '安全保密管理员', auditadmin: '安全审计员', officer: '保密员', class_authority: '定密责任人', custodian: '涉密档案管理员', archivist: '档案员', unit_head: '单位负责人', repository: '接收员', proposer: '部门承办人', inspector: '检查员', reader: '利用者',
};
