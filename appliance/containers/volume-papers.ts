import type { StoredRecord } from '../../core/holdings.js';
import { pageSpans, volumeSpan } from '../../core/volume.js';
import type { Volume, VolumeItem } from '../../core/volume.js';
import { printTitle } from '../../core/description.js';
import { levelName } from '../../secrecy/level.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import type { RollUp } from '../../secrecy/roll-up.js';
import type { Box } from '../box.js';
import type { FormHead } from '../reports/form.js';
import { Paper } from '../transfers/paper.js';

export interface VolumePaperFacts { readonly volume: Volume; readonly items: readonly VolumeItem[]; readonly records: readonly StoredRecord[]; readonly held: RollUp | null; readonly arrangedBy: string; readonly checkedBy: string }
export type VolumePaperKind = 'cover' | 'items' | 'note';
const NAMES: Readonly<Record<VolumePaperKind, string>> = { cover: '案卷目录', items: '卷内目录', note: '备考表' };
const eight = (day: string | null): string => day?.replaceAll('-', '') ?? '';

/** The three papers of a volume, each under the mark the volume carries (DA/T 22-2015; 卷内目录八项). */
export async function volumePaper(box: Pick<Box, 'policies' | 'identity' | 'clock' | 'profile'>, kind: VolumePaperKind, facts: VolumePaperFacts): Promise<{ name: string; pdf: Buffer }> {
  const { volume, items, records } = facts;
  const number = volume.number === null ? '未编号' : String(volume.number).padStart(4, '0');
  const mark = facts.held !== null && facts.held.level === volume.level && volume.level >= 2 ? rollUpMark(facts.held, box.policies.content('marking.json')) : levelName(volume.level);
  const head: FormHead = { orientation: kind === 'items' ? 'landscape' : 'portrait', title: NAMES[kind], reportNo: `${volume.fonds}-${number}`, box: box.identity.serial, generatedAt: box.clock.now(), level: volume.level, mark, rehearsal: box.profile.rehearsal, unit: box.profile.unitName };
  const paper = new Paper(head, NAMES[kind], `全宗 ${volume.fonds} ${volume.categoryCode} ${String(volume.archivalYear)} 年度 ${volume.retentionCode} 案卷号 ${number}`);
  const span = volumeSpan(records);
  const pages = items.reduce((sum, one) => sum + one.pages, 0);
  if (kind === 'items') {
    const spans = pageSpans(items);
    paper.table([['顺序号', 0.7], ['文号', 1.8], ['责任者', 1.6], ['题名', 4.2], ['日期', 1], ['密级', 1.1], ['页号', 0.9], ['备注', 1.2]], items.map(({ record: id, position }, at) => {
      const record = records[at];
      const own = spans.get(id);
      return [String(position), record?.description.documentNumber ?? '', record?.description.author?.join('、') ?? '', record === undefined ? '' : printTitle(record.description), eight(record?.documentDate ?? null), record === undefined ? '' : record.mark ?? levelName(record.level), own === undefined ? '' : `${String(own.from)}-${String(own.to)}`, record?.archivalCode ?? ''];
    }));
  } else {
    paper.pairs(['案卷题名', volume.told.title]);
    paper.pairs(['起止日期', span === null ? '—' : `${eight(span.from)} 至 ${eight(span.to)}`], ['件数、页数', `${String(items.length)} 件 ${String(pages)} 页`]);
    paper.pairs(['保管期限', volume.retentionCode], ['密级', mark]);
    paper.pairs(['机构（问题）', volume.orgOrFunction ?? '—'], ['案卷号', number]);
    if (kind === 'note') {
      paper.row([{ text: '卷内情况', wide: 1.3, head: true }, { text: volume.told.note ?? '', wide: 7.4, least: 160 }]);
      paper.pairs(['立卷人', facts.arrangedBy], ['立卷时间', volume.told.arrangedOn ?? '—']);
      paper.pairs(['检查人', facts.checkedBy], ['检查时间', volume.told.checkedOn ?? '—']);
    }
  }
  return { name: `${volume.fonds}-${number}-${NAMES[kind]}.pdf`, pdf: await paper.finish(`案卷 ${number}`) };
}
