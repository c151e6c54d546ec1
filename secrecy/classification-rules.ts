import { ArchiveError } from '../core/errors.js';
import type { CalendarDate } from '../core/ports.js';
import type { ClassAuthority, DeriveReason, MarkingFile, UnitAuthority } from '../policies/schemas/secrecy.js';
import { highest, isSecret, type Level, type SecretLevel } from './level.js';
import { requireScope, union, type Scope } from './scope.js';
import { checkTerm, type Term } from './term.js';
import { rollUp, type RollUpItem } from './roll-up.js';

export type MarkingPolicy = MarkingFile;

/** A classified matter that another is derived from, as it stood when it was used. */
export interface Source extends RollUpItem {
  readonly level: SecretLevel;
  readonly term: Term;
  readonly startOn: CalendarDate | null;
  readonly scope: Scope;
}

/** What is to be decided: the body of 国家秘密确定审批表 (国家秘密定密管理规定(2014)第二十一条). */
export interface Proposal {
  readonly id: string;
  /** 同一事项: several records or carriers of one matter count once. */
  readonly matterId: string;
  readonly recordIds: readonly string[];
  /** 原始 / 派生 / 来文沿用. */
  readonly type: 'original' | 'derived' | 'inherited';
  readonly originOrg: string;
  readonly level: SecretLevel;
  readonly term: Term;
  /** 起算日: date of issue, or of the written notice. */
  readonly startOn: CalendarDate | null;
  readonly scope: Scope;
  /** 密点. */
  readonly points: readonly string[];
  /** 保密事项范围条目号; for inherited marks the document that brought them. */
  readonly basis: string | null;
  /** 《国家秘密事项一览表》条目. */
  readonly scheduleItem: string | null;
  readonly sources: readonly Source[];
  readonly deriveReason: DeriveReason | null;
  /** 密点依据, where a derived level or period differs from its sources. */
  readonly pointBasis: string | null;
  readonly scopeSaysLongTerm: boolean;
  readonly exceptionBasis: string | null;
}

/**
 * 定密权限、依据、期限上限、派生一致、系统等级: what a proposal satisfies before anybody signs it.
 * @throws ArchiveError `E_INPUT_INVALID`, `E_CLS_OVER_SYSTEM_LEVEL`, `E_CLS_MARK_ON_NON_SECRET`, `E_CLS_BASIS_REQUIRED`,
 * `E_CLS_DERIVE_SOURCE_REQUIRED`, `E_CLS_PERIOD_EXCEEDS_MAX`, `E_CLS_SCOPE_REQUIRED`
 */
export function checkProposal(proposal: Proposal, systemLevel: Level, unit: UnitAuthority, policy: MarkingPolicy): Proposal {
  const { level, type } = proposal;
  if (!isSecret(level)) throw new ArchiveError('E_CLS_MARK_ON_NON_SECRET', { level });
  if (level > systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level, systemLevel });
  if (proposal.recordIds.length === 0 || new Set(proposal.recordIds).size !== proposal.recordIds.length) throw new ArchiveError('E_INPUT_INVALID', { rule: 'recordIds' }, [{ at: '/recordIds', message: '请选定一件或多件，且不得重复' }]);
  if (type === 'derived') checkDerived(proposal, policy);
  else if (proposal.basis === null || proposal.basis.trim() === '') throw new ArchiveError('E_CLS_BASIS_REQUIRED', { id: proposal.id }, [{ at: '/basis', message: type === 'original' ? '请选择保密事项范围条目' : '请填写来文文号' }]);
  if (type === 'inherited' && proposal.originOrg === unit.org) throw new ArchiveError('E_INPUT_INVALID', { rule: 'inherited' }, [{ at: '/originOrg', message: '来文沿用的，原定密机关不是本单位' }]);
  if (type === 'original' && proposal.originOrg !== unit.org) throw new ArchiveError('E_CLS_NOT_ORIGIN', { id: proposal.id });
  const term = checkTerm(proposal, policy);
  requireScope(level, proposal.scope);
  return { ...proposal, term };
}

