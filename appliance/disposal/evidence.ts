import type { Readable } from 'node:stream';
import { ArchiveError } from '../../core/errors.js';
import type { DisposalAttach, DisposalEvidence, DisposalImportLog } from '../../policies/schemas/media-destruction.js';
import { plainSerial, readNwipeLog } from '../../secrecy/nwipe-log.js';
import { bytes } from '../server/route.js';
import type { ServerCall } from '../server/route.js';
import type { Evidence } from '../store/repositories/disposals.js';
import type { BatchService } from './batches.js';
import { plain, wrong } from './parts.js';
import type { DisposalParts, WriteTx } from './parts.js';

const LOG_BYTES = 8 * 1024 * 1024;
/** By their first bytes: what is served back is never more than a picture or a page. */
const TYPES: readonly (readonly [string, readonly number[]])[] = [['image/jpeg', [0xff, 0xd8, 0xff]], ['image/png', [0x89, 0x50, 0x4e, 0x47]], ['application/pdf', [0x25, 0x50, 0x44, 0x46]]];

async function gathered(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > limitBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes });
    pieces.push(piece);
  }
  if (size === 0) throw wrong('/fileName', '文件是空的');
  return Buffer.concat(pieces);
}
async function* once(content: Buffer): AsyncGenerator<Uint8Array> { yield content; }

/** 销毁证据: photographs, vouchers and erase logs, each sealed in the vault at the level of the batch and named by its SM3 in what is signed. */
export function evidenceService(parts: DisposalParts, batches: BatchService) {
  const { store, vault, clock, ids, policy } = parts;

  /** Bytes first, under a name nobody refers to; then one unit of work with row and entry; then they move in. */
  async function keep(call: ServerCall, disposal: string, kind: Evidence['kind'], fileName: string, content: Buffer, also: (tx: WriteTx, evidence: Evidence) => Promise<Readonly<Record<string, unknown>>>) {
    const open = await store.read(call, async (tx) => {
      const { it } = await batches.found(tx, disposal);
      if (it.state !== 'isolated' && it.state !== 'released') throw new ArchiveError('E_STATE_INVALID', { state: it.state, event: 'attach' });
      return { level: it.level };
    });
    const object = ids.uuid();
    let committed = false;
    await vault.begin(object, open.level);
    try {
      await vault.append(object, 0, once(content), content.length);
      const whole = await vault.finish(object);
      return await store.write(call, async (tx) => {
        const { it } = await batches.found(tx, disposal);
        if (it.level !== open.level) throw new ArchiveError('E_STALE_VERSION', { disposal });
        if ((await tx.disposals.evidenceOf(disposal)).some(({ sm3 }) => sm3 === whole.sm3)) throw new ArchiveError('E_DUPLICATE', { disposal }, [{ at: '/fileName', message: '这份证据已经登记' }]);
        const evidence: Evidence = { id: ids.uuid(), disposal, kind, object, bytes: whole.bytes, sm3: whole.sm3, addedBy: call.person, addedAt: clock.now(), level: it.level, fileName };
        await tx.objects.keep({ id: object, level: it.level, bytes: whole.bytes, sm3: whole.sm3, storedAt: evidence.addedAt });
        await tx.disposals.addEvidence(evidence);
        const more = await also(tx, evidence);
        tx.audit({ action: call.act, object: disposal, objectType: 'disposal', objectLevel: it.level, detail: { kind, sm3: whole.sm3, bytes: whole.bytes, ...more } });
        tx.afterCommit(async () => { committed = true; await vault.promote(object); });
        return { evidence: evidence.id, sm3: whole.sm3, ...more };
      });
    } catch (error) {
      if (!committed) await vault.discard(object);
      throw error;
    }
  }

  return {
    async attach(call: ServerCall, input: DisposalAttach, body: Readable) {
      const { fileName } = plain({ fileName: input.fileName });
      const content = await gathered(body, policy.photos.maxBytes);
      if (!TYPES.some(([, magic]) => magic.every((byte, at) => content[at] === byte))) throw wrong('/fileName', '证据须为 JPEG、PNG 图片或 PDF');
      return keep(call, input.disposal, input.kind, fileName, content, async () => Promise.resolve({}));
    },

    /** 覆写日志: matched to the lines by serial number, rated, and never enough for what held a secret. */
    async importLog(call: ServerCall, input: DisposalImportLog, body: Readable) {
      const { fileName } = plain({ fileName: input.fileName });
      const content = await gathered(body, LOG_BYTES);
      const drives = readNwipeLog(content.toString('utf8'));
      if (drives.length === 0) throw wrong('/fileName', '不是可识别的 nwipe 文本日志');
      const matched: { no: string; rating: string; doubts: readonly string[] }[] = [];
      const done = await keep(call, input.disposal, 'log', fileName, content, async (tx, evidence) => {
        for (const line of await tx.disposals.linesOf(input.disposal)) {
          const serial = plainSerial(line.sheet.serial ?? '');
          const drive = serial === '' ? undefined : drives.find((one) => plainSerial(one.serial) === serial);
          if (drive === undefined) continue;
          await tx.disposals.saveLine({ ...line, sheet: { ...line.sheet, log: { rating: drive.rating, doubts: drive.doubts, method: drive.method, evidence: evidence.id } } }, line.version);
          matched.push({ no: line.sheet.tag, rating: drive.rating, doubts: drive.doubts });
        }
        return { drives: drives.length, matched: matched.length };
      });
      return { ...done, lines: matched };
    },

    async read(call: ServerCall, input: DisposalEvidence) {
      const one = await store.read(call, async (tx) => {
        const { it } = await batches.found(tx, input.disposal);
        const evidence = (await tx.disposals.evidenceOf(it.id)).find(({ id }) => id === input.evidence);
        if (evidence === undefined) throw new ArchiveError('E_NOT_FOUND');
        tx.audit({ action: call.act, object: it.id, objectType: 'disposal', objectLevel: it.level, detail: { sm3: evidence.sm3 } });
        return evidence;
      });
      const sealed = await vault.open(one.object);
      try {
        const content = Buffer.from(await sealed.readRange(0, sealed.bytes));
        const type = one.kind === 'log' ? 'text/plain; charset=utf-8' : TYPES.find(([, magic]) => magic.every((byte, at) => content[at] === byte))?.[0] ?? 'application/octet-stream';
        return bytes(type, content, { fileName: one.fileName });
      } finally {
        await sealed.close();
      }
    },
  };
}
export type EvidenceService = ReturnType<typeof evidenceService>;
