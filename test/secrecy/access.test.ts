import test from 'ava';
import fc from 'fast-check';
import { ArchiveError } from '../../core/errors.js';
import { authorize, decide, fits } from '../../secrecy/access.js';
import { loadPolicy } from '../../secrecy/duties.js';
import { abilities, explain } from '../../secrecy/explain.js';
import { isLevel, protectiveLevel, withinSystem } from '../../secrecy/level.js';
import { ACTS, codeOf, DUTIES, person, SECRET_BOX, shipped, SOURCES, thing } from '../helpers/secrecy.js';

/** 岗位职责表: who may do what once level, scope, state and separation all agree. The second copy of access.csv. */
const MAY = `
  session.challenge          everyone
  session.sign-in            everyone
  session.current            everyone
  key.shares                 everyone
  rehearsal.people           everyone
  session.change-password    everyone
  session.switch-level              everyone
  session.lock               everyone
  session.unlock             everyone
  session.sign-out           everyone
  access.explain             everyone
  access.rehearse            officer class_authority unit_head custodian
  desk.list                  everyone
  person.list                three-officers
  person.directory           officer custodian archivist proposer class_authority unit_head repository
  person.create              sysadmin
  person.disable             sysadmin
  person.unlock              sysadmin
  person.clear               secadmin
  person.rehearse            secadmin
  person.grant               secadmin
  person.appoint             unit_head
  person.revoke              secadmin
  personnel.list             secadmin officer unit_head
  personnel.show             secadmin officer unit_head
  personnel.enter            secadmin
  personnel.note             secadmin officer
  personnel.leave            secadmin
  personnel.return           secadmin officer
  terminal.list              three-officers
  terminal.register          sysadmin
  terminal.clear             secadmin
  terminal.retire            sysadmin secadmin
  emergency.list             readers secadmin auditadmin
  emergency.request          readers
  emergency.end              readers secadmin
  emergency.review           officer auditadmin
  policy.show                three-officers inspector
  policy.tighten             secadmin
  duty.list                  three-officers inspector
  audit.list                 auditadmin
  audit.daily                secadmin
  audit.verify               auditadmin
  audit.consistency          auditadmin
  audit.checkpoints          auditadmin inspector
  audit.prove                auditadmin
  audit.trace                auditadmin
  audit.checkpoint           auditadmin
  audit.export               auditadmin
  alarm.list                 three-officers officer custodian
  alarm.rules                three-officers
  alarm.acknowledge          three-officers officer custodian
  alarm.resume               auditadmin
  binding.show               three-officers officer custodian
  binding.verify             three-officers
  binding.pause              sysadmin
  mark.list                  officer custodian class_authority secadmin auditadmin
  mark.check                 officer secadmin
  capture.list               collectors
  capture.show               collectors
  capture.open               collectors
  capture.upload             collectors
  capture.compose            collectors
  capture.uploads            collectors
  capture.begin-upload       collectors
  capture.catalogue             collectors
  capture.declare            collectors
  capture.withdraw           collectors
  table.list                 archivist custodian officer unit_head proposer inspector
  table.show                 archivist custodian officer unit_head proposer inspector
  table.compare              archivist custodian officer unit_head proposer inspector
  table.effects              archivist custodian unit_head
  table.export               archivist custodian officer unit_head proposer inspector
  table.import               archivist custodian
  table.rehearse             archivist custodian
  table.approve              archivist custodian unit_head
  table.withdraw             archivist custodian
  source.list                sysadmin secadmin auditadmin archivist custodian officer proposer inspector
  source.show                sysadmin secadmin auditadmin archivist custodian officer proposer inspector
  source.receipts            archivist custodian proposer
  source.register            sysadmin
  source.assign              sysadmin
  source.renew               sysadmin
  source.clear               secadmin
  source.test                archivist custodian
  source.suspend             sysadmin secadmin archivist
  source.resume              secadmin
  online.capture             proposer
  online.submit              proposer
  online.upload              proposer
  online.receipt             proposer
  online.trial               proposer
  import.list                collectors
  import.show                collectors
  import.begin               collectors
  import.upload              collectors
  import.take                collectors
  import.abandon             collectors
  exchange.metadata          collectors repository
  exchange.package           archivist custodian repository
  inspection.list            keepers
  inspection.show            collectors
  inspection.run             keepers
  inspection.rerun           keepers
  inspection.compare         collectors
  rulepack.list              three-officers inspector keepers
  rulepack.show              three-officers inspector keepers
  rulepack.preview           secadmin
  rulepack.enter             secadmin
  rulepack.activate          sysadmin auditadmin
  virus.show                 three-officers inspector keepers
  virus.register             sysadmin
  seal.strip                 collectors
  arrangement.list           collectors
  arrangement.preview        collectors
  arrangement.save           collectors
  arrangement.set            collectors
  arrangement.changes        collectors
  arrangement.undo           collectors
  relation.list              readers
  relation.declare           collectors
  relation.end               collectors
  relation.part              collectors
  volume.list                collectors
  volume.show                collectors
  volume.print               collectors
  volume.open                collectors
  volume.arrange             collectors
  volume.close               collectors
  volume.reopen              collectors
  filing.list                keepers
  filing.show                keepers
  filing.reconcile           keepers
  filing.return              keepers
  filing.renumber            keepers
  filing.voided              keepers inspector
  filing.file                keepers
  record.search              readers
  record.show                readers
  record.read                readers
  record.pages               readers
  record.amend               collectors
  classification.list        officer class_authority custodian unit_head proposer
  classification.show        officer class_authority custodian unit_head proposer
  knowledge.list             officer custodian class_authority unit_head
  knowledge.export           officer custodian unit_head
  destruction.list           custodian archivist officer unit_head inspector proposer class_authority
  destruction.show           custodian archivist officer unit_head inspector proposer class_authority
  destruction.print          custodian archivist officer unit_head inspector proposer class_authority
  destruction.verify         custodian archivist officer unit_head inspector
  destruction.candidates     keepers
  destruction.draft          keepers
  destruction.submit         keepers
  destruction.cancel         keepers
  destruction.freeze         keepers officer
  destruction.execute        keepers officer
  destruction.resume         keepers officer
  destruction.settle         keepers officer
  destruction.preview        keepers officer proposer class_authority
  destruction.sign           keepers officer proposer class_authority
  destruction.tombstone      keepers unit_head officer class_authority proposer reader
  register.list              sysadmin secadmin auditadmin officer archivist custodian unit_head class_authority inspector
  register.show              sysadmin secadmin auditadmin officer archivist custodian unit_head class_authority inspector
  register.enter             sysadmin archivist officer unit_head
  register.amend             sysadmin archivist officer unit_head
  register.end               sysadmin archivist officer unit_head
  carrier.list               custodian archivist officer unit_head inspector
  carrier.show               custodian archivist officer unit_head inspector
  carrier.label              custodian archivist officer
  carrier.register           custodian officer
  carrier.move               custodian officer
  carrier.lose               custodian officer
  carrier.load               custodian officer
  carrier.inventory          custodian officer
  carrier.loss-report        custodian officer unit_head
  disposal.pending           custodian archivist officer unit_head inspector
  disposal.enter             custodian archivist officer
  disposal.withdraw          custodian archivist officer
  disposal.list              custodian archivist officer unit_head inspector class_authority proposer
  disposal.show              custodian archivist officer unit_head inspector class_authority proposer
  disposal.open              custodian archivist officer
  disposal.count             custodian archivist officer
  disposal.ask               custodian archivist officer
  disposal.isolate           custodian archivist officer
  disposal.release           custodian archivist officer
  disposal.preview           custodian archivist officer class_authority proposer
  disposal.execute           custodian archivist officer
  disposal.witness           custodian archivist officer class_authority proposer
  disposal.cancel            custodian archivist officer
  carrier.destroy            custodian archivist officer
  disposal.attach            custodian archivist officer
  disposal.import-log        custodian archivist officer
  disposal.evidence          custodian archivist officer unit_head inspector class_authority proposer
  disposal.print             custodian archivist officer unit_head
  disposal.equipment         custodian archivist officer unit_head inspector
  disposal.enter-device      custodian officer
  disposal.enter-unit        custodian officer
  migration.list             custodian archivist officer unit_head inspector
  migration.plan             custodian archivist officer
  migration.perform          custodian archivist officer
  migration.verify           custodian archivist officer
  device.list                secadmin sysadmin custodian archivist officer inspector
  device.show                secadmin sysadmin custodian officer inspector
  scan.list                  proposer archivist custodian officer unit_head repository inspector
  scan.measure               proposer archivist custodian
  scan.describe              proposer archivist custodian
  scan.recognise             custodian archivist
  scan.text                  archivist custodian unit_head repository officer class_authority proposer reader
  conversion.formats         custodian archivist officer unit_head inspector
  conversion.files           custodian archivist
  conversion.list            custodian archivist officer unit_head inspector
  conversion.show            custodian archivist officer unit_head inspector
  conversion.draft           custodian archivist
  conversion.save            custodian archivist
  conversion.ask             custodian archivist
  conversion.start           custodian archivist
  conversion.pause           custodian archivist
  conversion.adopt           archivist officer custodian
  conversion.roll-back       archivist officer custodian
  conversion.cancel          custodian archivist
  conversion.print           custodian archivist officer unit_head inspector
  output.list                custodian archivist officer unit_head inspector class_authority repository proposer reader
  output.show                custodian archivist officer unit_head inspector class_authority repository proposer reader
  output.request             custodian archivist officer unit_head class_authority repository proposer reader
  output.print               custodian archivist officer
  output.burn                custodian archivist officer
  output.export              custodian archivist officer
  output.return              custodian archivist officer
  output.copies              custodian archivist officer unit_head class_authority
  output.trace               custodian archivist officer unit_head inspector
  opening.due                archivist custodian repository unit_head officer
  opening.list               archivist custodian repository unit_head officer
  opening.propose            archivist custodian repository
  channel.list               everyone
  use.list                   custodian archivist officer unit_head inspector class_authority repository proposer reader
  use.show                   custodian archivist officer unit_head inspector class_authority repository proposer reader
  use.request                custodian archivist officer unit_head class_authority repository proposer reader
  use.assess                 custodian archivist
  use.refuse                 custodian archivist
  use.open                   custodian archivist officer unit_head class_authority repository proposer reader
  use.close                  custodian archivist officer unit_head class_authority repository proposer reader
  use.statistics             custodian archivist officer unit_head inspector
  certificate.list           archivist custodian repository unit_head officer
  certificate.issue          archivist custodian repository
  compilation.list           archivist custodian officer unit_head inspector
  compilation.show           archivist custodian officer unit_head inspector
  compilation.open           archivist custodian
  compilation.add            archivist custodian
  compilation.remove         archivist custodian
  compilation.register       archivist custodian
  suggestion.list            archivist custodian
  suggestion.topics          archivist custodian
  suggestion.settle          archivist custodian
  share.list                 archivist custodian repository unit_head inspector
  share.export               archivist custodian repository
  eligibility.show           archivist custodian proposer
  eligibility.submit         archivist custodian proposer
  eligibility.review         archivist custodian
  device.scan                sysadmin secadmin custodian officer
  device.register            secadmin
  device.renew               secadmin
  device.resume              secadmin
  device.suspend             secadmin officer
  device.challenge           custodian archivist officer
  device.check               custodian archivist officer
  device.usbguard            secadmin sysadmin
  accession.list             repository custodian unit_head inspector
  accession.show             repository custodian unit_head inspector
  accession.register         repository custodian unit_head inspector
  accession.arrive           repository
  accession.sign-in          repository
  accession.open             repository
  accession.inspect          repository
  accession.accept           repository
  accession.return           repository
  accession.dismiss          repository
  accession.sign             repository
  accession.receipt          repository custodian
  accession.close            repository
  counterpart.list           custodian archivist officer secadmin unit_head repository inspector
  counterpart.show           custodian archivist officer secadmin unit_head repository inspector
  counterpart.card           custodian archivist officer secadmin repository
  counterpart.register       custodian archivist repository
  counterpart.suspend        officer secadmin
  transfer.due               custodian archivist officer
  transfer.list              custodian archivist officer unit_head inspector
  transfer.show              custodian archivist officer unit_head inspector
  transfer.progress          custodian archivist officer
  transfer.handover          custodian archivist officer unit_head
  transfer.print             custodian archivist officer unit_head
  transfer.plan              custodian archivist
  transfer.amend             custodian archivist
  transfer.attach            custodian archivist
  transfer.put-companion     custodian archivist
  transfer.drop-companion    custodian archivist
  transfer.prepare           custodian archivist
  transfer.inspect           custodian archivist
  transfer.approve           custodian archivist
  transfer.seal              custodian archivist
  transfer.draw-handover     custodian archivist
  transfer.sign-handover     custodian archivist officer
  transfer.receive           custodian archivist
  transfer.close             custodian archivist
  transfer.withdraw          custodian archivist
  appraisal.due              archivist custodian unit_head officer class_authority
  appraisal.candidates       archivist custodian
  appraisal.list             archivist custodian unit_head officer class_authority proposer
  appraisal.show             archivist custodian unit_head officer class_authority proposer
  appraisal.draft            archivist custodian
  appraisal.convene          unit_head
  appraisal.opine            archivist custodian officer class_authority proposer
  appraisal.report           archivist custodian
  appraisal.preview          archivist custodian officer class_authority proposer
  appraisal.sign             archivist custodian officer class_authority proposer
  appraisal.reopen           archivist custodian
  appraisal.submit           archivist custodian
  appraisal.close            archivist custodian
  appraisal.cancel           archivist custodian unit_head
  appraisal.disposable       archivist custodian unit_head officer class_authority
  appraisal.check            archivist custodian unit_head officer class_authority proposer
  appraisal.consent          archivist custodian
  appraisal.keep             archivist custodian
  hold.list                  archivist custodian unit_head officer class_authority
  hold.place                 archivist custodian officer
  hold.lift                  archivist custodian unit_head officer
  container.list             officer custodian class_authority unit_head
  container.lower            officer custodian
  classification.authorities everyone
  classification.preview     officer custodian proposer class_authority unit_head
  classification.propose     officer custodian proposer
  classification.approve     class_authority unit_head
  classification.reject      class_authority unit_head
  classification.protect     officer custodian proposer
  classification.report      officer custodian proposer
  classification.withdraw    officer custodian proposer
  classification.expiring    officer class_authority custodian unit_head proposer
  classification.close-task  officer custodian
  classification.cases       officer class_authority custodian unit_head proposer
  classification.case        officer class_authority custodian unit_head proposer
  classification.forms       everyone
  classification.preview-case  officer class_authority custodian unit_head proposer
  classification.draft-case  officer custodian proposer
  classification.enter-step  officer custodian proposer
  classification.sign-case   officer custodian proposer
  classification.decide-case class_authority unit_head
  classification.return-case class_authority unit_head
  classification.withdraw-case  officer custodian proposer
  classification.notices     officer class_authority custodian unit_head proposer
  classification.enter-notice  officer custodian proposer
  classification.appoint-authority  officer
  classification.end-authority  officer
  classification.authorise   officer
  classification.revoke-authorisation  officer unit_head
  classification.statistics  officer class_authority unit_head custodian
  classification.export-statistics officer class_authority unit_head custodian
  approval.list              everyone
  approval.show              everyone
  approval.preview           everyone
  approval.sign              everyone-but-inspector
  approval.refuse            everyone-but-inspector
  report.list                auditadmin secadmin officer keepers inspector
  report.show                auditadmin secadmin officer keepers inspector
  report.read                auditadmin secadmin officer keepers inspector
  report.create              auditadmin secadmin officer keepers inspector
  report.four-property       keepers inspector
  report.appraisal           archivist custodian
  report.transfer            archivist custodian
  report.overdue             archivist custodian officer
  report.filing-register     archivist custodian
  report.filing-catalogue    archivist custodian
  report.chain               officer custodian
  report.user-role           auditadmin inspector
  report.drill               secadmin auditadmin inspector
  report.compliance          secadmin officer
  compliance.list            secadmin officer unit_head
  compliance.preview         secadmin officer
  compliance.enter           secadmin officer
  accreditation.register     secadmin
  calendar.list              everyone
  scheme.list                everyone
  key.status                 three-officers
  key.unlock                 three-officers
  key.lock                   three-officers
  key.register               three-officers
  key.rotate                 sysadmin secadmin
  key.destroy-epoch          sysadmin secadmin
  key.reissue                three-officers
  ceremony.list              three-officers inspector
  ceremony.show              three-officers inspector
  ceremony.print             three-officers inspector
  ceremony.sign              three-officers
  ceremony.enter             sysadmin secadmin
  backup.list                three-officers inspector
  backup.register-target     sysadmin
  backup.retire-target       sysadmin
  backup.create              sysadmin
  backup.verify              sysadmin secadmin
  backup.plans               three-officers inspector archivist
  backup.plan                sysadmin
  backup.drill               sysadmin
  backup.drills              three-officers inspector
  backup.drill-report        three-officers inspector
  backup.offsites            three-officers inspector officer
  backup.register-offsite    sysadmin
  backup.end-offsite         sysadmin
  preservation.show          three-officers archivist custodian inspector
  preservation.start         sysadmin archivist custodian
  preservation.pause         sysadmin archivist custodian
  preservation.cases         three-officers archivist custodian inspector
  preservation.handle        archivist custodian
  preservation.mend          sysadmin
  preservation.locations     three-officers archivist custodian inspector
  preservation.register-location sysadmin
  preservation.retire-location sysadmin
  preservation.readings      sysadmin archivist custodian inspector
  preservation.enter-reading archivist custodian
  preservation.media         custodian archivist inspector
  preservation.check-medium  custodian
  system.status              three-officers inspector
  clock.show                 three-officers
  clock.correct              auditadmin
  system.selftest            sysadmin
  system.fsck                sysadmin
`;
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  everyone: DUTIES,
  'everyone-but-inspector': DUTIES.filter((duty) => duty !== 'inspector'),
  'three-officers': ['sysadmin', 'secadmin', 'auditadmin'],
  readers: DUTIES.filter((duty) => !['sysadmin', 'secadmin', 'auditadmin', 'inspector'].includes(duty)),
  collectors: ['custodian', 'archivist', 'proposer'],
  keepers: ['custodian', 'archivist'],
};
const expected = new Map(MAY.trim().split('\n').map((line) => {
  const [act = '', ...words] = line.trim().split(/\s+/u);
  return [act, new Set(words.flatMap((word) => GROUPS[word] ?? [word]))];
}));

