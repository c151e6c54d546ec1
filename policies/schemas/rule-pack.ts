import { Type, type Static } from '@sinclair/typebox';
import { TestItems } from './test-items.js';

const closed = { additionalProperties: false };
const Version = Type.String({ pattern: '^[0-9A-Za-z][0-9A-Za-z.-]{0,39}$', description: '规则包版本' });
const Content = Type.Object({ ...TestItems.properties, version: Version }, { ...closed, description: '规则包内容' });

export const RulePackList = Type.Object({}, { ...closed, $id: 'rulepack.list' });
export type RulePackList = Static<typeof RulePackList>;

export const RulePackShow = Type.Object({ version: Version, against: Type.Optional(Version) }, { ...closed, $id: 'rulepack.show' });
export type RulePackShow = Static<typeof RulePackShow>;

export const RulePackPreview = Type.Object({ content: Content }, { ...closed, $id: 'rulepack.preview' });
export type RulePackPreview = Static<typeof RulePackPreview>;

export const RulePackEnter = Type.Object({ content: Content, signature: Type.String({ pattern: '^[A-Za-z0-9_-]{80,200}$', description: '签名' }) }, { ...closed, $id: 'rulepack.enter' });
export type RulePackEnter = Static<typeof RulePackEnter>;

export const RulePackActivate = Type.Object({ version: Version }, { ...closed, $id: 'rulepack.activate' });
export type RulePackActivate = Static<typeof RulePackActivate>;
