import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';
import { paging } from './person.js';
import { UseChannel } from './use.js';

const closed = { additionalProperties: false } as const;
const text = Type.String({ minLength: 1 });
const texts = Type.Array(text, { minItems: 1, uniqueItems: true });
const Words = (description: string, maxLength = 500, minLength = 2) => Type.String({ minLength, maxLength, description });
const Id = (description: string) => Type.String({ format: 'uuid', description });
const Records = (maxItems: number) => Type.Array(Id('档案'), { minItems: 1, maxItems, uniqueItems: true, description: '所收档案' });
const Seen = Type.Integer({ minimum: 1, description: '页面上所见的版本' });

/** `policies/suggestions.json` */
export const SuggestionRules = Type.Object({
  id: Type.Literal('suggestions'), version: text, title: text, source: texts,
  minTitles: Type.Integer({ minimum: 2, maximum: 100, description: '题名中出现几件以上才建议' }), maxTitles: Type.Integer({ minimum: 10, maximum: 2000 }), maxTerms: Type.Integer({ minimum: 1, maximum: 50 }),
  dictionary: texts, stopWords: texts, placeEndings: texts, personTitles: texts, surnames: text,
}, { $id: 'policies.suggestions', ...closed });
export type SuggestionRules = Static<typeof SuggestionRules>;

export const CompilationKind = Type.Union([Type.Literal('compilation'), Type.Literal('topic')], { description: '编研成果、专题' });
export const TermKind = Type.Union([Type.Literal('keyword'), Type.Literal('person'), Type.Literal('place')], { description: '主题词、人名、地名' });

export const CompilationList = Type.Object({ ...paging, kind: Type.Optional(CompilationKind) }, { $id: 'compilation.list', ...closed });
export type CompilationList = Static<typeof CompilationList>;
export const CompilationShow = Type.Object({ compilation: Id('编研、专题') }, { $id: 'compilation.show', ...closed });
export type CompilationShow = Static<typeof CompilationShow>;
export const CompilationOpen = Type.Object({ kind: CompilationKind, title: Words('题名', 200), note: Type.Optional(Words('说明', 1000)), records: Records(500) }, { $id: 'compilation.open', ...closed });
export type CompilationOpen = Static<typeof CompilationOpen>;
export const CompilationAdd = Type.Object({ compilation: Id('编研、专题'), records: Records(500), seenVersion: Seen }, { $id: 'compilation.add', ...closed });
export type CompilationAdd = Static<typeof CompilationAdd>;
export const CompilationRemove = Type.Object({ compilation: Id('编研、专题'), record: Id('档案'), seenVersion: Seen }, { $id: 'compilation.remove', ...closed });
export type CompilationRemove = Static<typeof CompilationRemove>;
export const CompilationRegister = Type.Object({ compilation: Id('编研、专题'), mark: Type.Optional(Words('国家秘密标志', 60)), seenVersion: Seen }, { $id: 'compilation.register', ...closed });
export type CompilationRegister = Static<typeof CompilationRegister>;

export const SuggestionList = Type.Object({ record: Id('档案') }, { $id: 'suggestion.list', ...closed });
export type SuggestionList = Static<typeof SuggestionList>;
export const SuggestionTopics = Type.Object({}, { $id: 'suggestion.topics', ...closed });
export type SuggestionTopics = Static<typeof SuggestionTopics>;
export const SuggestionSettle = Type.Object({ record: Id('档案'), kind: TermKind, term: Words('词', 40, 1), accepted: Type.Boolean({ description: '采纳、不采纳' }) }, { $id: 'suggestion.settle', ...closed });
export type SuggestionSettle = Static<typeof SuggestionSettle>;

/** 目录共享包: of records named, or of a year or category. */
export const ShareExport = Type.Object({
  channel: UseChannel, receiver: Words('提供给', 200), records: Type.Optional(Records(2000)), archivalYear: Type.Optional(Type.Integer({ minimum: 1900, maximum: 2999, description: '年度' })), categoryCode: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', description: '门类' })),
}, { $id: 'share.export', ...closed });
export type ShareExport = Static<typeof ShareExport>;
export const ShareList = Type.Object({ ...paging }, { $id: 'share.list', ...closed });
export type ShareList = Static<typeof ShareList>;
