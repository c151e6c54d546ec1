import { Readable } from 'node:stream';
import { amendment } from '../../core/services/amendment.js';
import type { arrangementService } from '../../core/services/arrangement.js';
import type { captureService } from '../../core/services/capture.js';
import { ArchiveError } from '../../core/errors.js';
import { batchTarget, NOTHING_SINCE_FILING } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Level } from '../../core/ports.js';
import { canonicalBytes } from '../../core/canonical.js';
import { itemText } from '../../core/source-request.js';
import type { SignedReceipt, SourceReceipt } from '../../core/source-request.js';
import type { OnlineFile, OnlineItem, SourceSystemsPolicy } from '../../policies/schemas/source.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../call.js';
import { sourceRepository } from '../store/repositories/sources.js';
import type { SourceItem, SourceSystem } from '../store/repositories/sources.js';
import { peopleRepository } from '../store/repositories/people.js';
import { handles } from './register.js';

export interface TakingInParts {
  readonly box: Box;
  readonly capture: ReturnType<typeof captureService>;
  readonly arrangement: ReturnType<typeof arrangementService>;
  /** What an arrangement is held against, as the grid does. */
  readonly arranging: Parameters<typeof amendment>[0];
  /** 未登记系统审查的正式环境不得录入国家秘密. */
  readonly mayEnterSecrets: () => Promise<boolean>;
}

/** What is still to come of an item: `online.upload` goes on from here. */
export interface Wanted { readonly position: number; readonly offset: number; readonly bytes: number }
export type Taken = { readonly state: 'received'; readonly signed: SignedReceipt } | { readonly state: 'receiving'; readonly wanted: readonly Wanted[] };

/** Facts that are 整理 and not 收集. */
const ARRANGED = ['categoryCode', 'archivalYear', 'retentionCode', 'scheduleItemId', 'orgOrFunction'] as const;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * 在线归档: what a system hands in goes through the same services as an upload by hand, under the name of the 归档责任人 of its department, at
 * the item's level, from a terminal that names the system. Nothing is decided here that capture and arrangement decide.
 */
