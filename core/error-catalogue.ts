import type { ErrorRow } from './errors.js';

/**
 * 错误目录: every refusal of the product, one row each. `message` is what the officer reads; it says what happened and what to do
 * next, and carries no title, name or other telling text. Numbers in `articles` are articles of the 办法.
 * @see 《昆明市电子文件归档与电子档案管理办法(征求意见稿)》; codes and statuses are the product's choice
 */
export const CATALOG = {
  // 通用
  E_NOT_FOUND: { status: 404, message: '未找到该档案，请核对编号或向档案部门查询' },
  E_INPUT_INVALID: { status: 400, message: '填写内容不符合要求，请按标出的字段修改后重新提交' },
  E_STATE_INVALID: { status: 409, message: '当前状态不允许该操作，请刷新后按允许的下一步办理', articles: [3], tell: ['state', 'event', 'allowed'] },
  E_STALE_VERSION: { status: 409, message: '内容已被他人修改，请刷新后重试' },
  E_DUPLICATE: { status: 409, message: '已存在相同编号的登记，请核对后改用新编号或修改原登记' },
  E_BUSY: { status: 503, message: '系统正忙，请稍候重试；反复出现时联系系统管理员' },
  E_CLI_USAGE: { status: 400, message: '命令或参数不正确，请加 --help 查看用法' },
  E_CLI_FILE: { status: 400, message: '无法读写指定的文件或目录，请核对路径与权限' },
  E_BOX_UNREACHABLE: { status: 503, message: '连不上守藏服务，请确认服务已启动，地址、端口和证书文件正确' },
  E_ALREADY_FOUNDED: { status: 409, message: '数据目录不是空的，已有的系统不能再次初始化，请改用空目录' },
  E_POLICY_INVALID: { status: 500, message: '策略文件有误，系统未启动，请按标出的文件和位置改正，或从安装介质恢复原文件' },
  E_INTERNAL: { status: 500, message: '系统内部错误，已记录。请记下编号并联系系统管理员' },

  // 登录、会话、签名
  E_SESSION_REQUIRED: { status: 401, message: '尚未登录，请先登录' },
  E_SESSION_EXPIRED: { status: 401, message: '登录已过期，请重新登录后继续；未提交的内容需重新填写' },
  E_CSRF: { status: 403, message: '请求来源校验未通过，请刷新页面后重试' },
  E_LOGIN_FAILED: { status: 401, message: '账号、口令或签名不正确，请核对后重试；多次失败将锁定账号' },
  E_ACCOUNT_LOCKED: { status: 403, message: '账号已锁定，请等待锁定时间结束，或由系统管理员办理解锁', tell: ['until'] },
  E_PASSWORD_EXPIRED: { status: 403, message: '口令已到更换期限，请先修改口令再继续' },
  E_PASSWORD_WEAK: { status: 422, message: '口令不符合本机口令策略，请按提示的长度和字符种类重新设置', tell: ['minLength', 'minClasses'] },
  E_PASSWORD_REUSED: { status: 422, message: '不得使用近期用过的口令，请另设口令' },
  E_TERMINAL_REQUIRED: { status: 403, message: '本终端未登记、未核定或不是绑定给您的终端，不能登录；请换用已登记的终端，或由系统管理员登记、安全保密管理员核定' },
  E_OFFICERS_MISSING: { status: 409, message: '系统管理员、安全保密管理员、安全审计员未全部在任，业务暂停；请先由安全保密管理员补齐任命' },
  E_GRANT_OPEN_ENDED: { status: 422, message: '三员授权和涉密资格须有截止日，请填写截止日期后重新提交', tell: ['years'] },
  E_CERT_INVALID: { status: 403, message: '证书无效、已过期或已吊销，请换用有效的密钥，或由安全保密管理员重新签发' },
  E_SIGNATURE_INVALID: { status: 403, message: '签名校验未通过，请确认使用本人密钥对当前页面内容重新签名' },
  E_DENIED: { status: 403, message: '无权办理该操作，请向本单位安全保密管理员申请相应岗位或权限', articles: [34, 40] },
  E_INSPECTOR_READ_ONLY: { status: 403, message: '检查账号只能查看，不能修改；需要更正的内容请写入检查意见', articles: [10] },
  E_BOX_LOCKED: { status: 423, message: '密钥尚未解锁，暂不能存取档案，请由两名持有密钥分量的人员办理开锁' },
  E_AUDIT_UNAVAILABLE: { status: 503, message: '审计日志无法写入，操作已拒绝且未作任何改动，请联系安全审计员和系统管理员检查磁盘空间' },
  E_CLOCK_BACKWARD: { status: 409, message: '系统时间早于最后一条审计记录，已停止计时和写入，请由两名人员核对时间并签字更正' },

  // 密码与密钥
  E_CRYPTO_INPUT: { status: 400, message: '密钥、签名或密文的格式不正确，请确认所选文件后重试' },
  E_CRYPTO_UNAVAILABLE: { status: 503, message: '密码部件不可用，请由系统管理员运行 selftest 自检并按结果处理' },
  E_CRYPTO_SELF_TEST: { status: 503, message: '密码自检未通过，系统拒绝启动，请联系安全保密管理员核查程序完整性' },
  E_DECRYPT_FAILED: { status: 422, message: '无法解密：密钥不符或内容已被改动，请核对密钥和来源' },
  E_PIN_WRONG: { status: 403, message: '口令不正确或密钥文件已损坏，请核对后重新输入' },
  E_KEY_DESTROYED: { status: 410, message: '该内容的密钥不存在或已销毁，内容无法读取' },
  E_KEY_EPOCH_IN_USE: { status: 409, message: '该期密钥仍有数据引用，不得销毁，请等待轮换完成；旧格式密件须先另存', tell: ['epoch', 'keys', 'things'] },
  E_KEY_HOLDER: { status: 422, message: '密钥分量持有人须是在岗三员，持有本机签发的有效证书，且由现持有人提请' },
  E_KEY_SHARE_INVALID: { status: 422, message: '密钥分量损坏或不属于本机，请核对后换用正确的分量' },
  E_KEY_SHARE_TOO_FEW: { status: 409, message: '密钥分量不足，请由另一名持有人继续提交', tell: ['have', 'need'] },
  E_ENVELOPE_VERSION: { status: 422, message: '封存文件的版本或算法不受支持，请用相应版本的程序打开' },
  E_ENVELOPE_HEADER: { status: 409, message: '封存文件头不完整或密钥不符，请核对来源或从备份恢复' },
  E_ENVELOPE_CHUNK_TAG: { status: 409, message: '封存内容已被改动或损坏，请停止使用并从备份恢复', tell: ['chunk'] },
  E_ENVELOPE_TRUNCATED: { status: 409, message: '封存文件不完整，请从备份恢复或重新接收' },
  E_ENVELOPE_FOOTER: { status: 409, message: '封存文件尾或校验表已被改动，请停止使用并从备份恢复' },

  // 总则与职责
  E_SINGLE_SET_NOT_ELIGIBLE: { status: 422, message: '来源可靠、程序规范、要素合规三项未全部满足，不能仅以电子形式归档，请补齐核验单或改为双套归档', articles: [5], tell: ['missing'] },
  E_FIXITY_FAILED: { status: 409, message: '文件摘要与登记值不一致，已停止使用该文件，请核对来源或从备份恢复后重新校验', articles: [5, 35], tell: ['registered', 'found'] },
  E_RESPONSIBILITY_MISSING: { status: 422, message: '尚未登记档案管理责任人，请先在责任登记中补登', articles: [11] },
  E_TRAINING_REQUIRED: { status: 422, message: '该人员没有有效的培训记录，请先登记培训再授予岗位', articles: [13] },
  E_SOURCE_UNREGISTERED: { status: 422, message: '来源系统未登记，请先在来源系统台账登记归档接口', articles: [11] },
  E_DEPT_MISMATCH: { status: 403, message: '只能提交本部门形成的文件，请由形成部门提交或变更所属部门', articles: [11] },
  E_MODE_NOT_REPOSITORY: { status: 409, message: '本机为立档单位模式，不能办理档案馆接收入库', articles: [12] },

  // 收集与归档
  E_SCOPE_NOT_IN_SCHEDULE: { status: 422, message: '所选条目不在现行归档范围或保管期限表中，请改选条目或核对表的版本', articles: [15], tell: ['item', 'version'] },
  E_RETENTION_REQUIRED: { status: 422, message: '未划定保管期限或期限不在保管期限表内，请按条目选择期限', articles: [15], tell: ['item', 'version'] },
  E_RETENTION_TOO_SHORT: { status: 422, message: '所选保管期限短于保管期限表条目规定，请选用不短于规定的期限', articles: [15], tell: ['item', 'required'] },
  E_SCHEDULE_NOT_APPROVED: { status: 422, message: '保管期限表尚未经同级档案主管部门审核同意，请登记审核文号后启用', articles: [15], tell: ['version'] },
  E_OFFLINE_REASON_REQUIRED: { status: 422, message: '该来源已登记在线接口，离线归档须填写原因', articles: [16] },
  E_PKG_MANIFEST_MISSING: { status: 422, message: '脱机数据包缺少清单，请由移出方补齐清单后重新导入', articles: [16] },
  E_FMT_NOT_ALLOWED: { status: 422, message: '文件格式不在归档格式范围内，请转换为 OFD、PDF/A 等归档格式后重新提交', articles: [17], tell: ['format'] },
  E_FMT_MISMATCH: { status: 422, message: '扩展名与文件内容不符，请核对原件并改正扩展名后重新提交', articles: [17], tell: ['declared', 'found'] },
  E_FMT_ENCRYPTED: { status: 422, message: '文件已加密，请由形成部门解除加密后重新提交', articles: [17, 25] },
  E_FMT_COMPRESSED: { status: 422, message: '文件为压缩包，请解除压缩后逐个提交其中的文件', articles: [17, 25] },
  E_FMT_UNREADABLE: { status: 422, message: '文件结构损坏，无法读取，请由形成部门核对原件后重新提交完好的文件', articles: [17, 25], tell: ['format'] },
  E_PREVIEW_UNAVAILABLE: { status: 422, message: '该文件不能在线显示，请申请下载或在专用设备上查阅', articles: [34], tell: ['reason'] },
  E_META_REQUIRED: { status: 422, message: '缺少必填元数据，请按标出的元素补齐后重新提交', articles: [18] },
  E_META_INVALID: { status: 422, message: '元数据不符合规定的类型、长度或值域，请按标出的元素改正', articles: [18] },
  E_META_UNLINKED: { status: 422, message: '元数据与电子文件没有对应上，请核对文件名后重新关联', articles: [18] },
  E_META_PROCESS_MISSING: { status: 422, message: '缺少形成、办理过程的元数据，请由业务部门补齐过程信息', articles: [14] },
  E_ARRANGE_INCOMPLETE: { status: 422, message: '整理尚未完成，请补齐题名、分类和保管期限后再提交', articles: [19], tell: ['missing'] },
  E_ARRANGE_RELATION_BROKEN: { status: 422, message: '该文件与同件的其他文件有已登记的关系，不能单独移出，请整件处理', articles: [19] },
  E_SEAL_SIGNATURE_PRESENT: { status: 422, message: '文件仍含电子印章的数字签名信息，请先去除签名、保留印章图形', articles: [19, 25] },
  E_SEAL_IMAGE_LOST: { status: 422, message: '去除签名后印章图形缺失，结果未采用，请联系系统管理员检查原文件', articles: [19, 25] },
  E_OVERDUE_REASON_REQUIRED: { status: 422, message: '已超过规定期限，请填写逾期原因后提交', articles: [20, 22], tell: ['due', 'overdueDays'] },
  E_COUNT_MISMATCH: { status: 409, message: '申报数量与实际不一致，请按对照表核对后更正申报或补交文件', articles: [21], tell: ['differences'] },
  E_4P_FAILED: { status: 409, message: '四性检测有必检项不合格，请按检测报告逐项处理后重新检测', articles: [21, 25, 26], tell: ['items'] },
  E_CODE_DUPLICATE: { status: 409, message: '档号重复，请核对后重新编号', articles: [21], tell: ['archivalCode'] },
  E_CODE_GAP: { status: 409, message: '档号不连续，请补齐缺号或登记作废原因', articles: [21], tell: ['series', 'missing'] },
  E_CODE_FORMAT: { status: 409, message: '档号不符合本全宗的编号规则或与元数据不一致，请按规则改正', articles: [21], tell: ['template', 'segment'] },

  // 批量导入与上传
  E_UPLOAD_OFFSET: { status: 409, message: '续传位置与已收到的字节数不符，请从返回的位置继续上传', articles: [16], tell: ['offset'] },
  E_UPLOAD_TOO_LARGE: { status: 413, message: '文件超过本机允许的大小，请与系统管理员核对上限或改用离线导入', articles: [16], tell: ['limitBytes'] },
  E_STORAGE_FULL: { status: 507, message: '磁盘空间不足，内容没有收下，请系统管理员腾出空间后从已收到的位置继续', articles: [16] },
  E_NAME_HOSTILE: { status: 422, message: '文件名含路径符号、控制字符、变向字符或为系统保留名，请改名后重新提交', articles: [16], tell: ['problem'] },
  E_NAME_COLLISION: { status: 409, message: '同批文件中有名称等同的文件，请改名以免互相覆盖', articles: [16] },
  E_CATALOGUE_ENCODING: { status: 422, message: '目录文件的编码无法识别或有损坏字节，请按标出的位置改正，另存为 UTF-8 或 GB 18030 后重新导入', articles: [16, 18] },
  E_CATALOGUE_INVALID: { status: 422, message: '目录内容有误，请按标出的行和列改正后重新导入；未导入任何条目', articles: [16, 18] },
  E_BATCH_INCOMPLETE: { status: 409, message: '本批文件尚未收齐或检查未结束，请补齐后整批提交', articles: [16, 21], tell: ['expected', 'received'] },

  // 移交与接收
  E_TRANSFER_OVER_INTERNET: { status: 403, message: '禁止通过互联网移交，请使用主管部门指定的专用网络或离线介质', articles: [22] },
  E_TRANSFER_MEDIUM_UNREGISTERED: { status: 422, message: '移交介质未登记，请先登记介质编号和密级', articles: [22, 42], tell: ['medium'] },
  E_TRANSFER_MEDIUM_UNTESTED: { status: 422, message: '移交介质没有合格的检测记录，请先检测介质', articles: [22, 42], tell: ['medium'] },
  E_TRANSFER_MEDIUM_LEVEL: { status: 422, message: '介质密级低于所载档案的最高密级，请换用相应密级的介质', articles: [22, 42], tell: ['medium'] },
  E_RETAINED_COPY_PROTECTED: { status: 409, message: '移交后的留存副本在留存期内不得删除', articles: [22], tell: ['retainUntil'] },
  E_RETURN_WITHOUT_DEFECT: { status: 422, message: '没有检测不合格项，不得退回或拒收，请列明不合格项编号', articles: [23] },
  E_TRANSFER_EXTENSION_CONSENT: { status: 422, message: '延期移交须经同级档案主管部门同意，请登记批准文号', articles: [23] },
  E_TRANSFER_EARLY_CONSENT: { status: 422, message: '提前移交须经档案馆同意，请登记同意文号', articles: [23] },
  E_TRANSFER_RIGHTS_UNDEFINED: { status: 422, message: '提前移交须明确期满前利用、转换、迁移的权责，请补充约定', articles: [23] },
  E_TRANSFER_LIST_MISSING: { status: 422, message: '缺少移交清单或清单与包内档案不一致，请重新编制清单', articles: [24] },
  E_TRANSFER_ATTACHMENTS_MISSING: { status: 422, message: '缺少到期开放意见、政府信息公开情况或密级变更情况，请补齐后再封装', articles: [25], tell: ['missing'] },
  E_TRANSFER_DECLASS_REVIEW_REQUIRED: { status: 422, message: '移交档案馆前须完成解密审核，请先办理解密审核', articles: [41] },
  E_ACCESSION_UNSIGNED: { status: 409, message: '移交与接收登记表签章不全，请补签后登记入库', articles: [26], tell: ['missing'] },

  // 保管与保护
  E_CLOUD_STORAGE_FORBIDDEN: { status: 403, message: '不得使用电子政务云以外的云存储，涉密档案不得使用任何云存储', articles: [27] },
  E_BACKUP_PLAN_MISSING: { status: 422, message: '没有生效的备份方案，请先制定并启用备份方案', articles: [28] },
  E_OFFSITE_NOT_CLEARED: { status: 422, message: '异地存放点未经保密审核，请先办理审核登记', articles: [29] },
  E_MIGRATION_RISK_ASSESSMENT: { status: 422, message: '转换或迁移缺少需求分析、风险评估或批准，请补齐后再执行', articles: [31] },
  E_MIGRATION_POSTCHECK_FAILED: { status: 409, message: '转换或迁移后的检测不合格，结果已退回，原件仍为现行版本', articles: [31] },

  // 开放与利用
  E_OPEN_CLASSIFIED: { status: 403, message: '未解密的档案不得开放，请先办理解密审核', articles: [32] },
  E_CHANNEL_DISABLED: { status: 403, message: '本机只在局域网内提供利用，请使用局域网地址', articles: [33] },
  E_ACCESS_NOT_APPROVED: { status: 403, message: '利用申请未获批准或已过期，请先提交利用申请', articles: [34] },
  E_COPY_NOT_AUTHORIZED: { status: 403, message: '未经批准不得复制、打印或导出，请先提交复制申请', articles: [35] },
  E_COPY_FORBIDDEN_TOP_SECRET: { status: 403, message: '绝密级档案不得复制、摘抄，确需复制的须登记原定密机关或其上级的同意文号', articles: [34, 35] },
  E_SHARE_CLASSIFIED: { status: 403, message: '共享目录含涉密条目，请移出涉密条目后再导出', articles: [37] },

  // 鉴定与销毁
  E_APPRAISAL_REQUIRED: { status: 409, message: '尚未鉴定，不得销毁，请先完成期满鉴定并形成鉴定报告', articles: [38] },
  E_RETENTION_NOT_EXPIRED: { status: 409, message: '保管期限未满或为永久保管，不得鉴定销毁', articles: [38], tell: ['expiresOn'] },
  E_LEGAL_HOLD: { status: 409, message: '该档案已被冻结，不得鉴定销毁，请先由申请冻结的部门解除冻结', articles: [38, 39] },
  E_APPRAISAL_SECRECY_MEMBER: { status: 422, message: '涉密批次的鉴定小组须有保密员，请补充成员', articles: [38] },
  E_DESTROY_UNAUTHORIZED: { status: 403, message: '销毁审批不完整，禁止擅自销毁，请补齐审批', articles: [39] },
  E_DESTROY_TWO_PERSON: { status: 422, message: '销毁须由两名监销人到场签字，请补齐监销人', articles: [39, 43] },
  E_DESTROY_METHOD_INSUFFICIENT: { status: 422, message: '所选销毁方法低于载体曾存最高密级的要求，请改用符合要求的方法', articles: [43] },
  E_DESTROY_BACKUP_RESIDUE: { status: 409, message: '备份中仍有该档案的副本，请登记并逐一清除后再继续', articles: [39], tell: ['copies'] },
  E_DESTROY_MEDIUM_HAS_LIVE_RECORDS: { status: 409, message: '介质上还有需要保存的档案，请先迁移再销毁介质', articles: [39], tell: ['count'] },
  E_DESTROY_SECRECY_CONSENT: { status: 422, message: '仍在保密期限内的档案，销毁须有保密员和定密责任人的书面同意', articles: [43] },
  E_METADATA_PROTECTED: { status: 403, message: '销毁后保留的元数据和过程记录不得修改、删除', articles: [39] },

  // 保密管理
  E_MAC_READ_UP: { status: 404, message: '密级高于本人涉密等级或会话密级', articles: [34, 40], hiddenAs: 'E_NOT_FOUND' },
  E_NEED_TO_KNOW: { status: 404, message: '不在该档案的知悉范围内', articles: [34, 40], hiddenAs: 'E_NOT_FOUND' },
  E_MAC_WRITE_DOWN: { status: 403, message: '当前会话密级与该档案密级不同，不能写入，请先切换会话密级', articles: [40] },
  E_CLEARANCE_REQUIRED: { status: 403, message: '该人员没有登记涉密资格，请先登记审查和保密承诺书', articles: [40] },
  E_POLICY_WEAKEN_FORBIDDEN: { status: 403, message: '安全策略只能加严，不能放宽，请保留现值或选用更严的值', articles: [40], tell: ['setting'] },
  E_CLS_OVER_SYSTEM_LEVEL: { status: 403, message: '文件密级高于本机的保护等级，不得存入，请改用相应等级的系统', articles: [40] },
  E_CLS_AUTHORITY_EXCEEDED: { status: 422, message: '超出本单位或该定密责任人的定密权限，请报有权机关确定', articles: [41] },
  E_CLS_BASIS_REQUIRED: { status: 422, message: '缺少定密依据或起算日，请选择保密事项范围条目或来源文件并填写日期', articles: [41] },
  E_CLS_PERIOD_EXCEEDS_MAX: { status: 422, message: '保密期限超过该密级的上限（绝密 30 年、机密 20 年、秘密 10 年），请缩短期限', articles: [41], tell: ['maxYears'] },
  E_CLS_MARK_MISSING: { status: 422, message: '国家秘密没有作出标志，不能归档、打印、刻录或移交，请先完成定密和标志', articles: [36, 41] },
  E_CLS_MARK_ON_NON_SECRET: { status: 422, message: '非国家秘密不得作国家秘密标志，请去掉标志或改用“内部”', articles: [41] },
  E_CLS_EXTEND_AFTER_EXPIRY: { status: 422, message: '保密期限已经届满，不能延长，请按解密后的情况办理', articles: [41] },
  E_CLS_LONG_TERM_DECLASSIFY: { status: 422, message: '该事项规定长期保密，不得自行提前解密，请报原定密机关或其上级', articles: [41] },
  E_CLS_DERIVE_SOURCE_REQUIRED: { status: 422, message: '派生定密须选定来源文件，密级、期限不同于来源的须说明密点依据', articles: [41] },
  E_CLS_NOT_ORIGIN: { status: 422, message: '本单位不是原定密机关，变更、延长或解密须登记原定密机关的通知文号', articles: [41] },
  E_CLS_STEP_MISSING: { status: 422, message: '审核步骤还没有办完，请先登记会商意见或原定密机关的意见', articles: [41], tell: ['missing'] },
  E_CLS_SCOPE_REQUIRED: { status: 422, message: '国家秘密须确定知悉范围，请填写知悉的人员或部门', articles: [41] },
  E_MARK_BINDING: { status: 409, message: '该件的登记与密级标志的绑定签名不符，可能被改动，已停止使用并告警；请立即报告安全保密管理员和安全审计员核查', articles: [41] },
  E_KNOWLEDGE_LOG_REQUIRED: { status: 422, message: '机密级以上的知悉必须登记，请先填写知悉登记', articles: [41] },
  E_STAT_UNBALANCED: { status: 409, message: '定密统计的年初、新增、解除与年末数不闭合，请核对变更记录', articles: [41] },
  E_DEVICE_NOT_CERTIFIED: { status: 422, message: '设备没有有效的保密检测证书，请换用合格设备或更新证书登记', articles: [42] },
  E_DEVICE_LEVEL: { status: 422, message: '设备或介质密级低于数据密级，请换用相应密级的设备', articles: [42] },
  E_HANDOVER_TWO_PERSON: { status: 422, message: '涉密交接须由两人签字，请补齐交接人', articles: [42] },
  E_SOD_SELF_APPROVAL: { status: 403, message: '不得审批本人拟定的事项，请由另一名有权人员办理' },
  E_SOD_SAME_PERSON: { status: 403, message: '须由不同的人员分别签署，同一人员或同一密钥不能签署两次，请由另一名人员办理' },
  E_APPROVAL_REQUIRED: { status: 403, message: '该操作须先经审批，请提请审批并由规定人员签署后再办理' },
  E_APPROVAL_LAPSED: { status: 409, message: '审批已过有效期，请重新提请审批' },
  E_SOD_CONFLICT: { status: 403, message: '职责冲突：该人员已任互斥岗位，请先解除原岗位或另选人员' },
} as const satisfies Record<string, ErrorRow>;

