import { ArchiveError } from '../../core/errors.js';
import type { Clock, Ids, Instant, ReadTools, WriteTools } from '../../core/ports.js';
import type { AccreditationRegister, ComplianceEnter, ComplianceFile, ComplianceList, CompliancePreview } from '../../policies/schemas/compliance.js';
import type { approvalService } from '../../secrecy/services/approvals.js';
import { canonical, checkSignature, type Json, type VerifySignature } from '../../secrecy/signing.js';
import type { ServerCall } from '../call.js';
import type { Repositories } from '../store/repositories/index.js';
import type { Store } from '../store/unit-of-work.js';
import { accredited, checkedFile, checkItem, counted } from './checklist.js';
import type { Accreditation, Facts } from './facts.js';

export interface ComplianceParts {
  readonly store: Store<Repositories>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly file: ComplianceFile;
  readonly facts: () => Promise<Facts>;
  readonly approvals: ReturnType<typeof approvalService<Repositories & WriteTools, Repositories & ReadTools>>;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  readonly systemLevel: number;
  readonly box: string;
}

/** 合规清单: what the box can show by itself, what officers entered, and 系统审查登记. */
export function complianceService(parts: ComplianceParts) {
  const { store, clock, ids, approvals } = parts;
  const file = checkedFile(parts.file);

  const manual = (code: string) => {
    const item = file.items.find((one) => one.code === code);
    if (item === undefined) throw new ArchiveError('E_NOT_FOUND', { code });
    if (item.evidence !== 'manual') throw new ArchiveError('E_INPUT_INVALID', { code }, [{ at: '/code', message: '该条由本机取证，不能人工填写结论' }]);
    return item;
  };
  const checkEntry = (input: CompliancePreview): void => {
    const item = manual(input.code);
    if (item.conclusion === 'assessment' && input.status !== 'pending') throw new ArchiveError('E_INPUT_INVALID', { code: input.code }, [{ at: '/status', message: '分级保护条目的结论只能按测评意见，请选“待核查”并登记测评意见编号' }]);
    if (input.checkedOn > clock.today()) throw new ArchiveError('E_INPUT_INVALID', { code: input.code }, [{ at: '/checkedOn', message: '核查日期不能晚于今天' }]);
  };
  const statement = (input: CompliancePreview, person: string): string => canonical({
    type: 'shouzang-compliance/v1', box: parts.box, person, code: input.code, status: input.status, evidenceRef: input.evidenceRef, note: input.note, checkedOn: input.checkedOn,
  } satisfies Json);

  approvals.carries('accreditation.register', async (tx, _call, granted, decided) => {
    const it = decided as unknown as Accreditation;
    const id = ids.uuid();
    await tx.compliance.addAccreditation(id, it, clock.now(), granted.id);
    tx.audit({ action: 'accreditation.register', object: id, objectType: 'accreditation', approval: granted.id, detail: { validTo: it.validTo } });
  });

  /** Every item as it stands; for the console and R17. Inside the caller's unit of work. */
  async function checked(tx: Pick<Repositories, 'compliance'>) {
    const [facts, entries] = [await parts.facts(), await tx.compliance.entries()];
    return { facts, items: file.items.map((item) => checkItem(file, item, facts, entries.get(item.code))) };
  }

  return {
    file, checked,

    /** True where state secrets may come in: a rehearsal, or a real box whose 系统审查 is registered and has not ended. */
    async mayEnterSecrets(tx: Pick<Repositories, 'compliance'>, rehearsal: boolean): Promise<boolean> {
      return rehearsal || accredited(await tx.compliance.accreditation(), clock.today());
    },

    async list(call: ServerCall, input: ComplianceList) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const { facts, items } = await checked(tx);
        tx.audit({ action: call.act, detail: { ...counted(items) } });
        const shown = items.filter(({ item, status }) => (input.source === undefined || item.source === input.source) && (input.status === undefined || status === input.status)
          && (input.kind === undefined || (input.kind === 'manual') === (item.evidence === 'manual')));
        return {
          at: facts.now, version: file.version, declaration: file.declaration, accreditation: facts.accreditation, accredited: accredited(facts.accreditation, facts.today), required: parts.systemLevel >= 2,
          counts: counted(items), bySource: file.sources.map(({ key, name }) => ({ key, name, ...counted(items.filter(({ item }) => item.source === key)) })),
          rows: shown.map(({ item, ...rest }) => ({ ...item, how: item.evidence === 'manual' ? 'manual' as const : 'probe' as const, sourceName: file.sources.find(({ key }) => key === item.source)?.name ?? item.source, ...rest })),
        };
      });
    },

    async preview(call: ServerCall, input: CompliancePreview) {
      return store.read(call, async (tx) => {
        await tx.allow();
        checkEntry(input);
        return { statement: statement(input, call.person) };
      });
    },

    /** 人工核查登记, with the officer's signature over exactly this. */
    async enter(call: ServerCall, input: ComplianceEnter) {
      const { signature, ...entry } = input;
      return store.write(call, async (tx) => {
        await tx.allow();
        checkEntry(entry);
        const person = await tx.people.get(call.person);
        if (person?.certificate == null || person.certificateSerial === null || person.token === null) throw new ArchiveError('E_CERT_INVALID', { person: call.person });
        const at = clock.now();
        const signed = { person: person.id, token: person.token, certificateSerial: person.certificateSerial, signature, at };
        checkSignature(parts.verifierFor(person.certificate, at), statement(entry, call.person), signed);
        const id = ids.uuid();
        await tx.compliance.addEntry({ id, code: entry.code, status: entry.status, checkedOn: entry.checkedOn, evidenceRef: entry.evidenceRef, note: entry.note, enteredBy: person.id, enteredAt: at, account: person.account, signature: signed, certificate: person.certificate });
        tx.audit({ action: call.act, object: id, objectType: 'compliance', detail: { code: entry.code, status: entry.status } });
        return { entry: id };
      });
    },

    /** 提请登记系统审查: carried out by the head's signature. */
    async register(call: ServerCall, input: AccreditationRegister) {
      return store.write(call, async (tx) => {
        await tx.allow();
        if (input.validTo < clock.today()) throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/validTo', message: '有效期已过，不能登记' }]);
        const { id } = await approvals.request(tx, call, {
          act: call.act, object: 'accreditation', level: 1, decided: { ...input },
          words: ['登记系统检测评估与保密审查', `检测评估机构：${input.assessOrg}，报告 ${input.reportNo}`, `审查批准文号：${input.approvalNo}，有效期至 ${input.validTo}`, '登记后本机可录入系统等级以内的国家秘密'],
        });
        return { approval: id };
      });
    },
  };
}
export type ComplianceService = ReturnType<typeof complianceService>;
