/** 接收 as the box shows it. */
import type { Page } from './api.js';

export interface AccessionRow {
  readonly id: string; readonly number: string; readonly state: string; readonly level: number; readonly levelName: string; readonly counterpart: string; readonly fromUnit: string; readonly handoverNo: string; readonly mediumNo: string;
  readonly arrivedAt: string; readonly arrivedByName: string; readonly packageNo: string | null; readonly items: number | null; readonly outcome: 'accepted' | 'returned' | null;
  readonly running: { readonly what: 'open' | 'store'; readonly done: number; readonly total: number } | null; readonly version: number;
}
export interface Accessions extends Page<AccessionRow> { readonly mode: 'unit' | 'repository'; readonly counterparts: readonly { readonly id: string; readonly unit: string; readonly box: string }[] }
export interface RegisterRow extends AccessionRow {
  readonly fonds: string | null; readonly bytes: number | null; readonly firstNo: string | null; readonly lastNo: string | null; readonly receiptNo: string | null; readonly storageLocation: string | null; readonly decidedAt: string | null;
  readonly decidedByName: string | null; readonly receivers: readonly string[];
}
interface By { readonly by: string; readonly byName: string; readonly at: string }
export interface AccessionItemRow {
  readonly seq: number; readonly level: number; readonly archivalCode: string; readonly accessionNo: string | null; readonly record: string | null; readonly state: string; readonly title: string | null; readonly mark: string | null; readonly files: number | null;
  readonly markFaults: readonly string[]; readonly verdict: string | null;
}
export interface AccessionShown extends Omit<AccessionRow, 'items'> {
  readonly form: { readonly quantity: number; readonly deviceNo: string | null; readonly sealNos: readonly string[]; readonly sealsIntact: boolean; readonly appearance: 'good' | 'damaged'; readonly courier: string; readonly remark: string; readonly fromBox: string };
  readonly statement: string | null; readonly signatures: readonly { readonly person: string; readonly name: string; readonly at: string }[];
  readonly refusal: (By & { readonly code: string; readonly defects: readonly string[]; readonly volumes: readonly { readonly envelope: string | null; readonly digest: string }[] }) | null;
  readonly opening: (By & { readonly packageNo: string; readonly fonds: string; readonly unit: string; readonly items: number; readonly files: number; readonly bytes: number; readonly volumes: readonly { readonly envelope: string | null; readonly digest: string }[] }) | null;
  readonly inspection: (By & { readonly reportNo: string; readonly conclusion: string; readonly defects: readonly string[]; readonly manualPending: readonly string[] }) | null;
  readonly results: readonly { readonly code: string; readonly name: string; readonly objectRef: string; readonly expected: string; readonly actual: string; readonly result: string; readonly message: string }[];
  readonly summary: readonly { readonly property: string; readonly items: number; readonly passed: number; readonly failed: number; readonly warned: number }[];
  readonly differences: readonly { readonly defect: string; readonly archivalCode: string | null; readonly expected: string; readonly actual: string }[];
  readonly decision: (By & { readonly outcome: 'accepted' | 'returned'; readonly receiptNo: string; readonly storageLocation?: string; readonly defects?: readonly string[] }) | null;
  readonly receiptStatement: string | null; readonly receivers: readonly { readonly person: string; readonly name: string; readonly at: string }[]; readonly closed: By | null;
  readonly page: number; readonly size: number; readonly items: readonly AccessionItemRow[]; readonly counts: { readonly staged: number; readonly stored: number };
}
/** Which step of the life a state stands at. */
export const STEPS = ['到馆签收', '启封', '检测清点', '决定', '凭证', '办结'] as const;
export const STEP_OF: Readonly<Record<string, number>> = { arriving: 0, signed_in: 1, refused: 1, opened: 2, inspected: 3, accepted: 3, stored: 4, returned: 4, receipted: 5, closed: 6, dismissed: 6 };
export const MARK_FAULTS: Readonly<Record<string, string>> = { missing: '没有标志文件', shape: '标志文件不合规定', level: '密级不符', mark: '标志不符', origin: '定密机关不符', history: '变更史不符', certificate: '签名证书不成立', proposed: '拟定签名不成立', approved: '审批签名不成立' };
/** What the cause of a refusal means to whoever stands at the door. */
export const CAUSES: Readonly<Record<string, string>> = {
  E_ENVELOPE_CHUNK_TAG: '封套内容被改动或损坏', E_ENVELOPE_CHUNK_ORDER: '封套数据块缺失、重复或次序被改', E_ENVELOPE_LABEL: '封套签条被改动或签名不符', E_ENVELOPE_SWAPPED: '封套内容与签条不属于同一只封套', E_ENVELOPE_TRUNCATED: '封套不完整', E_ENVELOPE_CONTENT: '封套内不是签条所载的包',
  E_ENVELOPE_REPLAYED: '这只封套已经启封登记过', E_ENVELOPE_FOREIGN: '封套不是封给本馆的', E_ENVELOPE_SENDER: '不是登记的移交单位发出的', E_ENVELOPE_DEVICE: '不是封套指定的专用设备', E_ENVELOPE_EXPIRED: '封套或证书不在有效期内', E_ENVELOPE_LEVEL: '封套密级高于本机或设备等级',
  E_DEVICE_LEVEL: '专用设备密级不足', E_DEVICE_NOT_CERTIFIED: '专用设备没有有效的检测证书', E_ACCESSION_LEVEL: '包的密级高于签收登记的密级', E_ACCESSION_FONDS: '全宗不在本馆保管范围', E_ACCESSION_HANDOVER: '交接单号不一致', E_ACCESSION_INCOMPLETE: '各卷不全或不属于同一个包', E_CODE_DUPLICATE: '有档号已在馆藏中',
  E_PKG_FILE_CHANGED: '包内文件与清单摘要不符', E_PKG_FILE_MISSING: '清单所列的文件不在包内', E_PKG_FILE_EXTRA: '包内有清单之外的文件', E_PKG_SIGNATURE: '包内清单签名不符', E_PKG_CERTIFICATE: '包的签名证书不成立', E_PKG_CATALOGUE: '目录、元数据与文件不一致', E_PKG_PATH: '包内有不安全的路径', E_PKG_MANIFEST: '包内清单写法不合规定', E_PKG_MANIFEST_MISSING: '包内没有清单',
};
