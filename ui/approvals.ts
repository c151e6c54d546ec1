/** 审批 as the box shows them, and how one is signed. */
import { asProblem, write } from './api.js';
import { refuse } from './notices.js';
import { requestSignature } from './signing/request.js';
import { timeOf } from './wording.js';

export interface Seat {
  readonly name: string; readonly duties: readonly string[];
  readonly signed: { readonly name: string; readonly at: string; readonly verdict: 'grant' | 'refuse'; readonly opinion: string; readonly certificateSerial: string; readonly signature: string } | null;
}
export interface ApprovalRow {
  readonly id: string; readonly act: string; readonly name: string; readonly state: string; readonly level: number; readonly version: number; readonly words: readonly string[];
  readonly requestedByName: string; readonly requestedAt: string; readonly lapsesAt: string; readonly decidedAt: string | null; readonly seats: readonly Seat[]; readonly mySeat: number;
}
export interface ApprovalShown extends ApprovalRow { readonly digest: string; readonly faults: readonly string[]; readonly source: string }

export type Verdict = 'grant' | 'refuse';
const AFTER: Readonly<Record<string, string>> = { done: '已签署，事项已办理', granted: '已签署，事项已批准，由提请人办理', requested: '已签署，待其他席位签署', refused: '已拒绝，事项不予办理' };

/** @returns true when it was signed */
export async function signApproval(shown: ApprovalRow, verdict: Verdict, opinion: string): Promise<boolean> {
  try {
    const ready = await write<{ seat: number; version: number; statement: string }>('approval.preview', { approval: shown.id, verdict, opinion });
    const signed = shown.seats.filter((seat) => seat.signed !== null).length;
    return await requestSignature({
      title: shown.name, step: `${shown.seats[ready.seat]?.name ?? ''}　第 ${String(signed + 1)} 个签名，共 ${String(shown.seats.length)} 个`, marked: { level: Math.max(1, shown.level) }, statement: ready.statement,
      plain: `**${verdict === 'grant' ? '同意' : '不同意'}**：${shown.words.join('；')}。意见：${opinion}。`,
      note: `${shown.requestedByName} ${timeOf(shown.requestedAt)} 提请，${timeOf(shown.lapsesAt)} 失效。`,
      after: verdict === 'grant' ? '席位签齐即生效，能自动办理的随即办理。签名永久保存，不能撤回。' : '一人拒绝即不予办理，须重新提请。签名永久保存。',
      send: async ({ signature }) => {
        const { state } = await write<{ state: string }>(verdict === 'grant' ? 'approval.sign' : 'approval.refuse', { approval: shown.id, opinion, signature, seenVersion: ready.version });
        return AFTER[state] ?? '已签署';
      },
    });
  } catch (cause) {
    refuse(asProblem(cause));
    return false;
  }
}
