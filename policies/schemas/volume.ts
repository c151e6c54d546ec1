import { Type, type Static } from '@sinclair/typebox';
import { paging } from './person.js';

const closed = { additionalProperties: false };
const Volume = Type.String({ format: 'uuid', description: '案卷' });
const seenVersion = Type.Integer({ minimum: 1, description: '页面上所见的版本' });

export const VolumeList = Type.Object({ ...paging, state: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed')], { description: '状态' })) }, { ...closed, $id: 'volume.list' });
export type VolumeList = Static<typeof VolumeList>;
export const VolumeShow = Type.Object({ volume: Volume }, { ...closed, $id: 'volume.show' });
export type VolumeShow = Static<typeof VolumeShow>;

/** 立卷: what every item of it has in common, and its title (责任者—问题—文种). */
export const VolumeOpen = Type.Object({
  fonds: Type.String({ pattern: '^[A-Z]\\d{3}$', description: '全宗' }), department: Type.String({ pattern: '^[A-Z0-9]{1,12}$', description: '部门' }),
  categoryCode: Type.String({ pattern: '^[A-Z]{2}$', description: '门类' }), archivalYear: Type.Integer({ minimum: 1900, maximum: 2999, description: '年度' }),
  retentionCode: Type.String({ pattern: '^(Y|D[1-9]\\d{0,2})$', description: '保管期限' }), orgOrFunction: Type.Optional(Type.String({ minLength: 1, maxLength: 12, description: '机构（问题）' })),
  title: Type.String({ minLength: 2, maxLength: 500, description: '案卷题名' }),
}, { ...closed, $id: 'volume.open' });
export type VolumeOpen = Static<typeof VolumeOpen>;

/** The items in their order, whole: what is left out leaves the volume. Pages are counted from the files unless said. */
export const VolumeArrange = Type.Object({
  volume: Volume, seenVersion,
  items: Type.Array(Type.Object({ record: Type.String({ format: 'uuid', description: '件' }), pages: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: '页数' })) }, closed), { maxItems: 999 }),
}, { ...closed, $id: 'volume.arrange' });
export type VolumeArrange = Static<typeof VolumeArrange>;

/** 备考表 filled in and the 案卷号 given. */
export const VolumeClose = Type.Object({
  volume: Volume, seenVersion, note: Type.String({ minLength: 2, maxLength: 1000, description: '卷内情况说明' }), checker: Type.String({ format: 'uuid', description: '检查人' }),
}, { ...closed, $id: 'volume.close' });
export type VolumeClose = Static<typeof VolumeClose>;

export const VolumeReopen = Type.Object({ volume: Volume, seenVersion }, { ...closed, $id: 'volume.reopen' });
export type VolumeReopen = Static<typeof VolumeReopen>;

export const VolumePrint = Type.Object({ volume: Volume, paper: Type.Union([Type.Literal('cover'), Type.Literal('items'), Type.Literal('note')], { description: '案卷目录、卷内目录、备考表' }) }, { ...closed, $id: 'volume.print' });
export type VolumePrint = Static<typeof VolumePrint>;
