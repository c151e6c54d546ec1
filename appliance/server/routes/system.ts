import { Type } from '@sinclair/typebox';
import { CalendarList } from '../../../policies/schemas/calendar.js';
import { AccessExplain } from '../../../policies/schemas/record.js';
import { NoInput } from '../../../policies/schemas/session.js';
import { ArchiveError } from '../../../core/errors.js';
import { batchTarget, recordTarget } from '../../../core/holdings.js';
import type { Target } from '../../../core/ports.js';
import { boxSignatureCheck } from '../../box.js';
import type { Box } from '../../box.js';
import { selfTest } from '../../crypto/self-test.js';
import { SmCryptoVerifier } from '../../crypto/sm-crypto-adapter.js';
import { fsck } from '../../maintenance/fsck.js';
import { rehearsalPeople } from '../../founding/rehearsal.js';
import { KeyUnlock } from '../../identity/key-service.js';
import type { Services } from '../../services.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const keyRoutes = (services: Services): Routes => ({
  'key.status': route({ method: 'GET', summary: '密钥状态', input: NoInput, errors: ['E_DENIED'], handle: services.keys.status }),
  'key.shares': route({ method: 'GET', summary: '开锁所需的密钥分量', input: NoInput, open: true, errors: [], handle: services.keys.shares }),
  'key.unlock': route({ method: 'POST', summary: '提交密钥分量开锁', input: KeyUnlock, open: true, errors: ['E_KEY_SHARE_INVALID'], handle: services.keys.unlock }),
  'key.lock': route({ method: 'POST', summary: '上锁', input: NoInput, errors: ['E_DENIED'], handle: services.keys.lock }),
});

export const systemRoutes = (box: Box, services: Services): Routes => ({
  'scheme.list': route({
    method: 'GET', summary: '三表、字典与全宗', input: NoInput, errors: [],
    handle: async (call) => box.store.read(call, async (tx) => {
      await tx.allow();
      const { terms, items, exclusions, version, title, approval } = box.policies.content('retention.json');
      return {
        fonds: box.profile.fonds, departments: await tx.people.departments(), schemes: box.policies.content('schemes.json').schemes,
        retention: { version, title, approval, terms, items, exclusions }, filingScope: box.policies.content('filing-scope.json'),
        dictionaries: box.policies.content('dictionaries.json'), marking: box.policies.content('marking.json'),
        capture: box.policies.content('capture.json'),
      };
    }),
  }),
  'access.explain': route({
    method: 'GET', summary: '说明准许或拒绝的理由', input: AccessExplain, errors: ['E_NOT_FOUND'],
    handle: async (call, input) => box.store.read(call, async (tx) => {
      await tx.allow();
      let aim: Target | undefined;
      if (input.record !== undefined) {
        const record = await tx.records.get(input.record);
        if (!record) throw new ArchiveError('E_NOT_FOUND');
        aim = recordTarget(record);
      } else if (input.batch !== undefined) {
        const batch = await tx.batches.get(input.batch);
        if (!batch) throw new ArchiveError('E_NOT_FOUND');
        aim = batchTarget(batch);
      }
      if (!box.access.acts.has(input.act)) throw new ArchiveError('E_NOT_FOUND', { act: input.act });
      // Whether a thing may be known of is decided as for things of its own kind, whatever act is asked about.
      if (aim !== undefined) await box.gate.explain(call, aim.type === 'record' ? 'record.show' : 'capture.show', aim);
      const { allowed, reasons } = await box.gate.explain(call, input.act, aim);
      return { allowed, reasons };
    }),
  }),
  'calendar.list': route({ method: 'GET', summary: '法定日历', input: CalendarList, errors: ['E_INPUT_INVALID'], handle: services.calendar.list }),
  'desk.list': route({ method: 'GET', summary: '工作台', input: NoInput, errors: [], handle: services.desk.list }),
  'duty.list': route({
    method: 'GET', summary: '岗位与互斥', input: NoInput, errors: ['E_DENIED'],
    handle: async (call) => box.store.read(call, async (tx) => {
      await tx.allow();
      return { duties: box.policies.content('duties.json').duties, conflicts: box.access.conflicts };
    }),
  }),
  'system.selftest': route({
    method: 'POST', summary: '算法自检', input: NoInput, errors: ['E_DENIED'],
    handle: async (call) => {
      const report = await selfTest(box.crypto, new SmCryptoVerifier());
      await box.store.write(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, result: report.passed ? 'ok' : 'failed', detail: { tests: report.rows.length, failed: report.rows.filter((row) => !row.passed).length } });
      });
      return { at: box.clock.now(), passed: report.passed, results: report.rows.map(({ name, passed }) => ({ name, passed: passed ? 1 : 0, total: 1 })) };
    },
  }),
  'system.fsck': route({
    method: 'POST', summary: '一致性核查', input: NoInput, errors: ['E_DENIED'],
    handle: async (call) => {
      await box.store.read(call, async (tx) => { await tx.allow(); });
      const found = await fsck({
        sql: box.reader, vault: box.vault, keys: box.keys, paths: box.paths, sm3: box.sm3, check: boxSignatureCheck(box.crypto, box.identity.chain[0] ?? ''), deep: false, bindings: box.bindings,
      });
      await box.store.write(call, async (tx) => {
        await tx.allow();
        tx.audit({ action: call.act, result: found.findings.length === 0 ? 'ok' : 'failed', detail: { objects: found.objects, entries: found.entries, findings: found.findings.length } });
      });
      return {
        at: box.clock.now(), clean: found.findings.length === 0, checked: { 档案: found.records, 内容对象: found.objects, 审计记录: found.entries },
        faults: found.findings.map(({ kind, text, object }) => ({ kind, text: object === '' ? text : `${text}（${object}）` })),
      };
    },
  }),
  'system.status': route({
    method: 'GET', summary: '本机状况', input: NoInput, errors: ['E_DENIED'],
    handle: async (call) => box.store.read(call, async (tx) => {
      await tx.allow();
      tx.audit({ action: call.act });
      const count = async (table: string) => (await tx.sql.one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))?.n ?? 0;
      return {
        serial: box.identity.serial, profile: box.profile, keys: box.keys.unlocking, checkpoint: box.lastCheckpoint(), entries: box.ledger.head().size,
        counts: { persons: await count('person'), records: await count('record'), objects: await count('stored_object'), batches: await count('capture_batch') },
        bulk: box.bulk.choice, provider: box.crypto.name,
      };
    }),
  }),
  ...(box.profile.rehearsal ? {
    'rehearsal.people': route({
      method: 'GET', summary: '演练人员', input: Type.Object({}, { additionalProperties: false }), open: true, errors: [],
      handle: async () => ({ people: await rehearsalPeople(box.paths.root, box.profile.mode, services.dutyName) }),
    }),
  } : {}),
});
