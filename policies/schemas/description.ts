import { Type, type Static } from '@sinclair/typebox';

/** A key of the dictionary that `metadata.json` names for the element. */
const Term = Type.String({ pattern: '^[a-z][a-z0-9_]*$' });

/**
 * 著录: everything a record says about itself, sealed as one JSON under the metadata key of its level. Structural facts (档号, 年度,
 * 保管期限, 密级, dates, state) are columns and never repeated here. The keys are the `sealed` elements of `metadata.json`.
 * @see DA/T 18, DA/T 46-2009
 */
export const Description = Type.Object({
  /** 聚合层次 M1. */
  aggregationLevel: Type.Optional(Term),
  /** 目录号 M10. */
  catalogueNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 20 })),
  /** 室编案卷号 M15. */
  agencyFileNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 10, pattern: '^\\d+$' })),
  /** 馆编案卷号 M16. */
  archivesFileNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 10, pattern: '^\\d+$' })),
  /** 馆编件号 M18. */
  archivesItemNumber: Type.Optional(Type.Integer({ minimum: 1 })),
  /** 页号 M20. */
  pageNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 20 })),
  /** 题名 M22. */
  title: Type.String({ minLength: 1, maxLength: 500 }),
  /** 并列题名 M23. */
  parallelTitle: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 副题名 M24. */
  alternativeTitle: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 说明题名文字 M25. */
  otherTitleInfo: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 主题词 M26. */
  descriptors: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { minItems: 1, maxItems: 50, uniqueItems: true })),
  /** 关键词 M27. */
  keywords: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { minItems: 1, maxItems: 20, uniqueItems: true })),
  /** 人名 M28. */
  personalNames: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { minItems: 1, maxItems: 100, uniqueItems: true })),
  /** 摘要 M29. */
  abstract: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
  /** 分类号 M30. */
  classCode: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
  /** 文件编号 M31. */
  documentNumber: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  /** 责任者 M32. */
  author: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { minItems: 1, maxItems: 50, uniqueItems: true })),
  /** 文种 M34. */
  documentType: Type.Optional(Term),
  /** 紧急程度 M35. */
  precedence: Type.Optional(Term),
  /** 主送 M36. */
  principalReceiver: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 抄送 M37. */
  otherReceivers: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
  /** 保密期限 M39. */
  secrecyPeriod: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
  /** 文件组合类型 M41. */
  compositionType: Type.Optional(Term),
  /** 件数 M42. */
  itemCount: Type.Optional(Type.Integer({ minimum: 1 })),
  /** 页数 M43. */
  pageCount: Type.Optional(Type.Integer({ minimum: 1 })),
  /** 语种 M44. */
  language: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
  /** 稿本 M45. */
  manuscriptType: Type.Optional(Term),
  /** 数字化属性 M52: of a scan. */
  digitization: Type.Optional(Type.Object({
    /** 数字化对象形态 M53. */
    physicalCharacteristics: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    /** 扫描分辨率 M54, dpi. */
    scanDpi: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    /** 扫描色彩模式 M55. */
    scanColorMode: Type.Optional(Term),
    /** 图像压缩方案 M56. */
    imageCompression: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  }, { additionalProperties: false })),
  /** 信息系统描述 M51. */
  systemDescription: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 附注 M75. */
  annotation: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
  /** 管理单位. */
  unitOfManagement: Type.Optional(Term),
  /** 所属案卷. */
  parentId: Type.Optional(Type.String({ format: 'uuid' })),
  /** 自拟题名. */
  titleSupplied: Type.Optional(Type.Boolean()),
  /** 归属年度依据. */
  archivalYearBasis: Type.Optional(Term),
  /** 原密级文字. */
  originalLevelText: Type.Optional(Type.String({ minLength: 1, maxLength: 20 })),
  /** 离线原因. */
  offlineReason: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 逾期原因. */
  overdueReason: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 资源类型. */
  resourceType: Type.Optional(Term),
  /** 原档号. */
  declaredArchivalCode: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  /** 到期开放意见. */
  openOpinion: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 政府信息公开情况. */
  foiStatus: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 密级变更情况. */
  classificationChangeStatus: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 摄影者. */
  photographer: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 地点. */
  place: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 人物. */
  persons: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 背景. */
  background: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 文字说明. */
  caption: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 摄影时间. */
  shotAt: Type.Optional(Type.String({ format: 'date' })),
  /** 摄录者. */
  recorder: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  /** 摄录时间. */
  recordedOn: Type.Optional(Type.String({ format: 'date' })),
  /** 时长. */
  durationSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
  /** 会计年度. */
  fiscalYear: Type.Optional(Type.Integer({ minimum: 1900, maximum: 2999 })),
  /** 凭证字号. */
  voucherNo: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
  /** 制单人. */
  preparedBy: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  /** 审核人. */
  checkedBy: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  /** 记账人. */
  bookkeptBy: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  /** 照片组号. */
  photoGroup: Type.Optional(Type.Integer({ minimum: 1, maximum: 999 })),
  /** 编码. */
  codec: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  /** 会计类别. */
  accountingKind: Type.Optional(Type.String({ minLength: 1, maxLength: 2, pattern: '^0[1-4]$' })),
  /** 会计期间. */
  fiscalPeriod: Type.Optional(Type.String({ minLength: 1, maxLength: 40 })),
  /** 金额. */
  amount: Type.Optional(Type.String({ minLength: 1, maxLength: 20, pattern: '^-?\\d{1,15}(\\.\\d{1,2})?$' })),
  /** 网址或账号. */
  webAddress: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  /** 抓取日期. */
  webCapturedOn: Type.Optional(Type.String({ format: 'date' })),
  /** 栏目代码. */
  webColumn: Type.Optional(Type.String({ minLength: 1, maxLength: 10, pattern: '^[A-Z]{1,10}$' })),
}, { additionalProperties: false, $id: 'description' });
export type Description = Static<typeof Description>;