/** 派生: sources, one of the four reasons, level and term as the sources' unless the points say otherwise. @see 实施条例(2024)第十八条 */
function checkDerived(proposal: Proposal, policy: MarkingPolicy): void {
  const { sources, deriveReason, pointBasis } = proposal;
  if (sources.length === 0) throw new ArchiveError('E_CLS_DERIVE_SOURCE_REQUIRED', { id: proposal.id }, [{ at: '/sources', message: '请选定来源事项' }]);
  if (deriveReason === null || !policy.deriveReasons.some(({ key }) => key === deriveReason)) throw new ArchiveError('E_CLS_DERIVE_SOURCE_REQUIRED', { id: proposal.id }, [{ at: '/deriveReason', message: '请选择派生情形' }]);
  const wanted = derivedFrom(sources);
  const differs = [
    ...(proposal.level === wanted.level ? [] : ['level']),
    ...(JSON.stringify(proposal.term) === JSON.stringify(wanted.term) && proposal.startOn === wanted.startOn ? [] : ['term']),
  ];
  if (differs.length > 0 && (pointBasis === null || pointBasis.trim() === '')) {
    throw new ArchiveError('E_CLS_DERIVE_SOURCE_REQUIRED', { id: proposal.id, differs }, differs.map((name) => ({ at: `/${name}`, message: '与来源不一致，请改为一致或填写密点依据' })));
  }
}

export interface Derived { readonly level: SecretLevel; readonly term: Term; readonly startOn: CalendarDate | null; readonly scope: Scope }

/** What several sources make together: highest level, longest term, union of scopes (本产品决定). @throws ArchiveError `E_CLS_DERIVE_SOURCE_REQUIRED` */
export function derivedFrom(sources: readonly Source[]): Derived {
  const longest = rollUp(sources).termBy;
  const source = sources.find(({ id }) => id === longest);
  if (source === undefined) throw new ArchiveError('E_CLS_DERIVE_SOURCE_REQUIRED', {});
  return { level: highest(sources.map(({ level }) => level)) as SecretLevel, term: source.term, startOn: source.startOn, scope: union(sources.map(({ scope }) => scope)) };
}

/** 本单位原始定密权限 on a day: its own, and what 定密授权 of others gives for the matters they name. */
export interface UnitCaps extends UnitAuthority { readonly granted?: readonly Pick<Authorisation, 'maxLevel' | 'matterScope' | 'docNo'>[] }
/** 定密授权. @see 实施条例(2024)第十六条 */
export interface Authorisation {
  readonly id: string;
  readonly fromOrg: string;
  readonly maxLevel: SecretLevel;
  readonly matterScope: readonly string[];
  readonly basis: string;
  readonly validFrom: CalendarDate;
  readonly validTo: CalendarDate;
  readonly docNo: string;
  readonly revoked: { readonly on: CalendarDate; readonly docNo: string } | null;
}
export const isValid = (one: Authorisation, on: CalendarDate): boolean => one.validFrom <= on && on <= one.validTo && (one.revoked === null || on < one.revoked.on);

/** The highest level the unit may decide for a matter; without a basis, for any. @see 保密法(2024)第十七条;实施条例(2024)第十六条 */
export function originalCap(unit: UnitCaps, basis: string | null): SecretLevel | null {
  const granted = (unit.granted ?? []).filter(({ matterScope }) => basis === null || matterScope.includes('*') || matterScope.includes(basis)).map(({ maxLevel }) => maxLevel);
  const caps: SecretLevel[] = [...(unit.maxOriginalLevel === null ? [] : [unit.maxOriginalLevel]), ...granted];
  return caps.length === 0 ? null : (highest(caps) as SecretLevel);
}

/**
 * Rule 1: an original mark stays within the caps of unit and person; derived and inherited marks are not bound by level, but the
 * person must still be a 定密责任人 in office.
 * @throws ArchiveError `E_CLS_AUTHORITY_EXCEEDED`
 * @see 保密法(2024)第十七、十八条;实施条例(2024)第十四、十六条
 */
export function checkAuthority(proposal: Pick<Proposal, 'id' | 'type' | 'level' | 'basis'>, authority: ClassAuthority, unit: UnitCaps, today: CalendarDate): void {
  const exceeded = (why: string) => new ArchiveError('E_CLS_AUTHORITY_EXCEEDED', { id: proposal.id, why });
  if (today < authority.grantedOn || (authority.expiresOn !== null && today > authority.expiresOn)) throw exceeded('not in office');
  if (proposal.type !== 'original') return;
  const cap = originalCap(unit, proposal.basis);
  if (cap === null || proposal.level > cap) throw exceeded('unit');
  if (proposal.level > authority.maxLevel) throw exceeded('person');
  if (!authority.matterScope.includes('*') && (proposal.basis === null || !authority.matterScope.includes(proposal.basis))) throw exceeded('matter');
}

/**
 * Rule 16 原定密机关: another body's mark is changed, extended or lifted only on its decision (or its superior's).
 * @throws ArchiveError `E_CLS_NOT_ORIGIN`
 * @see 保密法(2024)第二十三、二十四条
 */
export function checkOrigin(originOrg: string, unit: UnitAuthority, noticeNo: string | null): void {
  if (originOrg !== unit.org && (noticeNo === null || noticeNo.trim() === '')) throw new ArchiveError('E_CLS_NOT_ORIGIN', { originOrg });
}