for (const { act, object } of ACTS) {
  test(`duty 岗位: ${act} is for ${[...(expected.get(act) ?? [])].join(', ')} and nobody else (domain/07 §4)`, async (t) => {
    const policy = await shipped();
    for (const duty of DUTIES) {
      const ever = ['open', 'filed', 'proposed'].some((state) => ['P1', 'P9'].some((owner) =>
        decide(policy, SECRET_BOX, person(duty), act, object === 'none' ? null : thing({ state, owner, level: 4 })).allowed));
      t.is(ever, expected.get(act)?.has(duty) ?? false, `${duty} ${act}`);
    }
  });
}

test('every act of the table is an act of acts.json and the other way round', (t) => {
  t.deepEqual([...expected.keys()].sort(), ACTS.map(({ act }) => act).sort());
});

for (const duty of ['sysadmin', 'secadmin', 'auditadmin'] as const) {
  test(`三员: ${duty} never reads a record, whatever other duty or clearance is held (a deny overrides)`, async (t) => {
    const policy = await shipped();
    for (const act of ['record.search', 'record.show', 'record.read', 'record.amend']) {
      for (const level of [0, 1, 2, 3, 4]) {
        const decision = decide(policy, SECRET_BOX, person([duty, 'reader', 'custodian']), act, thing({ level, owner: 'P1' }));
        t.false(decision.allowed, `${act} ${level}`);
        t.regex(decision.matched.join(), /deny/u);
      }
    }
  });
}

