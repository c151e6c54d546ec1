import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

const closed = { additionalProperties: false } as const;
const Words = Type.String({ minLength: 1 });
const Count = Type.Integer({ minimum: 1, maximum: 100_000 });

export const ComplianceSource = Type.Union([
  Type.Literal('measures'), Type.Literal('law'), Type.Literal('regulation'), Type.Literal('mlps'), Type.Literal('crypto'), Type.Literal('classified'),
], { description: '来源' });
export type ComplianceSource = Static<typeof ComplianceSource>;

/** One line of the checklist. `evidence` names a probe of `appliance/compliance`, or `manual`. */
export const ComplianceItem = Type.Object({
  code: Type.String({ pattern: '^[A-Z]{2}-\\d{2}$' }),
  source: ComplianceSource,
  article: Words,
  requirement: Words,
  evidence: Type.String({ pattern: '^[a-z][a-z0-9-]+$' }),
  confidence: Type.Union([Type.Literal('V'), Type.Literal('K'), Type.Literal('P')]),
  /** `assessment`: the box concludes nothing; 结论只能按测评意见. */
  conclusion: Type.Optional(Type.Literal('assessment')),
}, closed);
export type ComplianceItem = Static<typeof ComplianceItem>;

/** 合规清单: `policies/compliance.json`. */
export const ComplianceFile = Type.Object({
  version: Type.String({ pattern: '^\\d{4}-\\d{2}$' }),
  source: Type.Array(Words, { minItems: 1 }),
  /** 声明, fixed words on the cover. */
  declaration: Words,
  /** A manual entry counts for so many days. */
  manualValidDays: Count,
  /** How old evidence may be. */
  recent: Type.Object({
    verifyDays: Count, fsckDays: Count, checkpointHours: Count, virusDays: Count, virusStopDays: Count, backupDays: Count, drillDays: Count, keyYears: Count, trainingHalfHours: Count,
  }, closed),
  /** Acts by which a state secret comes into the box: refused on a real box without accreditation. */
  entersSecrets: Type.Array(Type.String({ pattern: '^[a-z]+\\.[a-z]+(-[a-z]+)*$' }), { minItems: 1, uniqueItems: true }),
  sources: Type.Array(Type.Object({ key: ComplianceSource, name: Words }, closed), { minItems: 6, maxItems: 6 }),
  items: Type.Array(ComplianceItem, { minItems: 80 }),
}, closed);
export type ComplianceFile = Static<typeof ComplianceFile>;

export const ComplianceStatus = Type.Union([Type.Literal('met'), Type.Literal('partly'), Type.Literal('na'), Type.Literal('pending')], { description: '结论' });
export type ComplianceStatus = Static<typeof ComplianceStatus>;

const Code = Type.String({ pattern: '^[A-Z]{2}-\\d{2}$', description: '条目编号' });

export const ComplianceList = Type.Object({
  source: Type.Optional(ComplianceSource), status: Type.Optional(ComplianceStatus),
  kind: Type.Optional(Type.Union([Type.Literal('probe'), Type.Literal('manual')], { description: '取证方式' })),
}, { $id: 'compliance.list', ...closed });
export type ComplianceList = Static<typeof ComplianceList>;

const entry = {
  code: Code, status: ComplianceStatus,
  evidenceRef: Type.String({ minLength: 2, maxLength: 100, description: '证据编号或名称' }),
  note: Type.String({ minLength: 2, maxLength: 500, description: '说明' }),
  checkedOn: Type.String({ format: 'date', description: '核查日期' }),
};
/** The very text that would be signed. Changes nothing. */
export const CompliancePreview = Type.Object(entry, { $id: 'compliance.preview', ...closed });
export type CompliancePreview = Static<typeof CompliancePreview>;

/** 人工核查登记. */
export const ComplianceEnter = Type.Object({
  ...entry, signature: Type.String({ pattern: '^[A-Za-z0-9_-]{80,120}$', description: 'SM2 签名，DER，base64url' }),
}, { $id: 'compliance.enter', ...closed });
export type ComplianceEnter = Static<typeof ComplianceEnter>;

/** 系统审查登记 (实施条例第三十三条). */
export const AccreditationRegister = Type.Object({
  assessOrg: Type.String({ minLength: 2, maxLength: 100, description: '检测评估机构' }),
  reportNo: Type.String({ minLength: 2, maxLength: 60, description: '检测评估报告编号' }),
  approvalNo: Type.String({ minLength: 2, maxLength: 60, description: '审查批准文号' }),
  validTo: Type.String({ format: 'date', description: '有效期至' }),
}, { $id: 'accreditation.register', ...closed });
export type AccreditationRegister = Static<typeof AccreditationRegister>;
