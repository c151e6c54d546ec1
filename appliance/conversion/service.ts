import { isOpenConversion, nextConversion, requireAssessed, requireReviewer } from '../../core/conversion.js';
import type { ConversionCase, ConversionItem, RiskAssessed } from '../../core/conversion.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import { cleanText } from '../../core/text.js';
import type { Granted, Refused } from '../../secrecy/approval.js';
import { NOT_YET_MADE } from '../../secrecy/access.js';
import { highest, levelName } from '../../secrecy/level.js';
import type { Json } from '../../secrecy/signing.js';
import type { ConversionAdopt, ConversionAsk, ConversionCancel, ConversionDraft, ConversionPause, ConversionRollBack, ConversionSave, ConversionStart } from '../../policies/schemas/conversion.js';
import type { ServerCall } from '../call.js';
import { conversionRows, conversionTarget } from './rows.js';
import type { ConversionRows, StoredConversion } from './rows.js';
import type { ConversionParts, Tx, WriteTx } from './parts.js';
import { CONVERTIBLE, represented } from './work.js';

const wrong = (at: string, message: string): ArchiveError => new ArchiveError('E_INPUT_INVALID', {}, [{ at, message }]);
const text = (given: string, at: string): string => {
  const cleaned = cleanText(given, false);
  if (!cleaned.ok) throw wrong(at, '文字含有不可见字符');
  return cleaned.text;
};

