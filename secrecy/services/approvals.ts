import { ArchiveError } from '../../core/errors.js';
import { Temporal } from 'temporal-polyfill';
import type { Call, Clock, Ids, Instant, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { ApprovalList, ApprovalPreview, ApprovalRow, ApprovalsFile, ApprovalShow, ApprovalSign } from '../../policies/schemas/approval.js';
import { approvalFaults, carryOut, isOpen, lapse, request, requireGranted, sign, statement, type Approval, type Done, type Granted, type Refused, type Requested, type Seat, type Verdict } from '../approval.js';
import type { Level } from '../level.js';
import type { ApprovalTx, StoredApproval } from '../ports.js';
import { samePerson, type Holder } from '../separation.js';
import type { Json, Signature, VerifySignature } from '../signing.js';
import type { Subject } from '../subject.js';

/** What is put before the signers. */
export interface ApprovalAsk {
  /** `capability.verb` of `policies/approvals.json`. */
  readonly act: string;
  readonly object: string;
  /** All that the act will do, so that nothing else can be done under the approval. */
  readonly decided: Json;
  /** The same in words (中文): what a signer reads before signing. No title or name below `level`. */
  readonly words: readonly string[];
  /** Highest level of what the words tell; 0 unless given. */
  readonly level?: Level;
  /** Where the signers must hold their duty; anywhere unless given. */
  readonly fonds?: string;
  /** Persons the matter is about: they do not sign it. */
  readonly about?: readonly string[];
  /** Instead of the seats of the policy, for matters that name their own. */
  readonly seats?: readonly Seat[];
}

export interface ApprovalParts<W extends ApprovalTx & WriteTools, R extends ApprovalTx & ReadTools> {
  readonly store: UnitOfWork<W, R>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly policy: ApprovalsFile;
  readonly subjectOf: (call: Call) => Promise<Subject>;
  readonly dutyName: (duty: string) => string;
  readonly nameOf: (person: string) => Promise<string>;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  /** SM3 of a text, hex. */
  readonly digest: (text: string) => string;
}

/** Done in the same transaction as the last signature: what was decided is what is done. */
export type CarryOut<W> = (tx: W, call: Call, granted: Granted, decided: Json) => Promise<void>;

/** Whether the person may know of what the approval is about, where that is more than the duty of a seat. */
export type KnownBy<W, R> = (tx: W | R, call: Call, approval: StoredApproval) => Promise<boolean>;
/** Done in the same transaction as the signature that refuses. */
export type PutDown<W> = (tx: W, call: Call, refused: Refused, decided: Json) => Promise<void>;

/** Of lists: those who look further back search the ledger. */
const LISTED_AT_MOST = 2000;

/**
 * 审批: every act of several people goes through here. `request` puts a matter before its signers inside the asker's own unit of
 * work; the last signature carries it out where the act registered a `carries`, otherwise whoever does the act calls `require`.
 */
export function approvalService<W extends ApprovalTx & WriteTools, R extends ApprovalTx & ReadTools>(parts: ApprovalParts<W, R>) {
  const { store, clock, ids } = parts;
  const rows = new Map<string, ApprovalRow>(parts.policy.approvals.map((row) => [row.act, row]));
  const carriers = new Map<string, CarryOut<W>>();
  const knowers = new Map<string, KnownBy<W, R>>();
  const refusers = new Map<string, PutDown<W>>();

  const rowOf = (act: string): ApprovalRow => {
    const row = rows.get(act);
    if (row === undefined) throw new ArchiveError('E_POLICY_INVALID', { act }, [{ at: 'approvals.json', message: `没有审批事项「${act}」` }]);
    return row;
  };

  async function holderOf(tx: ApprovalTx, person: string): Promise<Holder> {
    const token = (await tx.people.get(person))?.token ?? null;
    return { person, tokens: token === null ? [] : [token] };
  }

  /** Checks each kept signature with the certificate kept beside it, as it stood when it was made. */
  const verifyKept = (stored: StoredApproval): VerifySignature => (text, signature) => {
    const certificate = stored.certificates[signature.certificateSerial];
    if (certificate === undefined) return false;
    try {
      return parts.verifierFor(certificate, signature.at)(text, signature);
    } catch (error) {
      if (error instanceof ArchiveError) return false;
      throw error;
    }
  };

  /** Duties the person holds where the matter is. */
  const dutiesFor = (who: Subject, fonds: string | null) =>
    [...new Set(who.grants.filter((grant) => fonds === null || grant.fonds === '*' || grant.fonds === fonds).map(({ duty }) => duty))];

  const holderOfSubject = (who: Subject): Holder => ({ person: who.person, tokens: who.tokens });

  /** The first seat still free that these duties may take; -1 where there is none for this person. */
  async function seatFor(tx: ApprovalTx, stored: StoredApproval, who: Subject): Promise<number> {
    const { it } = stored;
    const me = holderOfSubject(who);
    if (it.state !== 'requested' || clock.now() >= it.lapsesAt || samePerson(it.requestedBy, me)) return -1;
    for (const person of stored.about) if (samePerson(await holderOf(tx, person), me)) return -1;
    if (it.signatures.some((one) => samePerson({ person: one.person, tokens: [one.token] }, me))) return -1;
    const duties = dutiesFor(who, stored.fonds);
    return it.seats.findIndex((seat, at) => !it.signatures.some((one) => one.seat === at) && seat.duties.some((duty) => duties.includes(duty)));
  }

  /** Who asked, who signed, and who has the duty of a seat; never from below its level. */
  const mayLook = ({ it, level, fonds }: StoredApproval, who: Subject): boolean =>
    level <= who.ceiling && (it.requestedBy.person === who.person || it.signatures.some(({ person }) => person === who.person)
      || it.seats.some(({ duties }) => duties.some((duty) => dutiesFor(who, fonds).includes(duty))));

  const isKnown = async (tx: W | R, call: Call, stored: StoredApproval): Promise<boolean> => (await knowers.get(stored.it.act)?.(tx, call, stored)) ?? true;

  async function visible(tx: W | R, call: Call, id: string): Promise<StoredApproval> {
    const stored = await tx.approvals.get(id);
    if (stored === undefined || !mayLook(stored, await parts.subjectOf(call)) || !(await isKnown(tx, call, stored))) throw new ArchiveError('E_NOT_FOUND');
    return stored;
  }

  async function signer(tx: ApprovalTx, person: string) {
    const { certificate, certificateSerial, token } = (await tx.people.get(person)) ?? { certificate: null, certificateSerial: null, token: null };
    if (certificate === null || certificateSerial === null || token === null) throw new ArchiveError('E_CERT_INVALID', { person });
    return { certificate, certificateSerial, token };
  }

  async function shown(tx: ApprovalTx, stored: StoredApproval, who: Subject) {
    const { it } = stored;
    const state = isOpen(it) && clock.now() >= it.lapsesAt ? 'lapsed' : it.state;
    return {
      id: it.id, act: it.act, name: rows.get(it.act)?.name ?? it.act, object: it.object, state, level: stored.level, version: stored.version, words: it.words,
      requestedBy: it.requestedBy.person, requestedByName: await parts.nameOf(it.requestedBy.person), requestedAt: it.requestedAt, lapsesAt: it.lapsesAt,
      decidedAt: it.state === 'granted' || it.state === 'done' ? it.grantedAt : it.state === 'refused' ? it.refusedAt : null,
      seats: await Promise.all(it.seats.map(async (seat, at) => {
        const signed = it.signatures.find((one) => one.seat === at);
        return {
          name: seat.name, duties: seat.duties.map((duty) => parts.dutyName(duty)),
          signed: signed === undefined ? null : {
            person: signed.person, name: await parts.nameOf(signed.person), at: signed.at, verdict: signed.verdict, opinion: signed.opinion, certificateSerial: signed.certificateSerial, signature: signed.signature,
          },
        };
      })),
      mySeat: await seatFor(tx, stored, who),
    };
  }

  async function carry(tx: W, call: Call, stored: StoredApproval): Promise<Granted | Done> {
    const { it } = stored;
    if (it.state !== 'granted') throw new ArchiveError('E_APPROVAL_REQUIRED', { approval: it.id });
    const decided = JSON.parse(it.decided) as Json;
    const carrier = carriers.get(it.act);
    if (carrier === undefined) return it;
    requireGranted(it, it.act, it.object, decided, verifyKept(stored));
    const { next, audit } = carryOut(it, clock.now());
    await tx.approvals.save({ ...stored, it: next }, stored.version);
    await carrier(tx, call, it, decided);
    tx.audit({ ...audit, objectLevel: stored.level });
    return next;
  }

  async function put(call: Call, input: ApprovalSign, verdict: Verdict) {
    return store.write(call, async (tx) => {
      await tx.allow();
      const stored = await visible(tx, call, input.approval);
      const who = await parts.subjectOf(call);
      for (const person of stored.about) if (samePerson(await holderOf(tx, person), holderOfSubject(who))) throw new ArchiveError('E_SOD_SELF_APPROVAL', { approval: stored.it.id, by: call.person });
      const by = await signer(tx, call.person);
      const at = clock.now();
      const free = await seatFor(tx, stored, who);
      const duties = dutiesFor(who, stored.fonds);
      // No seat of one's own: the first that the duties fit, so that the refusal names what is wrong with the signer.
      const seat = free >= 0 ? free : Math.max(0, stored.it.seats.findIndex((one) => one.duties.some((duty) => duties.includes(duty))));
      const signature: Signature = { person: call.person, token: by.token, certificateSerial: by.certificateSerial, signature: input.signature, at };
      const { next, audit } = sign(stored.it, { ...signature, seat, verdict, opinion: input.opinion, duties }, parts.verifierFor(by.certificate, at));
      const kept: StoredApproval = { ...stored, it: next, certificates: { ...stored.certificates, [by.certificateSerial]: by.certificate } };
      await tx.approvals.save(kept, input.seenVersion);
      tx.audit({ ...audit, action: call.act, objectLevel: stored.level });
      if (next.state === 'refused') await refusers.get(next.act)?.(tx, call, next, JSON.parse(next.decided) as Json);
      if (next.state !== 'granted') return { approval: next.id, state: next.state };
      const after = await carry(tx, call, { ...kept, version: input.seenVersion + 1 });
      return { approval: next.id, state: after.state };
    });
  }

  return {
    /** The two-person acts of this box, as data. */
    policy: parts.policy,

    /** Registers what the last signature carries out. One carrier an act. */
    carries(act: string, work: CarryOut<W>): void {
      rowOf(act);
      carriers.set(act, work);
    },

    /** Narrows who is told of approvals of an act, and so who may sign them: to whoever may know of the things they are about. */
    knownBy(act: string, check: KnownBy<W, R>): void {
      rowOf(act);
      knowers.set(act, check);
    },

    /** Registers what a refusal puts down. */
    refuses(act: string, work: PutDown<W>): void {
      rowOf(act);
      refusers.set(act, work);
    },

    /**
     * 提请审批, inside the unit of work of the act that needs it. One open request for an act and object: another is `E_DUPLICATE`.
     * @throws ArchiveError `E_POLICY_INVALID` for an act that `approvals.json` does not name
     */
    async request(tx: ApprovalTx & WriteTools, call: Call, ask: ApprovalAsk): Promise<Requested> {
      const row = rowOf(ask.act);
      const at = clock.now();
      for (const { it } of await tx.approvals.ofObject(ask.act, ask.object, ['requested', 'granted'])) if (at < it.lapsesAt) throw new ArchiveError('E_DUPLICATE', { approval: it.id }, [{ at: '', message: '该事项已经提请审批，正待签署' }]);
      const { next, audit } = request({
        id: ids.uuid(), act: ask.act, object: ask.object, decided: ask.decided, words: ask.words, requestedBy: await holderOf(tx, call.person), at,
        lapsesAt: Temporal.Instant.from(at).add({ hours: row.hours }).toString({ smallestUnit: 'millisecond' }), seats: ask.seats ?? row.seats,
      });
      const level = ask.level ?? 0;
      await tx.approvals.add({ it: next, level, fonds: ask.fonds ?? null, about: ask.about ?? [], certificates: {}, version: 1 });
      tx.audit({ ...audit, objectLevel: level });
      return next;
    },

    /**
     * Before the act is done by hand: uses up the granted approval of exactly this.
     * @throws ArchiveError `E_APPROVAL_REQUIRED`, `E_APPROVAL_LAPSED`, `E_SIGNATURE_INVALID`
     */
    async require(tx: ApprovalTx & WriteTools, act: string, object: string, decided: Json): Promise<Granted> {
      rowOf(act);
      const [stored] = await tx.approvals.ofObject(act, object, ['granted']);
      const granted = requireGranted(stored?.it ?? null, act, object, decided, stored === undefined ? () => false : verifyKept(stored));
      if (stored !== undefined) {
        const { next, audit } = carryOut(granted, clock.now());
        await tx.approvals.save({ ...stored, it: next }, stored.version);
        tx.audit({ ...audit, objectLevel: stored.level });
      }
      return granted;
    },

    /** Everything wrong with a kept approval; empty when it holds. */
    faults: (stored: StoredApproval): readonly string[] => approvalFaults(stored.it, verifyKept(stored)),

    /** 逾期失效: the box's own round. Returns how many. */
    async lapse(call: Call): Promise<number> {
      const due = await store.read(call, async (tx) => { await tx.allow(); return tx.approvals.overdue(clock.now()); });
      if (due.length === 0) return 0;
      return store.write(call, async (tx) => {
        await tx.allow();
        const overdue = await tx.approvals.overdue(clock.now());
        for (const stored of overdue) {
          const { next, audit } = lapse(stored.it, clock.now());
          await tx.approvals.save({ ...stored, it: next }, stored.version);
          tx.audit({ ...audit, objectLevel: stored.level });
        }
        if (overdue.length === 0) tx.audit({ action: 'approval.lapse', detail: { lapsed: 0 } });
        return overdue.length;
      });
    },

    async list(call: Call, input: ApprovalList) {
      const { page = 1, size = 50, state } = input;
      const who = await parts.subjectOf(call);
      return store.read(call, async (tx) => {
        await tx.allow();
        const wanted: readonly Approval['state'][] = state === 'mine' ? ['requested'] : state === undefined || state === 'asked' ? ['requested', 'granted', 'done', 'refused', 'lapsed'] : state === 'lapsed' ? ['lapsed', 'requested', 'granted'] : [state];
        const found: StoredApproval[] = [];
        for (const one of await tx.approvals.list({ states: wanted, ceiling: who.ceiling, requestedBy: state === 'asked' ? call.person : null, limit: LISTED_AT_MOST })) {
          if (mayLook(one, who) && (await isKnown(tx, call, one))) found.push(one);
        }
        const all = await Promise.all(found.map(async (one) => shown(tx, one, who)));
        const rest = all.filter((one) => (state === 'mine' ? one.mySeat >= 0 : state === undefined || state === 'asked' || one.state === state));
        return { page, size, total: rest.length, rows: rest.slice((page - 1) * size, page * size) };
      });
    },

    async show(call: Call, input: ApprovalShow) {
      const who = await parts.subjectOf(call);
      return store.read(call, async (tx) => {
        await tx.allow();
        const stored = await visible(tx, call, input.approval);
        tx.audit({ action: call.act, object: stored.it.id, objectType: 'approval', objectLevel: stored.level });
        return { ...(await shown(tx, stored, who)), decided: JSON.parse(stored.it.decided) as Json, digest: parts.digest(stored.it.decided), faults: approvalFaults(stored.it, verifyKept(stored)), source: rows.get(stored.it.act)?.source ?? '' };
      });
    },

    /** The text that the signature is to be made over. */
    async preview(call: Call, input: ApprovalPreview) {
      const who = await parts.subjectOf(call);
      return store.read(call, async (tx) => {
        await tx.allow();
        const stored = await visible(tx, call, input.approval);
        const seat = await seatFor(tx, stored, who);
        if (seat < 0) throw new ArchiveError(isOpen(stored.it) ? 'E_DENIED' : 'E_STATE_INVALID', { approval: stored.it.id, state: stored.it.state });
        const by = await signer(tx, call.person);
        return { approval: stored.it.id, seat, version: stored.version, statement: statement(stored.it, { person: call.person, certificateSerial: by.certificateSerial }, seat, input.verdict, input.opinion) };
      });
    },

    sign: async (call: Call, input: ApprovalSign) => put(call, input, 'grant'),
    refuse: async (call: Call, input: ApprovalSign) => put(call, input, 'refuse'),
  };
}

export type ApprovalService<W extends ApprovalTx & WriteTools = ApprovalTx & WriteTools, R extends ApprovalTx & ReadTools = ApprovalTx & ReadTools> = ReturnType<typeof approvalService<W, R>>;
/** What a service that needs an approval holds of it. */
export type Approvals = Pick<ApprovalService, 'request' | 'require'>;
