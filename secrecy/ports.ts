import type { Holdings, ListScope, Page, Paged } from '../core/holdings.js';
import type { CalendarDate, Instant, Target, TargetScope } from '../core/ports.js';
import type { ClassAuthority, UnitAuthority } from '../policies/schemas/secrecy.js';
import type { Approval } from './approval.js';
import type { Authorisation } from './classification-rules.js';
import type { Classification } from './classification-state.js';
import type { Level } from './level.js';
import type { MarkingCase } from './marking-case.js';
import type { Notice } from './marking-notice.js';
import type { Ordinary } from './ordinary.js';

/** What guards a record. */
export interface Protection {
  readonly level: Level;
  readonly scope: TargetScope;
  readonly mark: string | null;
  readonly classificationId: string | null;
  /** 保密期限 as text (M39); `null`: none. */
  readonly secrecyPeriod: string | null;
}

/** How a record stood before somebody proposed a level for it: what a rejection gives back. */
export interface Before extends Protection { readonly record: string }

/** A matter put before a 定密责任人: a state secret in any of its states, or the finding that it is none. */
export type Matter = Classification | Ordinary;

/** A matter as it rests: the union whole and sealed, and what lists and decisions go by. */
export interface StoredMatter {
  readonly it: Matter;
  /** Under which the row is sealed and shown: never below what the matter or a record of it is guarded by. */
  readonly level: Level;
  readonly fonds: string;
  readonly department: string;
  /** Who may see the matter itself: its 知悉范围, who drew it up and who decides it. */
  readonly scope: TargetScope;
  readonly before: readonly Before[];
  readonly proposedAt: Instant;
  readonly decidedAt: Instant | null;
  readonly version: number;
}

export type DueKind = 'expiring' | 'expired' | 'review' | 'source_changed' | 'copies' | 'report' | 'notice';
/** One line of the desk. `ref`: the task or notice it is about. */
export interface DueLine { readonly kind: DueKind; readonly classification: string; readonly dueOn: CalendarDate; readonly ref: string | null }

export interface MatterRepository {
  get(id: string): Promise<StoredMatter | undefined>;
  add(matter: StoredMatter): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(matter: StoredMatter, seenVersion: number): Promise<void>;
  /** `notBy`: leaves out what this person drew up. */
  list(visible: ListScope, filter: { readonly states: readonly string[] | null; readonly notBy: string | null }, page: Page): Promise<Paged<StoredMatter>>;
  ofRecord(record: string): Promise<readonly StoredMatter[]>;
  hasWrittenRecord(no: string): Promise<boolean>;
  /** Decisions entered in a year with a written record, for the next number. */
  countWritten(year: string): Promise<number>;
  /** Ids of matters whose day has come: still in force, though the secrecy (`end`) or the year of review (`review`) is over. */
  due(what: 'end' | 'review', today: CalendarDate, limit: number): Promise<readonly string[]>;
  /** 到期台, soonest first; `until` bounds what lies ahead. Counts are of every kind within `until`. */
  expiring(visible: ListScope, filter: { readonly kind: DueKind | null; readonly until: CalendarDate; readonly today: CalendarDate }, page: Page): Promise<Paged<DueLine> & { readonly counts: Readonly<Record<DueKind, number>> }>;
  /** Every matter of the box, for statistics. */
  every(): AsyncIterable<StoredMatter>;
  /** Matters derived from this one. */
  derivedFrom(source: string): Promise<readonly StoredMatter[]>;
}

/** 变更、延长、审核表 as it rests. */
export interface StoredCase {
  readonly it: MarkingCase;
  /** Never below the matter's, nor below the level it asks for. */
  readonly level: Level;
  readonly decidedAt: Instant | null;
  readonly version: number;
}

export interface CaseRepository {
  get(id: string): Promise<StoredCase | undefined>;
  add(stored: StoredCase): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(stored: StoredCase, seenVersion: number): Promise<void>;
  /** `visible` is over the matters. */
  list(visible: ListScope, filter: { readonly states: readonly string[] | null; readonly classification: string | null; readonly notBy: string | null }, page: Page): Promise<Paged<StoredCase>>;
  ofMatter(classification: string): Promise<readonly StoredCase[]>;
  /** Decided in a year, the days around it included. */
  decidedIn(year: number): Promise<readonly StoredCase[]>;
  /** The one under way; a matter has at most one. */
  openOf(classification: string): Promise<StoredCase | undefined>;
  numbered(no: string): Promise<boolean>;
  /** Decisions numbered under a prefix (`密更〔2026〕`). */
  countDecided(prefix: string): Promise<number>;
}

/** What a change leaves for somebody to do. `cause`: the source that changed, or the form that raised the level. */
export interface StoredTask {
  readonly id: string;
  readonly kind: 'source_changed' | 'copies';
  readonly classification: string;
  readonly cause: string;
  readonly openedAt: Instant;
  readonly closedAt: Instant | null;
  readonly closedBy: string | null;
}

