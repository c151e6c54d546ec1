import { canonicalBytes } from '../../core/canonical.js';
import { requestText } from '../../core/source-request.js';
import type { SignedReceipt } from '../../core/source-request.js';
import { systemClock } from '../clock.js';
import { parseCertificate } from '../crypto/certificate.js';
import { toPem } from '../crypto/pem.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { toSpki } from '../crypto/sm2-curve.js';
import type { Client } from '../remote/client.js';
import type { SampleFile } from './sample-files.js';

const CODE = 'OA-01';

/** 在线归档: a system is registered, cleared, tried and tested by three people; then it hands one item in, twice, and gets one receipt. */
export async function handInOnline(crypto: CryptoProvider, people: { readonly sysadmin: Client; readonly secadmin: Client; readonly archivist: Client; readonly handler: Client; readonly wire: Client }, sample: SampleFile, today: string, year: number) {
  const { sysadmin, secadmin, archivist, handler, wire } = people;
  const key = crypto.generateKeyPair();
  const sm3 = (bytes: Uint8Array): string => Buffer.from(crypto.sm3(bytes)).toString('hex');
  const send = async <T>(act: string, value: unknown): Promise<T> => {
    const body = Buffer.from(JSON.stringify(value));
    const said = { source: CODE, at: systemClock().now(), nonce: Buffer.from(crypto.random(18)).toString('base64url'), sm3: sm3(body) };
    return wire.put<T>(act, { ...said, signature: Buffer.from(crypto.sign(requestText(act, said), key)).toString('base64url') }, body);
  };
  const { system, boxChain } = await sysadmin.post<{ system: string; boxChain: readonly string[] }>('source.register', {
    code: CODE, name: '协同办公系统', supplier: '演练软件公司', contact: '技术部', fonds: 'Z109', capabilities: ['collect', 'arrange', 'file'], handlers: [{ department: 'FGC', person: handler.person }], publicKey: toPem('PUBLIC KEY', toSpki(key.publicKey)),
  });
  await secadmin.post('source.clear', { system, level: 1, basis: '演练核定', seenVersion: 1 });
  const item = {
    key: 'OA-2026-0001', department: 'FGC', level: 0, facts: { categoryCode: 'WS', scheduleItemId: '6.2', orgOrFunction: 'FGC', documentDate: `${String(year)}-04-10`, completedOn: `${String(year)}-04-12` },
    description: { title: sample.title, author: ['昆明市演练局'] }, events: [{ activity: 'draft', status: 'historical', at: `${String(year)}-04-10T01:00:00Z`, by: '段文' }, { activity: 'sign_off', status: 'historical', at: `${String(year)}-04-12T01:00:00Z`, by: '王振华' }],
    files: [{ name: sample.name, bytes: sample.bytes.length, sm3: sm3(sample.bytes), content: Buffer.from(sample.bytes).toString('base64') }],
  };
  const trial = await send<{ passed: boolean; codes: readonly string[] }>('online.trial', item);
  if (!trial.passed) throw new Error(`the trial failed: ${trial.codes.join(' ')}`);
  await archivist.post('source.test', { system, testedOn: today, testers: '赵晓岚、段文', reportNo: '演练测试1号', items: ['identity', 'replay', 'content', 'metadata', 'arrangement', 'receipt'].map((one) => ({ key: one, passed: true })), seenVersion: 2 });
  const [first, again] = [await send<SignedReceipt>('online.capture', item), await send<SignedReceipt>('online.capture', item)];
  if (first.signature !== again.signature) throw new Error('the same item got two receipts');
  if (!crypto.verify(canonicalBytes(first.receipt), Buffer.from(first.signature, 'base64url'), parseCertificate(boxChain[0] ?? '').publicKey)) throw new Error('the receipt does not verify');
  return { batch: first.receipt.batch, state: first.receipt.state, electronicRecordCode: first.receipt.electronicRecordCode };
}

/** 三表: the retention schedule revised, compared, tried on the holdings, approved for the first of next January. */
export async function reviseTable(archivist: Client, head: Client, today: string) {
  const { kinds } = await archivist.get<{ kinds: readonly { kind: string; versions: readonly { id: string }[] }[] }>('table.list', {});
  const current = kinds.find(({ kind }) => kind === 'retention')?.versions[0]?.id ?? '';
  const { content } = await archivist.get<{ content: { items: readonly { code: string }[] } }>('table.show', { table: current });
  const revised = { ...content, version: `${today.slice(0, 4)}-xd`, source: '演练修订', items: content.items.map((one) => (one.code === '6.2' ? { ...one, retention: 'D30' } : one)) };
  const { table } = await archivist.put<{ table: string }>('table.import', { kind: 'retention', fileName: '保管期限表.json' }, Buffer.from(JSON.stringify(revised)));
  const { counts } = await archivist.get<{ counts: { changed: number } }>('table.compare', { table });
  const tried = await archivist.post<{ counts: readonly { filed: boolean; records: number }[]; version: number }>('table.rehearse', { table, seenVersion: 1 });
  const effectiveFrom = `${String(Number(today.slice(0, 4)) + 1)}-01-01`;
  const { state } = await head.post<{ state: string }>('table.approve', { table, approvalNo: '演练审〔2026〕1号', approvedBy: '演练档案局', approvedOn: today, effectiveFrom, seenVersion: tried.version });
  return { changed: counts.changed, affected: tried.counts.reduce((sum, { records }) => sum + records, 0), state, effectiveFrom };
}