export function takingIn({ box, capture, arrangement, arranging, mayEnterSecrets }: TakingInParts) {
  const { clock, sm3, store, reader, sealing, identity } = box;
  const policy: SourceSystemsPolicy = box.policies.content('source-systems.json');
  const activities = new Set(box.policies.content('dictionaries.json').dictionaries.find(({ id }) => id === 'activity')?.terms.filter(({ group }) => group === policy.processGroup).map(({ key }) => key));
  const amend = amendment(arranging);
  const rows = sourceRepository(reader, sealing);
  /** One request at a time for one item. */
  const busy = new Map<string, Promise<unknown>>();

  const keyDigest = (system: SourceSystem, key: string): string => hex(sm3(Buffer.from(`${system.id}\n${key}`)));
  const itemDigest = (item: OnlineItem): string => hex(sm3(itemText(item)));

  async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = busy.get(name);
    const now = (before ?? Promise.resolve()).catch(() => undefined).then(work);
    busy.set(name, now);
    try {
      return await now;
    } finally {
      if (busy.get(name) === now) busy.delete(name);
    }
  }

  function actingCall(outer: ServerCall, system: SourceSystem, person: string, level: Level, act: string): ServerCall {
    const terminal = `source ${system.code}`;
    return {
      ...outer, act, person, duty: 'proposer', terminal,
      session: { id: '', person, csrf: '', currentLevel: level, locked: false, mustChangePassword: false, absoluteUntil: clock.now(), duties: ['proposer'], terminal, terminalLevel: system.level },
    };
  }

  /** A blank record, to hold the arrangement against before a byte is kept. */
  const blank = (system: SourceSystem, item: OnlineItem, person: string): StoredRecord => ({
    id: '', electronicRecordCode: '', batch: '', state: 'captured', level: item.level as Level, fonds: system.fonds, department: item.department, owner: person, categoryCode: null, archivalYear: null, retentionCode: null,
    orgOrFunction: null, scheduleItemId: null, scheme: null, documentDate: null, completedOn: null, series: null, sequence: null, archivalCode: null, codeProfile: null, codeStatus: null, classificationId: null, mark: null,
    filingDeadline: null, filedAt: null, transferDueOn: null, retentionExpiresOn: null, verdict: null, metadataDigest: null, ...NOTHING_SINCE_FILING, capturedAt: clock.now(), version: 1, description: { title: item.description.title }, scope: { persons: [], departments: [] },
  });

  /**
   * Whether the item may be taken in at all; who answers for it.
   * @throws ArchiveError E_DEPT_MISMATCH, E_SOURCE_HANDLER, E_SOURCE_LEVEL, E_ACCREDITATION_REQUIRED, E_SOURCE_CAPABILITY, E_META_PROCESS_MISSING, E_META_INVALID, E_RETENTION_TOO_SHORT, E_SCOPE_NOT_IN_SCHEDULE
   */
  async function requireItem(system: SourceSystem, item: OnlineItem): Promise<string> {
    const handler = system.handlers.find(({ department }) => department === item.department);
    if (handler === undefined) throw new ArchiveError('E_DEPT_MISMATCH', { department: item.department });
    if (!(await handles({ people: peopleRepository(reader, sealing) }, handler, system.fonds, clock.now()))) throw new ArchiveError('E_SOURCE_HANDLER', { department: item.department });
    if (system.level === null || item.level > system.level) throw new ArchiveError('E_SOURCE_LEVEL', { level: item.level });
    if (item.level >= 2 && !(await mayEnterSecrets())) throw new ArchiveError('E_ACCREDITATION_REQUIRED');
    const facts: Readonly<Record<string, unknown>> = item.facts ?? {};
    if (!system.capabilities.includes('arrange') && ARRANGED.some((key) => facts[key] !== undefined && facts[key] !== null)) throw new ArchiveError('E_SOURCE_CAPABILITY', { capability: 'arrange' });
    const now = clock.now();
    const unknown = item.events.flatMap(({ activity }, at) => (activities.has(activity) ? [] : [{ at: `/events/${String(at)}/activity`, message: '不是办理过程的业务行为，请按业务行为代码表填写' }]));
    const ahead = item.events.flatMap(({ status, at: when }, at) => (status === 'historical' && Date.parse(when) > Date.parse(now) ? [{ at: `/events/${String(at)}/at`, message: '已办理的行为时间不得晚于现在' }] : []));
    if (unknown.length + ahead.length > 0) throw new ArchiveError('E_META_INVALID', { places: unknown.length + ahead.length }, [...unknown, ...ahead]);
    if (item.events.filter(({ status }) => status === 'historical').length < policy.processEventsAtLeast) throw new ArchiveError('E_META_PROCESS_MISSING', { events: item.events.length }, [{ at: '/events', message: `须至少有 ${String(policy.processEventsAtLeast)} 条已办理的过程` }]);
    const mains = item.files.filter(({ role }, at) => (role ?? (at === 0 ? 'main' : 'attachment')) === 'main');
    if (mains.length !== 1) throw new ArchiveError('E_ARRANGE_INCOMPLETE', { missing: ['main'] }, [{ at: '/files', message: '一件须有且只有一个正文，请指定' }]);
    if (item.files.length > policy.filesPerItem) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { filesPerItem: policy.filesPerItem });
    for (const [at, file] of item.files.entries()) contentOf(file, at);
    amend(blank(system, item, handler.person), { ...(item.facts === undefined ? {} : { facts: item.facts }), description: item.description }, '');
    return handler.person;
  }

  /** The bytes that came with the request, as declared. */
  function contentOf(file: OnlineFile, at: number): Buffer | null {
    if (file.content === undefined) return null;
    const content = Buffer.from(file.content, 'base64');
    if (content.length !== file.bytes || hex(sm3(content)) !== file.sm3) throw new ArchiveError('E_FIXITY_FAILED', { position: at + 1 }, [{ at: `/files/${String(at)}`, message: '内容与所报字节数或摘要不一致，请重新提交' }]);
    return content;
  }

  /** The day's batch of a department at a level. */
  async function batchFor(outer: ServerCall, system: SourceSystem, item: OnlineItem, person: string): Promise<string> {
    return alone(`batch ${system.id} ${item.department} ${String(item.level)}`, async () => {
      const level = item.level as Level;
      const known = await rows.batchFor(system.id, item.department, level, person);
      const open = known === undefined ? undefined : await reader.one<{ opened_at: string }>("SELECT opened_at FROM capture_batch WHERE id = $1 AND state = 'open'", known);
      if (known !== undefined && open !== undefined && shanghaiDay(open.opened_at) === clock.today()) return known;
      const { batch } = await capture.open(actingCall(outer, system, person, level, 'capture.open'), { fonds: system.fonds, department: item.department, method: 'online_auto' });
      await store.housekeep(async (sql) => sourceRepository(sql, sealing).setBatch(system.id, item.department, level, person, batch));
      return batch;
    });
  }

  /** Where each file of an item stands: kept, under way or not begun. */
  async function standing(outer: ServerCall, system: SourceSystem, stored: SourceItem, item: OnlineItem, person: string) {
    const uploads = await rows.uploads(system.id, stored.keyDigest);
    const open = uploads.size === 0 ? [] : (await capture.uploads(actingCall(outer, system, person, stored.level, 'capture.uploads'), { batch: stored.batch })).rows;
    const files = [];
    for (const [at, file] of item.files.entries()) {
      const upload = uploads.get(at + 1);
      const kept = upload === undefined ? undefined : await rows.fileOfUpload(stored.batch, upload);
      const under = open.find((one) => one.upload === upload);
      files.push({ position: at + 1, file, kept, upload: under?.upload, offset: kept === undefined ? under?.offset ?? 0 : file.bytes });
    }
    return files;
  }

  /** Bytes of one file, from `offset` on; true when it is whole. */
  async function feed(outer: ServerCall, system: SourceSystem, stored: SourceItem, item: OnlineItem, person: string, one: { readonly position: number; readonly upload: string | undefined; readonly record: string | undefined }, offset: number, content: Buffer): Promise<{ readonly done: boolean; readonly record?: string }> {
    const file = item.files[one.position - 1];
    if (file === undefined) throw new ArchiveError('E_NOT_FOUND');
    const role = file.role ?? (one.position === 1 ? 'main' : 'attachment');
    let { upload } = one;
    if (upload === undefined) {
      const begun = await capture.beginUpload(actingCall(outer, system, person, stored.level, 'capture.begin-upload'), { batch: stored.batch, fileName: file.name, bytes: file.bytes, role, ...(one.record === undefined ? {} : { record: one.record }) });
      upload = begun.upload;
      await store.housekeep(async (sql) => sourceRepository(sql, sealing).setUpload(system.id, stored.keyDigest, one.position, begun.upload));
    }
    const answer = await capture.upload(actingCall(outer, system, person, stored.level, 'capture.upload'), { upload, offset }, Readable.from(content.length === 0 ? [] : [content]));
    if (!answer.done) return { done: false };
    if (answer.file.sm3 !== file.sm3) {
      const record = await reader.one<{ version: number }>('SELECT version FROM record WHERE id = $1', answer.record);
      await capture.withdraw(actingCall(outer, system, person, stored.level, 'capture.withdraw'), { record: answer.record, reason: '内容与来源系统所报摘要不一致', seenVersion: record?.version ?? 1 });
      await store.housekeep(async (sql) => sourceRepository(sql, sealing).dropItem(system.id, stored.keyDigest));
      throw new ArchiveError('E_FIXITY_FAILED', { position: one.position, registered: file.sm3, found: answer.file.sm3 });
    }
    return { done: true, record: answer.record };
  }

  /** Everything is there: described, its process entered, its receipt signed. */
  async function finish(outer: ServerCall, system: SourceSystem, stored: SourceItem, item: OnlineItem, person: string, record: string): Promise<SignedReceipt> {
    const version = (await reader.one<{ version: number }>('SELECT version FROM record WHERE id = $1', record))?.version ?? 1;
    await arrangement.save(actingCall(outer, system, person, stored.level, 'arrangement.save'), {
      batch: stored.batch, rows: [{ record, seenVersion: version, ...(item.facts === undefined ? {} : { facts: item.facts }), description: { ...item.description, systemDescription: item.description.systemDescription ?? `${system.name}（${system.code}）` } }],
    });
    return store.write(actingCall(outer, system, person, stored.level, outer.act), async (tx) => {
      const batch = await tx.batches.get(stored.batch);
      const kept = await tx.records.get(record);
      if (batch === undefined || kept === undefined) throw new ArchiveError('E_NOT_FOUND');
      await tx.allow(batchTarget(batch));
      for (const { activity, status, at, by, mandate, description } of item.events) {
        await tx.records.addEvent(record, { activity, at: new Date(at).toISOString(), person: `source ${system.code}`, duty: null, mandate: null, detail: { status, by, ...(mandate === undefined ? {} : { mandate }), ...(description === undefined ? {} : { description }) } });
      }
      const files = await tx.files.ofRecord(record);
      const receipt: SourceReceipt = {
        format: 'shouzang-source-receipt/1', box: identity.serial, source: system.code, key: item.key, digest: stored.digest, electronicRecordCode: kept.electronicRecordCode, batch: batch.number, state: kept.state,
        files: files.map((file) => ({ position: file.position, sm3: file.sm3, bytes: file.bytes, verdict: file.verdict, findings: file.findings.map(({ code }) => code) })), receivedAt: clock.now(),
      };
      const signed = { receipt, signature: Buffer.from(identity.sign(canonicalBytes(receipt))).toString('base64url') };
      await tx.sources.putItem({ ...stored, state: 'received', record, at: clock.now(), item: null, signed });
      tx.audit({ action: outer.act, object: record, objectType: 'record', objectLevel: stored.level, detail: { source: system.code, batch: batch.number, files: files.length, events: item.events.length, state: kept.state, receipt: hex(sm3(canonicalBytes(receipt))) } });
      return signed;
    });
  }

  async function goOn(outer: ServerCall, system: SourceSystem, stored: SourceItem, item: OnlineItem, person: string): Promise<Taken> {
    const files = await standing(outer, system, stored, item, person);
    let record = files.find(({ kept }) => kept !== undefined)?.kept?.record;
    const wanted: Wanted[] = [];
    for (const one of files) {
      if (one.kept !== undefined) continue;
      const content = one.file.content === undefined ? (one.file.bytes === 0 ? Buffer.alloc(0) : null) : Buffer.from(one.file.content, 'base64');
      if (content === null) { wanted.push({ position: one.position, offset: one.offset, bytes: one.file.bytes }); continue; }
      const fed = await feed(outer, system, stored, item, person, { position: one.position, upload: one.upload, record }, one.offset, content.subarray(one.offset));
      record = fed.record ?? record;
    }
    if (wanted.length > 0 || record === undefined) return { state: 'receiving', wanted };
    return { state: 'received', signed: await finish(outer, system, stored, item, person, record) };
  }

  return {
    requireItem,

    /** 一件: the same key with the same content gets the same receipt, with other content `E_SOURCE_KEY_REUSED`. */
    async take(outer: ServerCall, system: SourceSystem, item: OnlineItem): Promise<Taken> {
      const key = keyDigest(system, item.key);
      return alone(`${system.id} ${key}`, async () => {
        const digest = itemDigest(item);
        const stored = await rows.item(system.id, key);
        if (stored !== undefined && stored.digest !== digest) throw new ArchiveError('E_SOURCE_KEY_REUSED', { source: system.id });
        if (stored?.signed != null) return { state: 'received', signed: stored.signed };
        const person = await requireItem(system, item);
        if (stored !== undefined) return goOn(outer, system, stored, item, person);
        const begun: SourceItem = {
          source: system.id, keyDigest: key, state: 'receiving', level: item.level as Level, batch: await batchFor(outer, system, item, person), record: null, at: clock.now(), digest,
          item: { ...item, files: item.files.map(({ content: _, ...file }) => file) }, signed: null,
        };
        await store.housekeep(async (sql) => sourceRepository(sql, sealing).putItem(begun));
        return goOn(outer, system, begun, item, person);
      });
    },

    /** A part of one file of an item under way; the answer to the last part of the last file is the receipt. */
    async part(outer: ServerCall, system: SourceSystem, { key: given, position, offset }: { readonly key: string; readonly position: number; readonly offset: number }, content: Buffer): Promise<Taken> {
      const key = keyDigest(system, given);
      return alone(`${system.id} ${key}`, async () => {
        const stored = await rows.item(system.id, key);
        if (stored?.signed != null) return { state: 'received', signed: stored.signed };
        if (stored?.item == null) throw new ArchiveError('E_NOT_FOUND');
        const { item } = stored;
        const person = await requireItem(system, item);
        const files = await standing(outer, system, stored, item, person);
        const one = files[position - 1];
        if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
        // The first file that is whole makes the record; the others join it.
        if (one.kept === undefined) await feed(outer, system, stored, item, person, { position, upload: one.upload, record: files.find(({ kept }) => kept !== undefined)?.kept?.record }, offset, content);
        return goOn(outer, system, stored, item, person);
      });
    },

    /** The receipt of a key, where there is one. */
    async receiptOf(system: SourceSystem, key: string): Promise<{ readonly key: string; readonly state: 'received' | 'receiving' | 'unknown'; readonly signed: SignedReceipt | null }> {
      const stored = await rows.item(system.id, keyDigest(system, key));
      return { key, state: stored?.state ?? 'unknown', signed: stored?.signed ?? null };
    },
  };
}

const shanghaiDay = (at: string): string => new Date(Date.parse(at) + 8 * 3_600_000).toISOString().slice(0, 10);
