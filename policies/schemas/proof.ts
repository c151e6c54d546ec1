import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false } as const;
const Words = (description: string, maxLength = 300, minLength = 2) => Type.String({ minLength, maxLength, description });
const Id = (description: string) => Type.String({ format: 'uuid', description });

/** 出证: a certified copy of one computer file. */
export const CertificateIssue = Type.Object({ file: Id('文件'), issuedTo: Words('出具给', 200), purpose: Words('用途') }, { $id: 'certificate.issue', ...closed });
export type CertificateIssue = Static<typeof CertificateIssue>;
export const CertificateList = Type.Object({ ...paging, record: Type.Optional(Id('档案')), no: Type.Optional(Type.String({ minLength: 4, maxLength: 30, description: '证书编号' })) }, { $id: 'certificate.list', ...closed });
export type CertificateList = Static<typeof CertificateList>;

/** 三要素核验单 (办法第五条): what makes an electronic file the only one that is kept. */
const Element = Type.Object({ met: Type.Boolean({ description: '是否满足' }), evidence: Words('证据', 500) }, closed);
export const SingleSetShow = Type.Object({ batch: Id('收集批次') }, { $id: 'eligibility.show', ...closed });
export type SingleSetShow = Static<typeof SingleSetShow>;
export const SingleSetSubmit = Type.Object({
  batch: Id('收集批次'), electronicOnly: Type.Boolean({ description: '只以电子形式归档移交' }), sourceReliable: Element, procedureCompliant: Element, elementsCompliant: Element,
  paperRequiredBasis: Type.Optional(Words('须有传统载体的法律、行政法规依据', 300)), seenVersion: Type.Integer({ minimum: 0, description: '页面上所见的版本；尚未提交为 0' }),
}, { $id: 'eligibility.submit', ...closed });
export type SingleSetSubmit = Static<typeof SingleSetSubmit>;
export const SingleSetReview = Type.Object({ batch: Id('收集批次'), verdict: Type.Union([Type.Literal('approve'), Type.Literal('return')], { description: '同意、退回' }), opinion: Words('审核意见'), seenVersion: Type.Integer({ minimum: 1, description: '页面上所见的版本' }) }, { $id: 'eligibility.review', ...closed });
export type SingleSetReview = Static<typeof SingleSetReview>;
