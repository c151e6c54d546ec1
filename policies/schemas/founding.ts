import { Type } from '@sinclair/typebox';
import type { Static } from '@sinclair/typebox';

const closed = { additionalProperties: false };
const Level = Type.Integer({ minimum: 0, maximum: 4, description: '密级序：0 公开、1 内部、2 秘密、3 机密、4 绝密' });

/** One of the first people. No PIN and no password: those come from the terminal or the environment, never from a file. */
export const FoundingPerson = Type.Object({
  account: Type.String({ pattern: '^[a-z][a-z0-9._-]{1,39}$', description: '账号' }),
  name: Type.String({ minLength: 1, maxLength: 40, description: '姓名' }),
  position: Type.String({ minLength: 1, maxLength: 60, description: '职务' }),
  department: Type.String({ minLength: 1, maxLength: 40, description: '部门' }),
  clearance: Level,
  category: Type.Optional(Type.Union([Type.Literal('core'), Type.Literal('important'), Type.Literal('general')], { description: '涉密人员类别' })),
  commitmentNo: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: '保密承诺书编号' })),
  clearanceUntil: Type.Optional(Type.String({ format: 'date', description: '涉密资格有效期至' })),
  duties: Type.Array(Type.String({ pattern: '^[a-z_]{1,30}$', description: '岗位' }), { minItems: 1, maxItems: 8, uniqueItems: true }),
}, closed);

/** 初始化方案: `npx shouzang init --plan FILE.json`. Whoever holds a duty of the three officers (三员) holds a share of the root key. */
export const FoundingPlanFile = Type.Object({
  unitName: Type.String({ minLength: 1, maxLength: 100, description: '单位名称' }),
  orgType: Type.String({ pattern: '^[a-z_]{1,30}$', description: '单位性质' }),
  mode: Type.Union([Type.Literal('unit'), Type.Literal('repository')], { description: '立档单位或档案馆' }),
  systemLevel: Type.Integer({ minimum: 1, maximum: 4, description: '系统保护等级' }),
  fonds: Type.Array(Type.Object({
    fonds: Type.String({ pattern: '^[A-Z]\\d{3}$', description: '全宗号' }),
    name: Type.String({ minLength: 1, maxLength: 100, description: '全宗名称' }),
    codeProfile: Type.String({ minLength: 1, maxLength: 40, description: '档号样式' }),
    schemeId: Type.String({ minLength: 1, maxLength: 40, description: '分类方案' }),
    separateClassifiedSequence: Type.Boolean({ description: '涉密件单独编号' }),
  }, closed), { minItems: 1, maxItems: 50 }),
  departments: Type.Array(Type.Object({
    id: Type.String({ pattern: '^[A-Z0-9]{1,12}$', description: '部门代码' }),
    name: Type.String({ minLength: 1, maxLength: 60, description: '部门名称' }),
  }, closed), { minItems: 1, maxItems: 200 }),
  people: Type.Array(FoundingPerson, { minItems: 3, maxItems: 200 }),
  /** 定密权限: what the unit may classify by itself, and who decides it. */
  marking: Type.Object({
    maxOriginalLevel: Type.Union([Type.Integer({ minimum: 2, maximum: 4 }), Type.Null()], { description: '本单位原始定密权限，没有填空值' }),
    source: Type.String({ minLength: 1, maxLength: 200, description: '定密权限来源' }),
    authorities: Type.Array(Type.Object({
      account: Type.String({ minLength: 1, maxLength: 40, description: '定密责任人账号' }),
      kind: Type.Union([Type.Literal('statutory'), Type.Literal('designated')], { description: '法定或指定' }),
      maxLevel: Type.Integer({ minimum: 2, maximum: 4, description: '最高密级' }),
      matterScope: Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { minItems: 1, maxItems: 100, uniqueItems: true, description: '定密事项范围，* 为全部' }),
      grantedBy: Type.String({ minLength: 1, maxLength: 200, description: '指定文号或依据' }),
      years: Type.Union([Type.Integer({ minimum: 1, maximum: 10 }), Type.Null()], { description: '任期（年），法定的填空值' }),
    }, closed), { maxItems: 50 }),
  }, closed),
}, { $id: 'founding.plan', ...closed });
export type FoundingPlanFile = Static<typeof FoundingPlanFile>;
