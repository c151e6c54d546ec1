import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { zipSync } from 'fflate';
import type { AuditEntry } from '../../core/audit.js';
import { canonicalBytes } from '../../core/canonical.js';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { ComputerFile, StoredRecord } from '../../core/holdings.js';
import { cleanText } from '../../core/text.js';
import type { CertificateIssue, CertificateList } from '../../policies/schemas/proof.js';
import type { OutputsFile } from '../../policies/schemas/output.js';
import { highest, isSecret, levelName } from '../../secrecy/level.js';
import { shortCode } from '../../secrecy/watermark.js';
import { proveInclusion } from '../audit/proofs.js';
import type { Box } from '../box.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import { codeOf } from '../outputs/contents.js';
import { drawPages } from '../outputs/sheets.js';
import type { DrawnPage } from '../outputs/sheets.js';
import type { Preview } from '../preview/preview.js';
import { localTime } from '../reports/document.js';
import { authorityFingerprint } from '../reports/report-set.js';
import { certificatePdf } from './sheet.js';
import { MEMBERS } from './statement.js';
import type { CertificateStatement } from './statement.js';

export interface CertificateParts {
  readonly box: Pick<Box, 'store' | 'gate' | 'clock' | 'ids' | 'sm3' | 'vault' | 'identity' | 'profile' | 'reader' | 'checkpoint'>;
  readonly preview: Preview;
  readonly policy: OutputsFile;
  readonly nameOf: (person: string) => Promise<string>;
}

const SHOWN_DIGITS = 8;
const plain = (text: string, at: string): string => {
  const cleaned = cleanText(text, false);
  if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '文字为空或含有不可见字符' }]);
  return cleaned.text;
};