/** One warning or alarm: it refuses nothing, it puts a task on somebody's desk. */
export interface NoticeRow {
  readonly message: string;
  readonly articles?: readonly number[];
}

/** 告警目录: `W_` codes from the statutory calendar, `A_` codes of self-supervision (自监管). None of them blocks an act by itself. */
export const NOTICES = {
  W_INSPECTION_OVERDUE: { message: '定期检测已逾期，请安排检测并登记结果', articles: [30] },
  W_CLS_REVIEW_OVERDUE: { message: '国家秘密年度审核已逾期，请办理审核', articles: [41] },
  W_CLS_NOTICE_OVERDUE: { message: '密级变更通知已逾期，请通知知悉范围内的机关和人员并登记回执', articles: [41] },
  W_CLS_REPORT_OVERDUE: { message: '先行拟定的密级上报已逾期，请报请有权机关确定', articles: [41] },
  W_DERIVED_EXISTS: { message: '该件有派生定密的文件，变更或解密后请一并通知', articles: [41] },
  W_DESTROY_OVERDUE: { message: '待销毁载体滞留超期，请办理销毁或说明原因', articles: [43] },
  W_FILING_OVERDUE: { message: '已过归档截止日仍未归档，请尽快归档并填写逾期原因', articles: [20] },
  W_TRANSFER_OVERDUE: { message: '已过移交截止日仍未移交，请办理移交或报请延期', articles: [22] },
  W_META_PATTERN: { message: '元数据书写形式不合惯例，请核对，可照录提交', articles: [18] },
  W_NAME_SUSPICIOUS: { message: '文件名有可疑之处，存储名已另取，原名保留在元数据中', articles: [16] },
  A_DEVICE_UNAUTHORIZED: { message: '发现未登记的介质或终端，请断开、登记并上报', articles: [42] },
  A_READ_UP_ATTEMPT: { message: '短时间内多次越权访问，请安全保密管理员核查', articles: [40] },
  A_BULK_EXPORT: { message: '短时间内大量查看或导出，会话已暂停，请核查', articles: [35] },
  A_AUDIT_GAP: { message: '审计链断裂或时间倒退，已停止写入，请取证核查', articles: [40] },
  A_AV_OUTDATED: { message: '病毒库已过期，请更新；逾期过久将停止导入', articles: [40] },
  A_EXPIRY_DUE: { message: '保密期限即将届满，请提前审核', articles: [41] },
  A_REVIEW_DUE: { message: '年度审核即将到期，请安排审核', articles: [41] },
  A_RISK_ASSESS_DUE: { message: '风险评估即将到期，请安排评估', articles: [40] },
  A_MEDIUM_INVENTORY_DUE: { message: '介质盘点已到期，请盘点并登记', articles: [42] },
  A_BACKUP_FAILED: { message: '备份失败，请系统管理员处理后补做', articles: [28] },
} as const satisfies Record<string, NoticeRow>;

export type NoticeCode = keyof typeof NOTICES;
