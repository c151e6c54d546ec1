import { Type, type Static } from '@sinclair/typebox';

const closed = { additionalProperties: false } as const;

/** 后台校验的暂停与继续 */
export const BindingPause = Type.Object({ paused: Type.Boolean({ description: '真为暂停,假为继续' }) }, { $id: 'binding.pause', ...closed });
export type BindingPause = Static<typeof BindingPause>;