/** 转换与迁移 as a case (办法第三十一条): need and risk written down, approved by another, run, tested again, reviewed by a third, undone where need be. */
export function conversionService(parts: ConversionParts) {
  const { store, clock, ids, policy, work, vault } = parts;
  const rules = { required: policy.risks, measureFrom: policy.measureFrom };
  const rowsOf = (tx: Tx | WriteTx): ConversionRows => conversionRows(tx.sql, parts.sealing);

  async function found(tx: Tx | WriteTx, id: string): Promise<StoredConversion> {
    const one = await rowsOf(tx).get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    await tx.allow(conversionTarget(one));
    return one;
  }

  function assessed(given: readonly RiskAssessed[]): readonly RiskAssessed[] {
    const known = new Set(policy.risks.map(({ key }) => key));
    if (given.some(({ risk }) => !known.has(risk)) || new Set(given.map(({ risk }) => risk)).size < given.length) throw wrong('/risks', '风险种类重复或不在登记之内');
    return given.map(({ risk, likelihood, impact, measure }, at) => ({ risk, likelihood, impact, measure: text(measure, `/risks/${String(at)}/measure`) }));
  }

  async function save(tx: WriteTx, call: ServerCall, one: StoredConversion, next: ConversionCase, seenVersion: number, detail: Readonly<Record<string, unknown>> = {}): Promise<{ conversion: string; state: ConversionCase['state']; version: number }> {
    await rowsOf(tx).save({ ...one, it: next }, seenVersion);
    tx.audit({ action: call.act, object: next.id, objectType: 'conversion', objectLevel: one.level, detail: { no: next.no, state: next.state, ...detail } });
    return { conversion: next.id, state: next.state, version: seenVersion + 1 };
  }

  const seen = (one: StoredConversion, seenVersion: number): void => { if (one.version !== seenVersion) throw new ArchiveError('E_STALE_VERSION', { conversion: one.it.id }); };

  /** What the signers sign: which files by which digest become what. */
  const decidedOf = (one: StoredConversion, items: readonly ConversionItem[]): Json => ({
    conversion: one.it.id, no: one.it.no, converter: one.it.converter, need: one.it.need, risks: one.it.risks.map((risk) => ({ ...risk })), files: items.map(({ file, source }) => ({ file, sm3: source.sm3 })), by: one.it.draftedBy,
  });
  const every = { offset: 0, limit: policy.limits.items };

  async function decided(tx: WriteTx, id: string): Promise<StoredConversion> {
    const one = await rowsOf(tx).get(id);
    if (one === undefined) throw new ArchiveError('E_NOT_FOUND');
    return one;
  }

  return {
    /** 拟定: every file one that the person may know of, current, in a format the converter takes, in no other open case. */
    async draft(call: ServerCall, input: ConversionDraft) {
      const row = work.rowOf(input.converter);
      const [need, risks] = [text(input.need, '/need'), assessed(input.risks)];
      if (input.files.length > policy.limits.items) throw wrong('/files', `一个个案最多 ${String(policy.limits.items)} 个文件`);
      return store.write(call, async (tx) => {
        const kept = rowsOf(tx);
        const taken = await kept.taken(input.files);
        const items: ConversionItem[] = [];
        const refused = (at: number, message: string): ArchiveError => new ArchiveError('E_CONVERSION_SOURCE', { file: input.files[at] ?? '' }, [{ at: `/files/${String(at)}`, message }]);
        let [fonds, department, level] = ['', '', -1];
        for (const [at, id] of input.files.entries()) {
          const file = await tx.files.get(id);
          const record = file && await tx.records.get(file.record);
          if (file === undefined || record === undefined) throw new ArchiveError('E_NOT_FOUND');
          await tx.allow(recordTarget(record), 'record.show');
          if (level >= 0 && (record.level !== level || record.fonds !== fonds)) throw refused(at, '一个个案只放同一全宗、同一密级的件');
          [fonds, department, level] = [record.fonds, at === 0 ? record.department : department === record.department ? department : '', record.level];
          if (file.replacedBy !== null) throw refused(at, '不是现行版本');
          if (!CONVERTIBLE.includes(record.state)) throw refused(at, '只有已归档在管的件可以转换');
          if (!row.from.includes(file.mime)) throw refused(at, `${file.format} 不适用“${row.name}”`);
          const other = taken.get(id);
          if (other !== undefined) throw refused(at, `已列入个案 ${other}`);
          items.push({ seq: at + 1, record: record.id, file: id, state: 'waiting', source: represented(file), target: null, checks: [], attempts: 0 });
        }
        const of = highest([level as 0]);
        const series = `ZH${String(of)}-${clock.today().slice(0, 4)}-`;
        const it: ConversionCase = {
          id: ids.uuid(), no: `${series}${String(await kept.numbered(series) + 1).padStart(4, '0')}`, state: 'drafted', converter: row.key, need, risks, draftedBy: call.person, draftedAt: clock.now(),
          approval: null, startedBy: null, startedAt: null, tool: null, finishedAt: null, review: null, rolledBack: null, reason: null,
        };
        const one: StoredConversion = { it, fonds, department, level: of, version: 1 };
        await tx.allow({ ...conversionTarget(one), id: NOT_YET_MADE });
        await kept.add(one, items);
        tx.audit({ action: call.act, object: it.id, objectType: 'conversion', objectLevel: of, detail: { no: it.no, converter: row.key, files: items.length } });
        return { conversion: it.id, no: it.no, version: 1 };
      });
    },

    async save(call: ServerCall, input: ConversionSave) {
      const [need, risks] = [text(input.need, '/need'), assessed(input.risks)];
      return store.write(call, async (tx) => {
        const one = await found(tx, input.conversion);
        return save(tx, call, one, { ...one.it, state: nextConversion(one.it.state, 'save'), need, risks }, input.seenVersion);
      });
    },

    /** 报批. @throws ArchiveError `E_MIGRATION_RISK_ASSESSMENT` with what is missing */
    async ask(call: ServerCall, input: ConversionAsk) {
      return store.write(call, async (tx) => {
        const one = await found(tx, input.conversion);
        seen(one, input.seenVersion);
        const state = nextConversion(one.it.state, 'ask');
        requireAssessed(one.it, rules);
        const items = await rowsOf(tx).items(one.it.id, every);
        const name = (key: string): string => policy.risks.find((risk) => risk.key === key)?.name ?? key;
        const asked = await parts.approvals.request(tx, call, {
          act: 'conversion.ask', object: one.it.id, decided: decidedOf(one, items), level: one.level, fonds: one.fonds, about: [one.it.draftedBy],
          words: [
            `格式转换 ${one.it.no}（${levelName(one.level)}）：${work.rowOf(one.it.converter).name}，${String(new Set(items.map(({ record }) => record)).size)} 件 ${String(items.length)} 个文件`, `需求分析：${one.it.need}`,
            ...one.it.risks.map(({ risk, likelihood, impact, measure }) => `风险“${name(risk)}”：可能性 ${String(likelihood)}、影响 ${String(impact)}${measure === '' ? '' : `，措施：${measure}`}`),
            '转换后逐件检测，原件保留；检测不合格或复核不同意的，原件仍为现行版本',
          ],
        });
        return { ...await save(tx, call, one, { ...one.it, state, approval: asked.id, reason: null }, input.seenVersion, { approval: asked.id }), approval: asked.id };
      });
    },

    /** The last signature. */
    async approved(tx: WriteTx, granted: Granted): Promise<void> {
      const one = await decided(tx, granted.object);
      await rowsOf(tx).save({ ...one, it: { ...one.it, state: nextConversion(one.it.state, 'approve'), approval: granted.id } }, one.version);
      tx.audit({ action: 'conversion.approve', object: one.it.id, objectType: 'conversion', objectLevel: one.level, approval: granted.id, detail: { no: one.it.no } });
    },
    async refused(tx: WriteTx, refusal: Refused): Promise<void> {
      const one = await decided(tx, refusal.object);
      await rowsOf(tx).save({ ...one, it: { ...one.it, state: nextConversion(one.it.state, 'refuse'), approval: null, reason: '审批不同意' } }, one.version);
      tx.audit({ action: 'conversion.refuse', object: one.it.id, objectType: 'conversion', objectLevel: one.level, approval: refusal.id, detail: { no: one.it.no } });
    },

    /** 执行, and going on after a pause. @throws ArchiveError `E_MIGRATION_RISK_ASSESSMENT` before it was approved; `E_CONVERSION_TOOL` */
    async start(call: ServerCall, input: ConversionStart) {
      const before = await store.read(call, async (tx) => {
        const one = await found(tx, input.conversion);
        if (one.it.state === 'drafted' || one.it.state === 'asked') throw new ArchiveError('E_MIGRATION_RISK_ASSESSMENT', { conversion: one.it.id, state: one.it.state }, [{ at: '', message: '尚未批准，请先报批并由单位负责人签署' }]);
        return one;
      });
      const tool = await parts.converters.requireTool(work.rowOf(before.it.converter));
      return store.write(call, async (tx) => {
        const one = await found(tx, input.conversion);
        const next: ConversionCase = { ...one.it, state: nextConversion(one.it.state, 'start'), startedBy: one.it.startedBy ?? call.person, startedAt: one.it.startedAt ?? clock.now(), tool };
        tx.afterCommit(async () => { work.begin(); return Promise.resolve(); });
        return save(tx, call, one, next, input.seenVersion, { tool });
      });
    },

    async pause(call: ServerCall, input: ConversionPause) {
      return store.write(call, async (tx) => {
        const one = await found(tx, input.conversion);
        return save(tx, call, one, { ...one.it, state: nextConversion(one.it.state, 'pause') }, input.seenVersion);
      });
    },

    /**
     * 复核并启用: only now the target stands in front of its original, which stays behind it.
     * @throws ArchiveError `E_SOD_CONFLICT`; `E_MIGRATION_POSTCHECK_FAILED` where nothing passed; `E_CONVERSION_SOURCE` where an original changed since
     */
    async adopt(call: ServerCall, input: ConversionAdopt) {
      const opinion = text(input.opinion, '/opinion');
      return store.write(call, async (tx) => {
        const one = await found(tx, input.conversion);
        seen(one, input.seenVersion);
        if (one.it.state === 'failed') throw new ArchiveError('E_MIGRATION_POSTCHECK_FAILED', { conversion: one.it.id });
        requireReviewer(one.it, call.person);
        const state = nextConversion(one.it.state, 'adopt');
        const derived = work.rowOf(one.it.converter).effect === 'derived';
        let adopted = 0;
        for (const item of await rowsOf(tx).items(one.it.id, every)) {
          if (item.state !== 'passed' || item.target === null) continue;
          const [source, record] = [await tx.files.get(item.file), await tx.records.get(item.record)];
          if (source === undefined || record === undefined || source.replacedBy !== null || source.sm3 !== item.source.sm3 || !CONVERTIBLE.includes(record.state)) {
            throw new ArchiveError('E_CONVERSION_SOURCE', { file: item.file }, [{ at: '', message: `第 ${String(item.seq)} 个文件的原件在转换之后有变化，请退回后重新拟定` }]);
          }
          if (!derived) await rowsOf(tx).stand(item.target.file, item.file);
          await rowsOf(tx).settle(one.it.id, { ...item, state: derived ? 'kept' : 'adopted' }, 'passed');
          const detail = { conversion: one.it.no, file: item.file, target: item.target.file, sourceSm3: item.source.sm3, targetSm3: item.target.sm3, tool: one.it.tool, bytesBefore: item.source.bytes, bytesAfter: item.target.bytes };
          await tx.records.addEvent(record.id, { activity: 'migrate', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第三十一条', detail: { ...detail, result: derived ? '派生件留存，原件仍为现行版本' : '转换件为现行版本，原件保留' } });
          tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail });
          adopted += 1;
        }
        return { ...await save(tx, call, one, { ...one.it, state, review: { by: call.person, at: clock.now(), opinion } }, input.seenVersion, { adopted }), adopted };
      });
    },

    /** 退回: the originals are current again. Before it was adopted the targets are erased; afterwards both versions stay. */
    async rollBack(call: ServerCall, input: ConversionRollBack) {
      const reason = text(input.reason, '/reason');
      return store.write(call, async (tx) => {
        const one = await found(tx, input.conversion);
        seen(one, input.seenVersion);
        requireReviewer(one.it, call.person);
        const state = nextConversion(one.it.state, 'rollBack');
        const erased: string[] = [];
        let back = 0;
        for (const item of await rowsOf(tx).items(one.it.id, every)) {
          if (item.target === null || !['passed', 'adopted', 'kept'].includes(item.state)) continue;
          const [target, record] = [await tx.files.get(item.target.file), await tx.records.get(item.record)];
          if (target === undefined || record === undefined) throw new ArchiveError('E_NOT_FOUND');
          if (!CONVERTIBLE.includes(record.state)) throw new ArchiveError('E_CONVERSION_SOURCE', { file: item.file }, [{ at: '', message: `第 ${String(item.seq)} 个文件所属的件已不在可转换的状态` }]);
          if (item.state === 'adopted') {
            if (target.replacedBy !== null) throw new ArchiveError('E_CONVERSION_SOURCE', { file: item.file }, [{ at: '', message: `第 ${String(item.seq)} 个文件的转换件已不是现行版本，请先退回后来的个案` }]);
            await rowsOf(tx).stand(item.file, item.target.file);
          } else {
            await tx.objects.erase(target.object, clock.now());
            erased.push(target.object);
          }
          await rowsOf(tx).settle(one.it.id, { ...item, state: 'rolled_back' }, item.state);
          const detail = { conversion: one.it.no, file: item.file, target: item.target.file, sourceSm3: item.source.sm3 };
          await tx.records.addEvent(record.id, { activity: 'migrate', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第三十一条', detail: { ...detail, result: '转换退回，原件为现行版本', reason } });
          tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail });
          back += 1;
        }
        tx.afterCommit(async () => { for (const object of erased) await vault.erase(object); });
        return { ...await save(tx, call, one, { ...one.it, state, rolledBack: { by: call.person, at: clock.now(), reason } }, input.seenVersion, { back, erased: erased.length }), back };
      });
    },

    /** 撤销 before anything became current; what was converted already is erased. */
    async cancel(call: ServerCall, input: ConversionCancel) {
      const reason = text(input.reason, '/reason');
      return store.write(call, async (tx) => {
        const one = await found(tx, input.conversion);
        if (!isOpenConversion(one.it.state)) throw new ArchiveError('E_STATE_INVALID', { state: one.it.state, event: 'cancel' });
        const state = nextConversion(one.it.state, 'cancel');
        const erased: string[] = [];
        for (const item of await rowsOf(tx).items(one.it.id, every)) {
          const target = item.target === null ? undefined : await tx.files.get(item.target.file);
          if (target === undefined) continue;
          await tx.objects.erase(target.object, clock.now());
          erased.push(target.object);
          await rowsOf(tx).settle(one.it.id, { ...item, state: 'rolled_back' }, item.state);
        }
        tx.afterCommit(async () => { for (const object of erased) await vault.erase(object); });
        return save(tx, call, one, { ...one.it, state, reason }, input.seenVersion, { erased: erased.length });
      });
    },
  };
}
export type ConversionService = ReturnType<typeof conversionService>;