const BAD_LEVELS: readonly unknown[] = [undefined, null, '3', '机密', 'secret', 99, -1, 2.5, NaN, Infinity, true, {}, [3], 3n];
test('a missing, null, text or unknown level counts as the system\'s highest', (t) => {
  for (const bad of BAD_LEVELS) {
    t.false(isLevel(bad));
    t.is(protectiveLevel(bad, 3), 3);
  }
});
test('a record with a damaged level is shown only to those cleared for the system\'s highest', async (t) => {
  const policy = await shipped();
  for (const bad of BAD_LEVELS) {
    t.true(decide(policy, SECRET_BOX, person('reader'), 'record.read', thing({ level: bad })).allowed);
    t.false(decide(policy, SECRET_BOX, person('reader', { clearance: 3, currentLevel: 3 }), 'record.read', thing({ level: bad })).allowed);
  }
});
test('a damaged clearance or session level gives nothing above public and nothing to write', async (t) => {
  const policy = await shipped();
  for (const bad of [...BAD_LEVELS, 4]) {
    const clearance = bad === 4 ? 3 : bad;
    t.false(decide(policy, SECRET_BOX, person('reader', { clearance, currentLevel: bad }), 'record.read', thing({ level: 1 })).allowed);
    t.false(decide(policy, SECRET_BOX, person('custodian', { clearance: 4, currentLevel: bad === 4 ? null : bad }), 'record.amend', thing({ level: 4, state: 'captured' })).allowed);
  }
});

