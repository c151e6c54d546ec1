import type { CalendarDate, Instant, Level } from '../../core/ports.js';

/** 系统审查登记. */
export interface Accreditation { readonly assessOrg: string; readonly reportNo: string; readonly approvalNo: string; readonly validTo: CalendarDate }

/** A background or manual check as the ledger tells it. */
export interface LastCheck { readonly at: Instant; readonly ok: boolean; readonly seq: number }

/**
 * What the probes judge: gathered once from rows, policies and the running box, and nothing else. Counts and dates, never titles or names.
 * `null` is "this box cannot know": a probe must not read it as good.
 */
export interface Facts {
  readonly now: Instant;
  readonly today: CalendarDate;
  readonly systemLevel: Level;
  readonly rehearsal: boolean;
  readonly unit: boolean;
  readonly accreditation: Accreditation | null;

  /** Files of the three tables: schemes, lines of the schedule, its approval number. */
  readonly tables: { readonly schemes: number; readonly scheduleItems: number; readonly scopeItems: number; readonly approvalNo: string | null };
  readonly access: {
    readonly rows: number;
    /** Acts that no row allows anyone; acts that write and an inspector may do. */
    readonly inspectorWrites: number;
    /** Allow rows of reading that ask neither for level nor for 知悉范围; of writing records that do not ask for the level. */
    readonly unboundReads: number;
    readonly unboundWrites: number;
    readonly conflicts: number;
  };
  /** Active people in force of each duty. */
  readonly duties: Readonly<Record<string, number>>;
  readonly conflictsFound: number;
  readonly grants: { readonly live: number; readonly overdue: number; readonly unreasoned: number; readonly openEndedOffices: number; readonly ofDisabled: number };
  readonly accounts: {
    readonly active: number; readonly withoutCertificate: number; readonly expiredCertificates: number; readonly sharedTokens: number; readonly passwordOverdue: number; readonly unused: number; readonly guessable: number;
    readonly sessionsOfDisabled: number;
  };
  readonly cleared: { readonly people: number; readonly withoutCategory: number; readonly withoutCommitment: number; readonly lapsed: number };
  /** 涉密人员登记; null where the box keeps no such register. */
  readonly personnel: { readonly registered: number; readonly unregistered: number; readonly untrained: number } | null;
  readonly terminals: { readonly registered: number; readonly required: boolean } | null;
  readonly pack: { readonly minLength: number; readonly maxAgeDays: number; readonly maxFailures: number; readonly idleMinutes: number; readonly absoluteMinutes: number; readonly tokenRequired: boolean };

  readonly ledger: {
    readonly size: number; readonly actions: number; readonly incomplete: number;
    readonly verified: LastCheck | null; readonly fsck: LastCheck | null; readonly selfTest: LastCheck | null;
    readonly checkpoint: { readonly size: number; readonly at: Instant } | null;
  };
  readonly rest: { readonly rows: number; readonly plainRows: number; readonly objects: number; readonly plainObjects: number; readonly secureDelete: boolean };
  readonly keys: { readonly unlocked: boolean; readonly epoch: number; readonly epochMadeAt: Instant | null; readonly holders: number; readonly threshold: number; readonly openCeremonies: number; readonly ceremonies: number; readonly orders: number };
  readonly selfTest: { readonly passed: boolean; readonly tests: number; readonly wiping: boolean };
  readonly tls: { readonly minVersion: string; readonly until: Instant | null; readonly national: boolean };
  readonly inputs: { readonly routes: number; readonly unchecked: number };

  readonly records: {
    readonly filed: number; readonly stateWrong: number; readonly overdueFiling: number; readonly overdueTransfer: number; readonly withoutDigest: number; readonly unarranged: number;
    readonly badFiles: number; readonly gaps: number; readonly uninspected: number; readonly aboveSystem: number; readonly virusLibraryOn: CalendarDate | null;
  };
  readonly marks: {
    readonly secrets: number; readonly unmarked: number; readonly unscoped: number; readonly overdueTerms: number; readonly withoutWrittenRecord: number; readonly authorities: number; readonly expiredAuthorities: number;
    /** 标志绑定; null where no round ever ran. */
    readonly binding: { readonly faults: number; readonly finishedAt: Instant | null } | null;
    readonly readAbove: number; readonly knowledge: number | null;
  };
  readonly reads: { readonly count: number; readonly untraced: number };
  readonly approvals: { readonly done: number; readonly unsigned: number };
  readonly alarms: { readonly open: number; readonly rules: number } | null;
  readonly backup: LastCheck | null;
  readonly drill: LastCheck | null;
  /** Policy digests as the last R11 printed them, and as they are. */
  readonly policies: { readonly listed: number; readonly changed: number } | null;
}
