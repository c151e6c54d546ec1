import type { AppraisalBatch, PanelMember } from '../../core/appraisal.js';
import { canonicalBytes } from '../../core/canonical.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Sm3 } from '../../core/ports.js';
import { canonical } from '../../secrecy/signing.js';
import type { AppraisalItem } from '../store/repositories/appraisals.js';

/** One line of the 清册 as it is signed and approved: what is concluded about which record as it stands. */
const lineOf = (item: Pick<AppraisalItem, 'record' | 'conclusion' | 'newRetention'>, record: StoredRecord | undefined) => ({
  record: item.record, archivalCode: record?.archivalCode ?? null, retention: record?.currentRetention ?? record?.retentionCode ?? null, expiresOn: record?.retentionExpiresOn ?? null,
  conclusion: item.conclusion, newRetention: item.newRetention,
});

type Line = ReturnType<typeof lineOf>;
const linesOf = (items: readonly AppraisalItem[], records: readonly StoredRecord[]): readonly Line[] => {
  const byId = new Map(records.map((record) => [record.id, record]));
  return items.map((item) => lineOf(item, byId.get(item.record)));
};

/** SM3 of the whole 清册: what the approval binds. */
export const registerDigest = (sm3: Sm3, items: readonly AppraisalItem[], records: readonly StoredRecord[]): string => Buffer.from(sm3(canonicalBytes(linesOf(items, records)))).toString('hex');

/** What a panel member signs: the lines of the 清册 that this member may see, under the member's own name. */
export function panelStatement(batch: AppraisalBatch, signer: PanelMember & { readonly certificateSerial: string }, items: readonly AppraisalItem[], records: readonly StoredRecord[]): string {
  return canonical({
    type: 'shouzang-appraisal/v1', batch: batch.id, number: batch.number, fonds: batch.fonds, asOf: batch.asOf, basis: batch.basis,
    person: signer.person, part: signer.part, certificateSerial: signer.certificateSerial, items: linesOf(items, records).map((line) => ({ ...line })),
  });
}