const outward = test.macro<[who: ReturnType<typeof person>, act: string, what: ReturnType<typeof thing>, code: string | null, inner: string | null]>({
  async exec(t, who, act, what, code, inner) {
    const policy = await shipped();
    t.is(codeOf(() => authorize(policy, SECRET_BOX, who, act, what)), code);
    if (inner === null) return;
    const failed = decide(policy, SECRET_BOX, who, act, what).reasons.filter(({ passed }) => !passed);
    t.true(failed.some((one) => one.code === inner), JSON.stringify(failed));
    for (const one of failed) t.regex(one.text, /\p{Script=Han}/u);
  },
  title: (given) => given ?? '',
});
const at = (level: number, currentLevel = level) => ({ clearance: level, currentLevel });
test('07 §11-1: a person cleared for 机密 who asks for 绝密 is told 404, the ledger E_MAC_READ_UP', outward, person('reader', at(3)), 'record.read', thing({ level: 4 }), 'E_NOT_FOUND', 'E_MAC_READ_UP');
test('07 §11-2: at session level 机密 a 秘密 record is not written (E_MAC_WRITE_DOWN)', outward, person('custodian', at(3)), 'record.amend', thing({ level: 2, state: 'captured' }), 'E_MAC_WRITE_DOWN', 'E_MAC_WRITE_DOWN');
test('07 §11-2: after switching down to 秘密 the same record is written', outward, person('custodian', at(3, 2)), 'record.amend', thing({ level: 2, state: 'captured' }), null, null);
test('07 §11-2: at session level 秘密 a 机密 record cannot be read, so it cannot be copied down', outward, person('custodian', at(3, 2)), 'record.read', thing({ level: 3 }), 'E_NOT_FOUND', 'E_MAC_READ_UP');
test('07 §11-3: clearance without 知悉范围 is told 404, the ledger E_NEED_TO_KNOW', outward, person('reader'), 'record.read', thing({ level: 3, scope: { persons: ['P7'] } }), 'E_NOT_FOUND', 'E_NEED_TO_KNOW');
test('a duty in another fonds is no duty here', outward, person('reader', { grants: [{ duty: 'reader', fonds: 'F2' }] }), 'record.read', thing(), 'E_NOT_FOUND', 'E_DENIED');
test('a duty over every fonds (*) holds here', outward, person('reader', { grants: [{ duty: 'reader', fonds: '*' }] }), 'record.read', thing(), null, null);
test('a record whose fonds cannot be read belongs to nobody', outward, person('reader', { grants: [{ duty: 'reader', fonds: '*' }] }), 'record.read', thing({ fonds: null }), 'E_NOT_FOUND', 'E_DENIED');
test('a fonds named by a line feed is no way round', outward, person('reader', { grants: [{ duty: 'reader', fonds: 'F2' }] }), 'record.read', thing({ fonds: '\n', level: 0 }), 'E_NOT_FOUND', 'E_DENIED');
test('a compartment not held hides the record', outward, person('reader'), 'record.read', thing({ scope: { persons: ['P1'], compartments: ['K'] } }), 'E_NOT_FOUND', 'E_MAC_READ_UP');
test('an approved use request lets its holder read', outward, person('reader', { requests: ['LY-1'] }), 'record.read', thing({ scope: { requests: ['LY-1'] } }), null, null);
test('an internal record is read in its own department', outward, person('reader'), 'record.read', thing({ level: 1, scope: {} }), null, null);
test('an internal record of another department is not found', outward, person('reader', { departments: ['D2'] }), 'record.read', thing({ level: 1, scope: {} }), 'E_NOT_FOUND', 'E_NEED_TO_KNOW');
test('whoever may see a record but has no duty to amend it is told so', outward, person('reader', at(3)), 'record.amend', thing(), 'E_DENIED', 'E_DENIED');
test('07 §11-5: the proposer may not approve, by person', outward, person('class_authority'), 'classification.approve', thing({ state: 'proposed', drafter: { person: 'P1', tokens: ['T8'] } }), 'E_SOD_SELF_APPROVAL', 'E_SOD_SELF_APPROVAL');
test('two accounts with one token are one person: approval refused', outward, person('class_authority'), 'classification.approve', thing({ state: 'proposed', drafter: { person: 'P8', tokens: ['T1'] } }), 'E_SOD_SELF_APPROVAL', 'E_SOD_SELF_APPROVAL');
test('a filed record is no longer amended', outward, person('custodian', at(3)), 'record.amend', thing({ state: 'filed' }), 'E_STATE_INVALID', 'E_STATE_INVALID');
test('办法第十条: an inspector who also holds another duty still writes nothing', outward, person(['inspector', 'custodian'], at(3)), 'record.amend', thing({ state: 'captured' }), 'E_INSPECTOR_READ_ONLY', 'E_INSPECTOR_READ_ONLY');

