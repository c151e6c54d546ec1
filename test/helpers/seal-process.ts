/*
 * Seals, lays out or opens one package, as the box does, in a process that may be killed: `node seal-process.js FOLDER [STEP]`. With a step, the power goes just before
 * that change of a file. Prints how many changes there were.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { watchFileOps } from '../../appliance/content/file-ops.js';
import { Bulk } from '../../appliance/content/bulk.js';
import { parseCertificate } from '../../appliance/crypto/certificate.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { SmCryptoVerifier } from '../../appliance/crypto/sm-crypto-adapter.js';
import { openEnvelope } from '../../appliance/packages/open-envelope.js';
import { sealEnvelope } from '../../appliance/packages/seal-envelope.js';
import { folderSink, folderSource } from '../../appliance/packages/store.js';

interface Plan { readonly envelope: string; readonly chain: string[]; readonly key: string; readonly encryption: string; readonly anchor: string; readonly device: string; readonly envelopeKey: string; readonly deviceKey: string; readonly mode: 'write' | 'seal' | 'open' }

const [folder = '', step] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(path.join(folder, 'plan.json'), 'utf8')) as Plan;
const at = Number(step ?? '0');
let seen = 0;
watchFileOps(() => {
  seen += 1;
  if (seen === at) process.kill(process.pid, 'SIGKILL');
});
const provider = new NodeProvider();
const bulk = new Bulk({ threads: 1 });
const key = provider.loadPrivateKey(Buffer.from(plan.key, 'hex'));
const sealing = {
  envelopeId: plan.envelope, sealedAt: '2026-11-23T08:00:00.000Z', validUntil: '2026-12-23T08:00:00.000Z', handoverNo: null, sender: { serial: 'SZ-SENDER', chain: plan.chain, sign: (message: Uint8Array) => provider.sign(message, key) },
  receiver: { serial: 'SZ-RECEIVER', chain: [parseCertificate(plan.encryption)], anchor: parseCertificate(plan.anchor), systemLevel: 3 as const },
  device: { no: 'SB-001', certificate: parseCertificate(plan.device), certifiedLevel: 3 as const, validTo: '2030-01-01' },
};
if (plan.mode === 'seal') await sealEnvelope({ provider, bulk }, path.join(folder, 'package'), path.join(folder, 'out', 'a.envelope'), sealing);
else if (plan.mode === 'write') {
  const source = folderSource(path.join(folder, 'package'));
  const sink = await folderSink(path.join(folder, 'out', 'copy'));
  for (const entry of await source.list()) if (entry.kind === 'file') await sink.put(entry.path, entry.bytes, source.open(entry.path));
  await sink.finish();
} else {
  const [box, device] = [provider.loadPrivateKey(Buffer.from(plan.envelopeKey, 'hex')), provider.loadPrivateKey(Buffer.from(plan.deviceKey, 'hex'))];
  await openEnvelope({ provider, bulk, two: { native: provider, second: new SmCryptoVerifier() } }, path.join(folder, 'road.envelope'), path.join(folder, 'out', 'copy'), {
    at: '2026-11-25T08:00:00.000Z', senders: [parseCertificate(plan.chain[1] ?? '')], seen: async () => Promise.resolve(false),
    box: { serial: 'SZ-RECEIVER', publicKey: box.publicKey, systemLevel: 3, unwrap: (wrapped) => provider.sm2Decrypt(wrapped, box) },
    device: { no: 'SB-001', publicKey: device.publicKey, certifiedLevel: 3, validTo: '2030-01-01', unwrap: (wrapped) => provider.sm2Decrypt(wrapped, device) },
  });
}
await bulk.close();
process.stdout.write(`${String(seen)}\n`);
export type { Plan };