export interface TaskRepository {
  get(id: string): Promise<StoredTask | undefined>;
  add(task: StoredTask): Promise<void>;
  close(id: string, at: Instant, by: string): Promise<void>;
  openOf(classification: string): Promise<readonly StoredTask[]>;
}

export interface StoredNotice { readonly it: Notice; readonly version: number }

export interface NoticeRepository {
  get(id: string): Promise<StoredNotice | undefined>;
  add(stored: StoredNotice): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(stored: StoredNotice, seenVersion: number): Promise<void>;
  list(visible: ListScope, filter: { readonly classification: string | null; readonly markingCase: string | null; readonly open: boolean | null }, page: Page): Promise<Paged<StoredNotice>>;
  /** Numbered under a prefix (`密通〔2026〕`). */
  countIn(prefix: string): Promise<number>;
}

/** An entry of the 名单. `ended`: why it ended before its day. */
export interface HeldAuthority extends ClassAuthority { readonly id: string; readonly version: number; readonly ended: string | null }
export interface StoredAuthorisation { readonly it: Authorisation; readonly version: number }

export interface AuthorityRepository {
  /** 本单位定密权限; none where the unit has not entered it. */
  unit(): Promise<UnitAuthority | undefined>;
  setUnit(unit: UnitAuthority): Promise<void>;
  /** 定密责任人名单, past ones included. */
  all(): Promise<readonly HeldAuthority[]>;
  /** The last day in office, that day included. @throws ArchiveError E_STALE_VERSION */
  end(id: string, on: CalendarDate, reason: string, seenVersion: number): Promise<void>;
  /** 定密授权, past and revoked ones included. */
  authorisations(): Promise<readonly StoredAuthorisation[]>;
  authorise(it: Authorisation): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  saveAuthorisation(it: Authorisation, seenVersion: number): Promise<void>;
  add(id: string, authority: ClassAuthority): Promise<void>;
}

/** A person as marking sees one: who signs, and how far cleared. */
export interface Officer {
  readonly id: string;
  readonly name: string;
  readonly department: string;
  readonly status: string;
  readonly clearance: Level;
  readonly clearanceUntil: CalendarDate | null;
  /** PEM */
  readonly certificate: string | null;
  readonly certificateSerial: string | null;
  readonly token: string | null;
}

export interface OfficerRepository {
  get(id: string): Promise<Officer | undefined>;
  departments(): Promise<readonly { readonly id: string; readonly name: string }[]>;
}

/** An approval as it rests, with what decides who may see and sign it. */
export interface StoredApproval {
  readonly it: Approval;
  /** Of what is decided: a session below it does not see the approval. */
  readonly level: Level;
  /** Where the signers must hold their duty; `null`: anywhere. */
  readonly fonds: string | null;
  /** 事项所指的人: whoever the matter is about does not sign it. */
  readonly about: readonly string[];
  /** Certificates of the signers as they were, PEM by serial: signatures are checked with them for ever. */
  readonly certificates: Readonly<Record<string, string>>;
  readonly version: number;
}

export interface ApprovalRepository {
  get(id: string): Promise<StoredApproval | undefined>;
  add(approval: StoredApproval): Promise<void>;
  /** @throws ArchiveError E_STALE_VERSION */
  save(approval: StoredApproval, seenVersion: number): Promise<void>;
  /** The newest first. */
  ofObject(act: string, object: string, states: readonly Approval['state'][]): Promise<readonly StoredApproval[]>;
  list(filter: { readonly states: readonly Approval['state'][]; readonly ceiling: Level; readonly requestedBy: string | null; readonly limit: number }): Promise<readonly StoredApproval[]>;
  /** Open ones past their limit. */
  overdue(at: Instant): Promise<readonly StoredApproval[]>;
}

/** What asking for and using an approval needs of a unit of work. */
export interface ApprovalTx {
  readonly approvals: ApprovalRepository;
  readonly people: Pick<OfficerRepository, 'get'>;
}

export interface SecrecyTx extends Holdings {
  readonly approvals: ApprovalRepository;
  readonly matters: MatterRepository;
  readonly cases: CaseRepository;
  readonly tasks: TaskRepository;
  readonly notices: NoticeRepository;
  readonly authorities: AuthorityRepository;
  readonly people: OfficerRepository;
  /** 移交台账: who outside the unit holds copies of these records, by name. */
  readonly holders: { of(records: readonly string[]): Promise<readonly string[]> };
}

/** The matter as decisions see it; whoever drew it up does not decide it. */
export function matterTarget(matter: StoredMatter): Target {
  const { it } = matter;
  return {
    type: 'classification', id: it.id, fonds: matter.fonds, level: matter.level, state: it.state, department: matter.department, scope: matter.scope,
    owner: it.proposer.person, drafter: it.proposer,
  };
}

/** A form as decisions see it: through its matter; whoever drew the form up does not decide it. */
export const caseTarget = (matter: StoredMatter, it: MarkingCase): Target => ({ ...matterTarget(matter), state: it.state, drafter: it.proposer });