test('实施条例第三十二条: nothing above the box\'s level is stored or shown', async (t) => {
  const policy = await shipped();
  const box = { level: 2, requireTerminal: false } as const;
  t.is(codeOf(() => withinSystem(3, 2)), 'E_CLS_OVER_SYSTEM_LEVEL');
  t.true(decide(policy, box, person('reader'), 'record.read', thing({ level: 3 }, box)).reasons.some(({ code }) => code === 'E_CLS_OVER_SYSTEM_LEVEL'));
});
test('07 §5.2: with terminals required, one not registered or of a lower level shows nothing', async (t) => {
  const policy = await shipped();
  const box = { level: 4, requireTerminal: true } as const;
  const ask = (terminal?: { registered: boolean; level: unknown }) =>
    decide(policy, box, person('reader', terminal === undefined ? {} : { terminal }), 'record.read', thing()).allowed;
  t.deepEqual([ask(), ask({ registered: false, level: 4 }), ask({ registered: true, level: 2 }), ask({ registered: true, level: '4' }), ask({ registered: true, level: 3 })],
    [false, false, false, false, true]);
});
test('a stranger who asks why gets what a stranger gets for a thing that is not there', async (t) => {
  const policy = await shipped();
  t.is(codeOf(() => explain(policy, SECRET_BOX, person('reader', at(2)), 'record.amend', thing())), 'E_NOT_FOUND');
  t.is(codeOf(() => explain(policy, SECRET_BOX, person('sysadmin'), 'record.read', thing({ level: 0 }))), 'E_NOT_FOUND');
});
test('one who may see the thing gets every reason, passed and failed, with its article', async (t) => {
  const policy = await shipped();
  const { allowed, reasons } = explain(policy, SECRET_BOX, person('custodian', at(3)), 'record.amend', thing({ state: 'filed', owner: 'P1' }));
  t.false(allowed);
  t.deepEqual([...new Set(reasons.map(({ rule }) => rule))], ['systemLevel', 'environment', 'mac', 'scope', 'state', 'duty']);
  t.true(reasons.every(({ article }) => article !== null));
});
test('abilities are the acts the duties let through', async (t) => {
  const policy = await shipped();
  t.true(abilities(policy, SECRET_BOX, person('reader')).includes('record.search'));
  t.false(abilities(policy, SECRET_BOX, person('sysadmin')).includes('record.search'));
});
test('an act nobody named is refused as a fault of the program, not decided', async (t) => {
  const policy = await shipped();
  t.is(codeOf(() => decide(policy, SECRET_BOX, person('reader'), 'record.peek', null)), 'E_POLICY_INVALID');
});

