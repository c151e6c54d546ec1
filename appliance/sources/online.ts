import type { Readable } from 'node:stream';
import { canonicalBytes } from '../../core/canonical.js';
import { ArchiveError } from '../../core/errors.js';
import type { BatchReceipt } from '../../core/source-request.js';
import { OnlineItem, OnlineItems, OnlineKeys } from '../../policies/schemas/source.js';
import type { OnlineCapture, OnlineReceipt, OnlineSubmit, OnlineTrial, OnlineUpload } from '../../policies/schemas/source.js';
import type { ServerCall } from '../call.js';
import { fatalExamination } from '../inspection/inspect.js';
import type { InspectionPool } from '../inspection/pool.js';
import { bufferSource } from '../inspection/source.js';
import { judge } from '../inspection/verdict.js';
import { problemOf } from '../server/problem.js';
import { sourceRepository } from '../store/repositories/sources.js';
import type { SourceSystem } from '../store/repositories/sources.js';
import { checkFor } from '../validation.js';
import type { Check } from '../validation.js';
import { admission } from './admission.js';
import { takingIn } from './taking-in.js';
import type { Taken, TakingInParts } from './taking-in.js';

export interface OnlineParts extends TakingInParts {
  readonly pool: InspectionPool;
}

/** Items of one request under way at once: while one is examined, another is sealed and a third is entered. */
const AT_ONCE = 4;

/** Each in its place of the answer, some at a time. */
async function inTurns<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  const waiting = all.entries();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const [at, one] of waiting) done[at] = await work(one);
  }));
  return done;
}

/** 在线接口 of registered source systems: signed requests, one item or many, large files in parts, receipts, trials. */
export function onlineService(parts: OnlineParts) {
  const { box, pool } = parts;
  const policy = box.policies.content('source-systems.json');
  const door = admission(box, policy);
  const taking = takingIn(parts);
  const [itemCheck, itemsCheck, keysCheck] = [checkFor(OnlineItem), checkFor(OnlineItems), checkFor(OnlineKeys)];

  function read<T>(body: Buffer, check: Check<T>): T {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    } catch {
      throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '', message: '请求内容不是 UTF-8 编码的有效 JSON' }]);
    }
    const checked = check(value);
    if (!checked.ok) throw new ArchiveError('E_INPUT_INVALID', {}, checked.details);
    return checked.value;
  }
  const answer = (taken: Taken) => (taken.state === 'received' ? { state: taken.state, ...taken.signed } : taken);

  /** A refusal of one item of many: entered like any other, and told beside its key. */
  async function refused(call: ServerCall, key: string, error: unknown) {
    if (!(error instanceof ArchiveError)) throw error;
    await box.store.refuse(call, error);
    const { code, detail, details } = problemOf(error, call.traceId);
    return { key, state: 'refused' as const, code, detail, details };
  }

  return {
    /** 单件. */
    async capture(call: ServerCall, query: OnlineCapture, stream: Readable) {
      const { system, body } = await door.admit(call, query, stream, policy.requestBytes);
      return answer(await taking.take(call, system, read(body, itemCheck)));
    },

    /** 成批: each item for itself, and a receipt over all of them. */
    async submit(call: ServerCall, query: OnlineSubmit, stream: Readable) {
      const { system, body } = await door.admit(call, query, stream, policy.requestBytes);
      const { items } = read(body, itemsCheck);
      if (items.length > policy.itemsPerSubmit) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { itemsPerSubmit: policy.itemsPerSubmit });
      const outcomes = await inTurns(items, async (item) => {
        try {
          return { key: item.key, ...answer(await taking.take(call, system, item)) };
        } catch (error) {
          return refused(call, item.key, error);
        }
      });
      const receipt: BatchReceipt = {
        format: 'shouzang-source-batch-receipt/1', box: box.identity.serial, source: system.code, nonce: query.nonce, at: box.clock.now(),
        items: outcomes.map((one) => ({ key: one.key, outcome: one.state, said: one.state === 'received' ? Buffer.from(box.sm3(canonicalBytes(one.receipt))).toString('hex') : one.state === 'refused' ? one.code : '' })),
      };
      return { receipt, signature: Buffer.from(box.identity.sign(canonicalBytes(receipt))).toString('base64url'), items: outcomes };
    },

    /** 大文件分段. */
    async upload(call: ServerCall, query: OnlineUpload, stream: Readable) {
      const { system, body } = await door.admit(call, query, stream, policy.segmentBytes);
      return answer(await taking.part(call, system, query, body));
    },

    /** 取回执. */
    async receipt(call: ServerCall, query: OnlineReceipt, stream: Readable) {
      const { system, body } = await door.admit(call, query, stream, policy.requestBytes);
      const { keys } = read(body, keysCheck);
      return { rows: await Promise.all(keys.map(async (key) => taking.receiptOf(system, key))) };
    },

    /** 试报: all that a capture would say, of the item and of its files, and nothing kept of them; the outcome is what a test rests upon. */
    async trial(call: ServerCall, query: OnlineTrial, stream: Readable) {
      const { system, body } = await door.admit(call, query, stream, policy.requestBytes, true);
      const outcome = await tried(system, body);
      await box.store.write(box.systemCall(call.act), async (tx) => {
        await tx.allow();
        await tx.sources.addTrial(system.id, { at: box.clock.now(), passed: outcome.passed, codes: outcome.codes });
        tx.audit({ action: call.act, object: system.id, objectType: 'source', detail: { code: system.code, passed: outcome.passed, codes: outcome.codes } });
      });
      return outcome;
    },

    /** Whether some system in use hands in for the department (办法第十六条: then working offline wants its reason). */
    onlineFor: async (department: string): Promise<boolean> => sourceRepository(box.reader, box.sealing).onlineFor(department),
  };

  async function tried(system: SourceSystem, body: Buffer) {
    try {
      const item = read(body, itemCheck);
      await taking.requireItem(system, item);
      const files = [];
      for (const [at, file] of item.files.entries()) {
        if (file.content === undefined) { files.push({ position: at + 1, verdict: 'accept', findings: [] }); continue; }
        const outcome = await pool.examine(bufferSource(Buffer.from(file.content, 'base64')), file.name);
        const { verdict, findings } = judge(typeof outcome === 'string' ? fatalExamination(outcome) : outcome);
        files.push({ position: at + 1, verdict, findings: findings.map(({ code, message }) => ({ code, message })) });
      }
      const passed = files.every(({ verdict }) => verdict !== 'reject');
      return { passed, codes: passed ? [] : [...new Set(files.flatMap(({ findings }) => findings.map(({ code }) => code)))], details: [], files };
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      return { passed: false, codes: [error.code], details: problemOf(error, '').details, files: [] };
    }
  }
}
