import path from 'node:path';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { openDatabase } from '../../appliance/store/database.js';
import { openLedger } from '../../appliance/store/ledger.js';
import { migrate } from '../../appliance/store/migrations/index.js';
import { sqlOn } from '../../appliance/store/sql.js';
import { openUnitOfWork } from '../../appliance/store/unit-of-work.js';
import { verifyLedger } from '../../appliance/audit/verify.js';
import { entryBytes, link, EMPTY_HEAD } from '../../core/audit.js';
import type { Call } from '../../core/ports.js';
import { rate, rateOf, rateOfAsync, type Piece } from './figure.js';

const CALL: Call = { act: 'record.read', person: 'P1', duty: 'reader', terminal: 'T1', traceId: 'bench' };
const ENTRIES = 30_000;

/** Durable appends, one act a commit, against a bare durable row; verification against hashing alone. */
export const audit: Piece = {
  name: 'audit',
  async run(folder) {
    const provider = new NodeProvider();
    const sm3 = (...parts: readonly Uint8Array[]): Uint8Array => provider.sm3(...parts);
    const database = await openDatabase(path.join(folder, 'audit.db'));
    await migrate(database.writer);
    let tick = Date.parse('2026-11-23T00:00:00.000Z');
    const clock = { now: () => new Date((tick += 1)).toISOString(), today: () => '2026-11-23' };
    const writer = sqlOn(database.writer);
    const ledger = await openLedger(writer, sm3, clock);
    const gate = { decide: async () => Promise.resolve({ allowed: true, reasons: [] }) };
    const uow = openUnitOfWork(database, ledger, gate, () => ({}));
    const append = async (): Promise<void> =>
      uow.write(CALL, async (tx) => {
        await tx.allow();
        tx.audit({ action: CALL.act, object: 'R1', objectType: 'record', objectLevel: 3 });
      });

    await writer.run('CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT)');
    const bareRow = async (): Promise<unknown> => writer.run("INSERT INTO bare (text) VALUES ('0123456789012345678901234567890123456789')");
    const bare = await rateOfAsync(bareRow);
    const appended = await rateOfAsync(append);
    const bareAgain = await rateOfAsync(bareRow);
    const reference = { title: '同盘单行提交', value: (bare + bareAgain) / 2 };

    while (ledger.head().size < ENTRIES) {
      await uow.write(CALL, async (tx) => {
        await tx.allow();
        for (let n = 0; n < 1000; n += 1) tx.audit({ action: CALL.act, object: `R${n}`, objectType: 'record', objectLevel: 3 });
      });
    }
    const size = ledger.head().size;
    const begin = performance.now();
    const verdict = await verifyLedger(sqlOn(database.reader), sm3, () => true);
    const verified = (size * 1000) / (performance.now() - begin);
    if (verdict.faults.length > 0) throw new Error('the ledger that was just written does not verify');
    const sample = link(sm3, EMPTY_HEAD, CALL, clock.now(), { action: CALL.act, object: 'R1', objectType: 'record', objectLevel: 3 });
    const hashing = rateOf(() => sm3(entryBytes(sample)));
    await database.close();
    return [
      rate('audit.append', '审计登记，逐条落盘', appended, '条/秒', reference, () => ({ text: '≥ 1 500 条/秒', met: appended >= 1500 })),
      rate('audit.verify', '审计链验证', verified, '条/秒', { title: '仅规范化并计算 SM3', value: hashing }, () => ({ text: '≥ 80 000 条/秒', met: verified >= 80_000 })),
    ];
  },
};