/** 出证 (办法第五条): a certified copy that proves itself without the box: digest, signature, and its place in the ledger. */
export function certificateService({ box, preview, policy, nameOf }: CertificateParts) {
  const { store, gate, clock, ids, sm3, vault, identity, profile } = box;

  /** The bytes as they are held now, against the digest that was registered. @throws ArchiveError `E_FIXITY_FAILED` */
  async function content(file: ComputerFile): Promise<Buffer> {
    const pieces: Buffer[] = [];
    const hash = createHash('sm3');
    try {
      const reader = await vault.open(file.object);
      try {
        const gauge = new Transform({ transform(chunk: Buffer, _, next) { hash.update(chunk); pieces.push(chunk); next(); } });
        await pipeline(reader.stream(), gauge);
      } finally {
        await reader.close();
      }
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      throw new ArchiveError('E_FIXITY_FAILED', { file: file.id, registered: file.sm3.slice(0, SHOWN_DIGITS), found: '不能读出', cause: error.code });
    }
    const found = hash.digest('hex');
    if (found !== file.sm3) throw new ArchiveError('E_FIXITY_FAILED', { file: file.id, registered: file.sm3.slice(0, SHOWN_DIGITS), found: found.slice(0, SHOWN_DIGITS) });
    return Buffer.concat(pieces);
  }

  /** Pages as pictures; a format without page view is certified by its own bytes alone. */
  async function pagesOf(record: StoredRecord, file: ComputerFile): Promise<readonly DrawnPage[]> {
    try {
      return await drawPages({ vault, preview, policy }, [{ record, files: [file] }]);
    } catch (error) {
      if (error instanceof ArchiveError && error.code === 'E_PREVIEW_UNAVAILABLE') return [];
      throw error;
    }
  }

  return {
    /** @throws ArchiveError `E_FIXITY_FAILED`; `E_COPY_NOT_AUTHORIZED` for a state secret, whose copies are orders of the outputs room */
    async issue(call: ServerCall, input: CertificateIssue) {
      const [issuedTo, purpose] = [plain(input.issuedTo, '/issuedTo'), plain(input.purpose, '/purpose')];
      const found = async (tx: Parameters<Parameters<typeof store.read>[1]>[0]): Promise<{ file: ComputerFile; record: StoredRecord }> => {
        const file = await tx.files.get(input.file);
        const record = file && await tx.records.get(file.record);
        if (record === undefined || file?.replacedBy !== null) throw new ArchiveError('E_NOT_FOUND');
        await tx.allow(recordTarget(record), 'record.read');
        await tx.allow(recordTarget(record));
        if (isSecret(record.level)) throw new ArchiveError('E_COPY_NOT_AUTHORIZED', { level: record.level, why: 'secret' }, [{ at: '/file', message: '国家秘密的副本按打印、刻录、导出办理，不出证' }]);
        return { file, record };
      };
      const { file, record } = await store.read(call, found);
      const original = await content(file);
      const pages = await pagesOf(record, file);
      const { ceiling } = await gate.subjectOf(call);
      const entered: { entry?: AuditEntry } = {};
      const no = await store.write(call, async (tx) => {
        const again = await found(tx);
        const drawn = await drawNumber(ids, `CZ-${clock.today().slice(0, 4)}-`, async (one) => tx.proofs.numbered(one));
        await tx.proofs.addCertificate({ id: ids.uuid(), no: drawn, record: record.id, file: file.id, issuedBy: call.person, issuedAt: clock.now(), level: highest([again.record.level, ceiling]), told: { issuedTo, purpose, sm3: file.sm3, bytes: original.length } });
        tx.audit({ action: call.act, object: record.id, objectType: 'record', objectLevel: record.level, detail: { no: drawn, file: file.id, sm3: file.sm3 } });
        tx.afterCommit(async (entries) => { const one = entries.find(({ action }) => action === call.act); if (one !== undefined) entered.entry = one; return Promise.resolve(); });
        return drawn;
      });
      const { entry } = entered;
      if (entry === undefined) throw new ArchiveError('E_AUDIT_UNAVAILABLE');
      await box.checkpoint();
      const proof = await proveInclusion(box.reader, sm3, entry.seq);
      const chain = identity.chain.join('');
      const by = await nameOf(call.person);
      const copy = await certificatePdf({
        no, unit: profile.unitName, rehearsal: profile.rehearsal, at: entry.at,
        lines: [
          ['出具单位', profile.unitName], ['出具给', issuedTo], ['用途', purpose], ['全宗号', record.fonds], ['档号', codeOf(record)], ['题名', record.description.title ?? ''], ['成文日期', record.documentDate ?? '不详'], ['密级', levelName(record.level)],
          ['计算机文件', `${file.sealed.fileName}（${file.format}，${String(original.length)} 字节）`], ['文件摘要', `SM3 ${file.sm3}`], ['出具时间', `${localTime(entry.at)}\u3000经办人 ${by}`],
          ['审计记录', `第 ${String(entry.seq)} 条，溯源码 ${shortCode(entry.hash)}，检查点 ${String(proof.size)} 条`], ['本机根证书', authorityFingerprint(chain, sm3)],
        ],
        closing: [
          pages.length === 0 ? '该文件的格式没有页面视图，副本以所附原文件为准。' : `后附该文件页面图像 ${String(pages.length)} 页。出证前已核对：现存内容与归档登记的摘要一致。`,
          '来源可靠、程序规范、要素合规的电子档案与传统载体档案具有同等效力（《昆明市电子文件归档与电子档案管理办法（征求意见稿）》第五条）。',
          `验真：在任何装有守藏的计算机上执行 shouzang verify ${no}.zip --anchor 本机根证书.pem，不需要本机。包内 ${no}.json 为出证说明，${no}.json.sig 为本机 SM2 签名，${no}.original 为原文件，${no}.pem 为证书。`,
          `也可用通用工具核对：openssl dgst -sm3 ${no}.original 应得上列摘要。`,
        ],
      }, pages);
      const statement: CertificateStatement = {
        type: 'shouzang-certificate/v1', no, box: identity.serial, unit: profile.unitName, rehearsal: profile.rehearsal,
        record: { id: record.id, fonds: record.fonds, archivalCode: codeOf(record), title: record.description.title ?? '', documentDate: record.documentDate, level: record.level },
        file: { id: file.id, name: file.sealed.fileName, format: file.format, bytes: original.length, sm3: file.sm3 }, copy: { pages: pages.length + 1, sm3: Buffer.from(sm3(copy)).toString('hex') },
        issuedTo, purpose, issuedAt: entry.at, issuedBy: by, proof,
      };
      const json = Buffer.from(canonicalBytes(statement));
      const contents: Readonly<Record<(typeof MEMBERS)[number], Uint8Array>> = { json, 'json.sig': identity.sign(json), pdf: copy, original, pem: Buffer.from(chain) };
      const zip = Buffer.from(zipSync(Object.fromEntries(MEMBERS.map((ending) => [`${no}.${ending}`, contents[ending]])), { level: 0, mtime: new Date(1980, 0, 1) }));
      return bytes('application/zip', zip, { fileName: `${no}.zip`, headers: { 'Cache-Control': 'no-store', 'X-Certificate-No': no } });
    },

    /** 出证登记: of records the person may see. */
    async list(call: ServerCall, input: CertificateList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { ceiling } = await gate.subjectOf(call);
        const { rows, total } = await tx.proofs.certificates(await gate.visible(call, call.act, 1), { record: input.record ?? null, no: input.no ?? null }, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        const lines = [];
        for (const one of rows) {
          const record = await tx.records.get(one.record);
          if (record === undefined) continue;
          const told = one.level <= ceiling;
          lines.push({
            id: one.id, no: one.no, record: one.record, archivalCode: codeOf(record), title: record.description.title ?? '', level: record.level, issuedAt: one.issuedAt, issuedByName: await nameOf(one.issuedBy), issuedTo: told ? one.told.issuedTo : null,
            purpose: told ? one.told.purpose : null, sm3: one.told.sm3, bytes: one.told.bytes,
          });
        }
        return { page, size, total, rows: lines };
      });
    },
  };
}
export type CertificateService = ReturnType<typeof certificateService>;