const ROW = 'p, reader, record.read, dominates, knows, filed, allow';
const suspicious: readonly [name: string, row: string][] = [
  ['an unknown duty', 'p, reeder, record.read, dominates, knows, filed, allow'],
  ['an unknown act', 'p, reader, record.raed, dominates, knows, filed, allow'],
  ['an unknown rule', 'p, reader, record.read, dominate, knows, filed, allow'],
  ['a rule named like a property of every object', 'p, reader, record.read, toString, knows, filed, allow'],
  ['an unknown scope', 'p, reader, record.read, dominates, all, filed, allow'],
  ['an unknown state', 'p, reader, record.read, dominates, knows, Filed, allow'],
  ['a Deny with a capital', 'p, reader, record.read, *, *, *, Deny'],
  ['no effect', 'p, reader, record.read, dominates, knows, filed'],
  ['a blank effect', 'p, reader, record.read, dominates, knows, filed, '],
  ['a blank duty', 'p, , record.read, dominates, knows, filed, allow'],
  ['an eighth cell', `${ROW}, x`],
  ['another section', ROW.replace('p,', 'p2,')],
  ['a quoted word', ROW.replace('reader', '"reader"')],
  ['an allow without level or scope rule on a thing', 'p, reader, record.read, *, *, filed, allow'],
  ['a conditional deny', 'p, reader, record.read, dominates, *, *, deny'],
  ['everyone signed in let at a thing', ROW.replace('reader', 'anyone')],
  ['an inspector let to write', 'p, inspector, record.amend, equals, own, open, allow'],
  ['a rule on an act without a thing', 'p, sysadmin, person.list, dominates, *, *, allow'],
  ['the same row twice', `${ROW}\n${ROW}`],
];
for (const [name, row] of suspicious) {
  test(`the box does not start on ${name} in access.csv`, async (t) => {
    const error = await t.throwsAsync(loadPolicy({ ...SOURCES, access: `${SOURCES.access}\n${row}\n` }), { instanceOf: ArchiveError });
    t.is(error?.code, 'E_POLICY_INVALID');
    t.regex(error?.details[0]?.at ?? '', /^access\.csv:\d+$/u);
  });
}
const models: readonly [name: string, change: (model: string) => string][] = [
  ['a comparison operator in the matcher', (model) => model.replace('r.act == p.act', 'r.act >= p.act')],
  ['a term missing from the matcher', (model) => model.replace(' && scope(r.sub, r.obj, p.scope)', '')],
  ['an alternative in the matcher', (model) => model.replace('r.act == p.act', '(r.act == p.act || true)')],
  ['a misspelt section', (model) => model.replace('[matchers]', '[matcher]')],
  ['an effect without deny', (model) => model.replace(' && !some(where (p.eft == deny))', '')],
  ['an empty model', () => ''],
];
for (const [name, change] of models) {
  test(`the box does not start on ${name} in access.model.conf`, async (t) => {
    const error = await t.throwsAsync(loadPolicy({ ...SOURCES, model: change(SOURCES.model) }), { instanceOf: ArchiveError });
    t.is(error?.code, 'E_POLICY_INVALID');
  });
}
for (const [name, change] of [
  ['two of the three officers not excluding each other', (text: string) => text.replace(/^sysadmin, auditadmin.*$/mu, '')],
  ['an unknown scope of conflict', (text: string) => text.replace(', matter,', ', Matter,')],
  ['a conflict given twice', (text: string) => `${text}\nofficer, inspector, global, x`],
] as const) {
  test(`the box does not start on ${name} in conflicts.csv`, async (t) => {
    const error = await t.throwsAsync(loadPolicy({ ...SOURCES, conflicts: change(SOURCES.conflicts) }), { instanceOf: ArchiveError });
    t.is(error?.code, 'E_POLICY_INVALID');
  });
}
test('an act without any row in access.csv stops the start', async (t) => {
  const access = SOURCES.access.split('\n').filter((line) => !line.includes('record.read')).join('\n');
  const error = await t.throwsAsync(loadPolicy({ ...SOURCES, access }), { instanceOf: ArchiveError });
  t.deepEqual(error?.details, [{ at: 'access.csv', message: '操作「record.read」没有任何权限行' }]);
});
test('law: Casbin, remembered or not, answers what the rows say: some allow fits and no deny is held', async (t) => {
  const policy = await shipped();
  const duties = fc.uniqueArray(fc.constantFrom(...DUTIES), { maxLength: 3 });
  const level = fc.integer({ min: 0, max: 4 });
  fc.assert(fc.property(fc.constantFrom(...ACTS), duties, level, level, fc.constantFrom('F1', 'F2', ''), fc.constantFrom('open', 'filed', 'proposed', 'destroyed'), fc.constantFrom('P1', 'P9'), fc.boolean(), (act, held, mine, its, fonds, state, owner, known) => {
    const who = person(held, { clearance: mine, currentLevel: mine });
    const what = act.object === 'none' ? null : thing({ level: its, fonds, state, owner, scope: { persons: known ? ['P1'] : [] } });
    const rows = (policy.rows.get(act.act) ?? []).filter(({ duty }) => policy.holds(who, duty, what === null ? null : fonds));
    const expected = rows.some((row) => row.effect === 'allow' && fits(row, who, what)) && !rows.some(({ effect }) => effect === 'deny');
    t.is(policy.permits(who, act.act, what), expected);
    t.is(policy.permits(who, act.act, what), expected);
  }), { numRuns: 2_000 });
});
test('a decision takes less than 0.1 ms (p50)', async (t) => {
  const policy = await shipped();
  const who = person('archivist');
  const times: number[] = [];
  for (let n = 0; n < 5_000; n += 1) {
    const what = thing({ id: `R${n}`, level: n % 5, scope: { persons: [n % 3 === 0 ? 'P1' : 'P2'] } });
    const from = performance.now();
    decide(policy, SECRET_BOX, who, 'record.read', what);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  t.log(`p50 ${times[2_500]} ms, p99 ${times[4_950]} ms`);
  t.true((times[2_500] ?? 1) < 0.1);
});
