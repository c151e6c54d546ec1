/** Words and drawing of every state the server names. Accent outline: good; ink outline: mind; red outline: bad; grey: neither. */
const on = 'tag--on';
const done = 'tag--done';
const warn = 'tag--warn';
const bad = 'tag--bad';

export const STATES: Readonly<Record<string, { readonly name: string; readonly style: string }>> = {
  captured: { name: '已捕获', style: '' }, inspected: { name: '已检测', style: '' }, arranged: { name: '已整理', style: '' }, filed: { name: '已归档', style: '' },
  returned: { name: '退回', style: bad }, transferred: { name: '已移交', style: '' }, retained_copy: { name: '移交留存', style: '' },
  appraised: { name: '已鉴定', style: '' }, pending_destruction: { name: '待销毁', style: warn }, destroyed: { name: '已销毁', style: '' },
  qualified: { name: '合格', style: on }, unqualified: { name: '不合格', style: bad }, conditional: { name: '有条件合格', style: warn }, manual: { name: '待人工', style: warn },
  'audit.ok': { name: '成功', style: '' }, 'audit.refused': { name: '拒绝', style: bad }, 'audit.failed': { name: '失败', style: bad },
  pass: { name: '合格', style: on }, accept: { name: '合格', style: on }, accepted: { name: '合格', style: on },
  warn: { name: '提醒', style: warn }, fail: { name: '不合格', style: bad }, reject: { name: '退回', style: bad }, rejected: { name: '退回', style: bad },
  error: { name: '未检成', style: bad }, not_applicable: { name: '不适用', style: '' }, na: { name: '不适用', style: '' }, not_checked: { name: '未检', style: '' },
  queued: { name: '排队', style: '' }, waiting: { name: '等待', style: '' }, uploading: { name: '上传中', style: '' }, receiving: { name: '接收中', style: '' }, checking: { name: '检测中', style: on }, inspecting: { name: '检测中', style: on },
  open: { name: '收集中', style: on }, staged: { name: '已收', style: '' }, counted: { name: '已清点', style: on }, closed: { name: '已办结', style: done }, discarded: { name: '已移出', style: '' },
  equal: { name: '相符', style: on }, match: { name: '相符', style: on }, mismatch: { name: '不符', style: bad }, verified: { name: '可验', style: on },
  draft: { name: '草拟', style: '' }, proposed: { name: '待签署', style: warn }, in_force: { name: '在期', style: on }, active: { name: '在保密期限内', style: on }, review_due: { name: '应年度审核', style: warn },
  declass_review: { name: '解密审核', style: warn }, expired: { name: '期满待确认', style: warn }, declassified: { name: '已解密', style: '' }, long_term: { name: '长期', style: on },
  temporarily_protected: { name: '先行保密', style: warn }, decided: { name: '已决定', style: done }, withdrawn: { name: '已撤回', style: '' }, ordinary: { name: '非国家秘密', style: '' },
  signed: { name: '已签', style: done }, pending: { name: '待签', style: warn }, granted: { name: '已批准', style: done }, refused: { name: '未批准', style: bad }, lapsed: { name: '已失效', style: '' },
  allow: { name: '允许', style: on }, deny: { name: '拒绝', style: bad }, ok: { name: '正常', style: on }, success: { name: '成功', style: on }, failure: { name: '失败', style: bad },
  'approval.requested': { name: '待签署', style: warn }, 'approval.granted': { name: '已批准', style: on }, 'approval.done': { name: '已办理', style: done }, 'approval.refused': { name: '未批准', style: bad }, 'approval.lapsed': { name: '已失效', style: '' },
  'personnel.none': { name: '未登记', style: warn }, 'personnel.in_post': { name: '在岗', style: on }, 'personnel.cooling': { name: '脱密期内', style: warn }, 'personnel.released': { name: '脱密期满', style: '' },
  'terminal.registered': { name: '待核定', style: warn }, 'terminal.cleared': { name: '在用', style: on }, 'terminal.retired': { name: '停用', style: '' },
  'carrier.registered': { name: '待入柜', style: warn }, 'carrier.in_use': { name: '借出', style: on }, 'carrier.in_custody': { name: '在管', style: on }, 'carrier.in_transit': { name: '外出', style: warn }, 'carrier.returned': { name: '已清退', style: '' },
  'carrier.lost': { name: '丢失', style: bad }, 'carrier.pending_destruction': { name: '待销', style: warn }, 'carrier.destroyed': { name: '已销毁', style: '' },
  'accession.arriving': { name: '待双人签收', style: warn }, 'accession.signed_in': { name: '待启封', style: warn }, 'accession.refused': { name: '拒绝启封', style: bad }, 'accession.opened': { name: '待检测', style: warn }, 'accession.inspected': { name: '待决定', style: warn },
  'accession.accepted': { name: '入库中', style: on }, 'accession.stored': { name: '待签凭证', style: warn }, 'accession.returned': { name: '退回，待签凭证', style: bad }, 'accession.receipted': { name: '待办结', style: warn }, 'accession.closed': { name: '已办结', style: done }, 'accession.dismissed': { name: '不予受理', style: '' },
  'accession.item.staged': { name: '隔离中', style: warn }, 'accession.item.stored': { name: '已入库', style: on },
  'appraisal.drafted': { name: '待组成小组', style: warn }, 'appraisal.opinions': { name: '逐件鉴定', style: on }, 'appraisal.reported': { name: '待会签', style: warn }, 'appraisal.countersigned': { name: '待报批', style: warn },
  'appraisal.submitted': { name: '审批中', style: warn }, 'appraisal.approved': { name: '已批准', style: on }, 'appraisal.closed': { name: '已办结', style: done }, 'appraisal.cancelled': { name: '已撤销', style: '' }, 'hold.open': { name: '冻结中', style: warn },
  'disposal.drafted': { name: '待清点', style: warn }, 'disposal.counted': { name: '已清点', style: on }, 'disposal.requested': { name: '待审批', style: warn }, 'disposal.approved': { name: '已批准', style: on }, 'disposal.isolated': { name: '已隔离', style: on },
  'disposal.released': { name: '已送出', style: warn }, 'disposal.executed': { name: '待监销签字', style: warn }, 'disposal.witnessed': { name: '待注销', style: warn }, 'disposal.closed': { name: '已办结', style: done }, 'disposal.cancelled': { name: '已撤销', style: '' },
  'line.pending': { name: '待销', style: warn }, 'line.batched': { name: '待销', style: warn }, 'line.destroyed': { name: '已销毁', style: done }, 'line.reused': { name: '已清除', style: done }, 'line.withdrawn': { name: '已撤销', style: '' },
  'migration.planned': { name: '待执行', style: warn }, 'migration.performed': { name: '待核验', style: warn }, 'migration.verified': { name: '已核验', style: done },
  'output.requested': { name: '待签署', style: warn }, 'output.approved': { name: '待出件', style: on }, 'output.issued': { name: '在外', style: on }, 'output.closed': { name: '已办结', style: done }, 'output.refused': { name: '未批准', style: bad }, 'output.lapsed': { name: '已失效', style: '' }, 'output.overdue': { name: '逾期未还', style: bad },
  'copy.out': { name: '在外', style: on }, 'copy.late': { name: '逾期', style: bad }, 'copy.returned': { name: '已归还', style: done }, 'copy.to_destroy': { name: '待销', style: warn }, 'copy.destroyed': { name: '已销毁', style: '' }, 'copy.lost': { name: '丢失', style: bad }, 'copy.free': { name: '不回收', style: '' },
  'transfer.planned': { name: '计划', style: '' }, 'transfer.prepared': { name: '已准备', style: '' }, 'transfer.inspected': { name: '已检测', style: on }, 'transfer.approved': { name: '已批准', style: on }, 'transfer.sealed': { name: '已封装', style: on },
  'transfer.dispatched': { name: '已交出', style: warn }, 'transfer.received': { name: '已收回执', style: on }, 'transfer.accepted': { name: '已接收', style: done }, 'transfer.returned': { name: '退回', style: bad }, 'transfer.closed': { name: '已办结', style: done }, 'transfer.withdrawn': { name: '已撤销', style: '' },
  'counterpart.in_force': { name: '在用', style: on }, 'counterpart.expired': { name: '已过期', style: bad }, 'counterpart.suspended': { name: '停用', style: bad }, 'counterpart.superseded': { name: '已替换', style: '' },
  'device.in_use': { name: '在用', style: on }, 'device.suspended': { name: '停用', style: bad }, 'device.expired': { name: '证书过期', style: bad }, 'device.unchecked': { name: '待检查', style: warn },
  'emergency.active': { name: '进行中', style: on }, 'emergency.unreviewed': { name: '待核查', style: warn }, 'emergency.ended': { name: '已办结', style: done },
  enabled: { name: '在用', style: on }, disabled: { name: '停用', style: '' }, locked: { name: '已锁定', style: warn }, unlocked: { name: '已解锁', style: on },
  'key.current': { name: '现行', style: on }, 'key.retiring': { name: '只开不封', style: warn }, 'key.retired': { name: '已退役', style: '' }, 'key.replaced': { name: '已替换', style: '' }, 'key.destroyed': { name: '已销毁', style: '' },
  'ceremony.open': { name: '待签署', style: warn }, 'ceremony.complete': { name: '已签齐', style: done },
  'compliance.met': { name: '符合', style: on }, 'compliance.partly': { name: '部分符合', style: bad }, 'compliance.pending': { name: '待核查', style: warn }, 'compliance.na': { name: '不适用', style: '' },
  running: { name: '进行中', style: on }, ready: { name: '已生成', style: on }, done: { name: '完成', style: done }, failed: { name: '失败', style: bad }, conflict: { name: '互斥', style: bad }, met: { name: '符合', style: on }, unmet: { name: '不符合', style: bad },
};

export const stateName = (state: string): string => STATES[state]?.name ?? state;
