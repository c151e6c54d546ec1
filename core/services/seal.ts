import { ArchiveError } from '../errors.js';
import { batchTarget, recordTarget } from '../holdings.js';
import type { CaptureBatch, ComputerFile, Holdings, StoredRecord } from '../holdings.js';
import type { Call, Clock, Ids, Level, ReadTools, UnitOfWork, WriteTools } from '../ports.js';
import { requireNext } from '../record.js';
import type { RecordState } from '../record.js';
import type { SealStrip } from '../../policies/schemas/capture.js';
import { requireOpen } from './capture.js';
import type { ContentStore, Inspector } from './content.js';
import { life, settling, worstOf } from './settling.js';

/** What was found and what was done. `signatures` name people: they are sealed with the file and never entered in the ledger. */
export interface StripOutcome {
  readonly signatures: readonly Readonly<Record<string, unknown>>[];
  readonly sealImagesKept: number;
  readonly sm3Before: string;
  readonly bytes: number;
  readonly sm3After: string;
}

/** Takes a sealed file apart, without its signatures, into another sealed object. */
export interface SealStripper {
  /**
   * Stages the result under `into` and seals it; nothing is staged where the file has no signature (`signatures` empty).
   * @throws ArchiveError `E_FMT_NOT_ALLOWED`, `E_FMT_ENCRYPTED`, `E_FMT_UNREADABLE`, `E_SEAL_SIGNATURE_PRESENT`, `E_SEAL_IMAGE_LOST`, `E_UPLOAD_TOO_LARGE`
   */
  strip(file: Pick<ComputerFile, 'object' | 'mime' | 'level'>, into: string): Promise<StripOutcome>;
}

export interface SealParts {
  readonly store: UnitOfWork<Holdings & WriteTools, Holdings & ReadTools>;
  readonly content: ContentStore;
  readonly inspector: Inspector;
  readonly stripper: SealStripper;
  readonly clock: Clock;
  readonly ids: Ids;
  /** 保留签名原件: keeps the signed bytes sealed beside the result (`policies/capture.json`). */
  readonly keepSignedOriginal: boolean;
}

interface Aim { readonly file: ComputerFile; readonly record: StoredRecord; readonly batch: CaptureBatch }

/** 去签: the signature data leave the file, the picture of the seal stays, and what the signatures said is kept as metadata (办法第十九条三款). */
export function sealService(parts: SealParts) {
  const { store, content, inspector, stripper, clock, ids } = parts;
  const settle = settling(clock);

  async function aim(tx: Holdings & ReadTools, id: string): Promise<Aim> {
    const file = await tx.files.get(id);
    const record = file && (await tx.records.get(file.record));
    const batch = record && (await tx.batches.get(record.batch));
    if (file === undefined || record === undefined || batch === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(recordTarget(record));
    await tx.allow(batchTarget(batch));
    requireOpen(batch);
    if (file.replacedBy !== null) throw new ArchiveError('E_STATE_INVALID', { file: file.id, state: 'replaced' });
    return { file, record, batch };
  }

  /** An item already arranged stays so: its content is the same, only the signature data are gone. */
  async function settled(tx: Holdings & WriteTools, call: Call, record: StoredRecord, files: readonly ComputerFile[]): Promise<RecordState> {
    if (life(record) !== 'arranged') return settle(tx, call, record, files);
    const verdict = worstOf(files);
    const state = requireNext('arranged', verdict === 'reject' ? 'return' : 'arrange');
    await tx.records.save({ ...record, state, verdict }, record.version);
    return state;
  }

  return {
    async strip(call: Call, input: SealStrip) {
      const before = await store.read(call, async (tx) => aim(tx, input.file));
      const into = ids.uuid();
      const outcome = await stripper.strip(before.file, into);
      if (outcome.sm3Before !== before.file.sm3) {
        await content.discard(into);
        throw new ArchiveError('E_FIXITY_FAILED', { registered: before.file.sm3, found: outcome.sm3Before });
      }
      if (outcome.signatures.length === 0) return store.read(call, async (tx) => unchanged(tx, call, await aim(tx, input.file)));
      try {
        const judgement = await inspector.inspect(into, before.file.sealed.fileName);
        return await store.write(call, async (tx) => {
          const { file, record, batch } = await aim(tx, input.file);
          const at = clock.now();
          await tx.objects.keep({ id: into, level: file.level as Level, bytes: outcome.bytes, sm3: outcome.sm3After, storedAt: at });
          const next: ComputerFile = {
            ...file, id: ids.uuid(), object: into, bytes: outcome.bytes, sm3: outcome.sm3After, mime: judgement.format.mime, format: judgement.format.name, puid: judgement.format.puid,
            verdict: judgement.verdict, facts: judgement.facts, findings: judgement.findings, receivedAt: at,
            sealed: { ...file.sealed, signatures: [...(file.sealed.signatures ?? []), ...outcome.signatures], sm3Before: file.sealed.sm3Before ?? outcome.sm3Before },
          };
          await tx.files.add(next);
          await tx.files.replace(file.id, next.id);
          if (!parts.keepSignedOriginal) await tx.objects.erase(file.object, at);
          const state = await settled(tx, call, record, await tx.files.ofRecord(record.id));
          const detail = {
            file: next.id, replaced: file.id, signatures: outcome.signatures.length, verified: outcome.signatures.filter((one) => one['verified'] === true).length,
            sealImagesKept: outcome.sealImagesKept, sm3Before: outcome.sm3Before, sm3After: outcome.sm3After, originalKept: parts.keepSignedOriginal,
          };
          await tx.records.addEvent(record.id, { activity: 'strip_signature', at, person: call.person, duty: call.duty, mandate: '办法第十九条第三款', detail });
          tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { batch: batch.number, ...detail, verdict: next.verdict, state } });
          tx.afterCommit(async () => {
            await content.promote(into);
            if (!parts.keepSignedOriginal) await content.erase(file.object);
          });
          return { changed: true as const, record: record.id, state, file: next, signatures: outcome.signatures, sealImagesKept: outcome.sealImagesKept, sm3Before: outcome.sm3Before, sm3After: outcome.sm3After };
        });
      } catch (error) {
        if ((await store.read({ ...call, person: 'system' }, async (tx) => { await tx.allow(); return tx.objects.get(into); })) === undefined) await content.discard(into);
        throw error;
      }
    },
  };

  async function unchanged(tx: Holdings & ReadTools, call: Call, { file, record, batch }: Aim) {
    tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { batch: batch.number, file: file.id, signatures: 0 } });
    return Promise.resolve({ changed: false as const, record: record.id, state: life(record), file, signatures: [], sealImagesKept: 0, sm3Before: file.sm3, sm3After: file.sm3 });
  }
}
