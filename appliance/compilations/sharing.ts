import { zipSync } from 'fflate';
import { canonicalBytes } from '../../core/canonical.js';
import { drawNumber } from '../../core/drawn-number.js';
import { ArchiveError } from '../../core/errors.js';
import { recordTarget } from '../../core/holdings.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { ShareExport, ShareList } from '../../policies/schemas/compilation.js';
import type { UsePolicy } from '../../policies/schemas/use.js';
import { isSecret } from '../../secrecy/level.js';
import { requireChannel } from '../../secrecy/use-request.js';
import type { Box } from '../box.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';
import { codeOf } from '../outputs/contents.js';
import { plainWords } from './service.js';

export interface SharingParts { readonly box: Pick<Box, 'store' | 'gate' | 'clock' | 'ids' | 'sm3' | 'identity' | 'profile'>; readonly policy: UsePolicy; readonly nameOf: (person: string) => Promise<string> }

const MOST = 2000;
const TOLD_AT_MOST = 20;
const HEADINGS = ['全宗号', '档号', '题名', '责任者', '成文日期', '年度', '保管期限', '门类', '密级'] as const;
const lineOf = (record: StoredRecord) => ({
  fonds: record.fonds, archivalCode: codeOf(record), title: record.description.title ?? '', author: record.description.author ?? [], documentDate: record.documentDate, archivalYear: record.archivalYear, retention: record.currentRetention ?? record.retentionCode, category: record.categoryCode, level: record.level,
});
/** A cell that no spreadsheet takes for a formula. */
const cell = (value: string): string => `"${(/^[=+\-@\t\r]/u.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;

/** 目录共享 (办法第三十七条): a signed list of entries, none of them classified. Contents are not in it. */
export function sharingService({ box, policy, nameOf }: SharingParts) {
  const { store, gate, clock, ids, sm3, identity, profile } = box;
  return {
    /** @throws ArchiveError `E_SHARE_CLASSIFIED` naming the entries; `E_CHANNEL_DISABLED` */
    async export(call: ServerCall, input: ShareExport) {
      requireChannel(policy, input.channel);
      const receiver = plainWords(input.receiver, '/receiver');
      return store.write(call, async (tx) => {
        await tx.allow();
        const records: StoredRecord[] = [];
        if (input.records !== undefined) {
          for (const id of input.records) {
            const record = await tx.records.get(id);
            if (record === undefined) throw new ArchiveError('E_NOT_FOUND');
            await tx.allow(recordTarget(record));
            records.push(record);
          }
        } else {
          const found = await tx.records.search({
            visible: await gate.visible(call, call.act, 1), words: null, levels: [0, 1, 2, 3, 4], equals: { ...(input.archivalYear === undefined ? {} : { archivalYear: input.archivalYear }), ...(input.categoryCode === undefined ? {} : { categoryCode: input.categoryCode }) },
            codePrefix: null, from: null, until: null, sort: 'code',
          }, { offset: 0, limit: MOST + 1 });
          if (found.rows.length > MOST) throw new ArchiveError('E_INPUT_INVALID', { max: MOST }, [{ at: '/archivalYear', message: `一个共享包最多 ${String(MOST)} 条，请按年度或门类分包` }]);
          records.push(...found.rows);
        }
        const secret = records.filter(({ level }) => isSecret(level));
        if (secret.length > 0) throw new ArchiveError('E_SHARE_CLASSIFIED', { entries: secret.length }, secret.slice(0, TOLD_AT_MOST).map((record) => ({ at: codeOf(record), message: '国家秘密条目，不得列入共享目录' })));
        if (records.length === 0) throw new ArchiveError('E_NOT_FOUND', {}, [{ at: '/records', message: '没有可以共享的条目' }]);
        const no = await drawNumber(ids, `GX-${clock.today().slice(0, 4)}-`, async (one) => tx.compilations.shared(one));
        const entries = records.map(lineOf);
        const json = Buffer.from(canonicalBytes({ type: 'shouzang-share/v1', no, box: identity.serial, unit: profile.unitName, receiver, at: clock.now(), entries }));
        const csv = Buffer.from(`\uFEFF${[HEADINGS.map(cell).join(','), ...entries.map((one) => [one.fonds, one.archivalCode, one.title, one.author.join('、'), one.documentDate ?? '', String(one.archivalYear ?? ''), one.retention ?? '', one.category ?? '', one.level === 0 ? '公开' : '内部'].map(cell).join(','))].join('\r\n')}\r\n`);
        await tx.compilations.share({ id: ids.uuid(), no, by: call.person, at: clock.now(), entries: entries.length, level: 1, receiver, sm3: Buffer.from(sm3(json)).toString('hex') });
        tx.audit({ action: call.act, object: no, objectType: 'share', objectLevel: 1, detail: { no, entries: entries.length, channel: input.channel, sm3: Buffer.from(sm3(json)).toString('hex') } });
        const files = { [`${no}.json`]: json, [`${no}.json.sig`]: identity.sign(json), [`${no}.csv`]: csv, [`${no}.csv.sig`]: identity.sign(csv), [`${no}.pem`]: Buffer.from(identity.chain.join('')) };
        return bytes('application/zip', Buffer.from(zipSync(files, { level: 0, mtime: new Date(1980, 0, 1) })), { fileName: `${no}.zip`, headers: { 'Cache-Control': 'no-store', 'X-Share-No': no } });
      });
    },

    /** 共享登记. */
    async list(call: ServerCall, input: ShareList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { ceiling } = await gate.subjectOf(call);
        const { rows, total } = await tx.compilations.shares(ceiling, { offset: (page - 1) * size, limit: size });
        tx.audit({ action: call.act, detail: { page, size } });
        return { page, size, total, rows: await Promise.all(rows.map(async ({ by, ...one }) => ({ ...one, byName: await nameOf(by) }))) };
      });
    },
  };
}
