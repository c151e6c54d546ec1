import { ArchiveError } from '../../core/errors.js';
import { isArchived, isRecordState } from '../../core/record.js';
import type { Clock } from '../../core/ports.js';
import type { MarkingPolicy } from '../../secrecy/classification-rules.js';
import { highest, isSecret } from '../../secrecy/level.js';
import { markDisagreements, markedName, nameHeldTo } from '../../secrecy/mark-places.js';
import type { MarkPlaces, PlaceFault } from '../../secrecy/mark-places.js';
import { isOrdinary } from '../../secrecy/ordinary.js';
import { rollUpMark } from '../../secrecy/roll-up.js';
import { isBeyond } from '../../secrecy/services/drawing-up.js';
import { protectionOf } from '../../secrecy/services/protection.js';
import { traceText } from '../../secrecy/watermark.js';
import type { Containers } from '../containers/marks.js';
import type { Vault } from '../content/vault.js';
import { checkedDocument } from '../reports/document.js';
import { fileOf } from '../reports/stored-set.js';
import { repositories } from '../store/repositories/index.js';
import type { Sealing } from '../store/sealing.js';
import type { Sql } from '../store/sql.js';

/** What carries a mark in four places. */
export interface Placed { readonly kind: 'record' | 'report'; readonly id: string }

export interface PlacesParts {
  readonly sealing: Sealing;
  readonly vault: Vault;
  readonly containers: Pick<Containers, 'get'>;
  readonly clock: Clock;
  readonly policy: MarkingPolicy;
}

/** States of a matter that guards its records and has no mark yet. */
const UNDECIDED: ReadonlySet<string> = new Set(['proposed', 'temporarily_protected']);

/** 四处标志 as the store has them: what of a record or a report does not say the same. Gone is nothing to disagree. */
export function placesOf(parts: PlacesParts) {
  const { policy, clock } = parts;

  async function ofRecord(sql: Sql, id: string): Promise<MarkPlaces | null> {
    const tx = repositories(sql, parts.sealing);
    const record = await tx.records.get(id);
    if (record === undefined || isBeyond(record)) return null;
    const matter = record.classificationId === null ? undefined : await tx.matters.get(record.classificationId);
    const it = matter !== undefined && !isOrdinary(matter.it) && 'current' in matter.it ? matter.it : null;
    const asked = it === null ? null : protectionOf(it, policy);
    const { mark } = record;
    if (asked === null && isSecret(record.level) && mark === null) {
      // Before it is filed, or while somebody's proposal guards it, a record is kept at its level without a mark.
      const open = isRecordState(record.state) && !isArchived(record.state);
      if (open || (await tx.matters.ofRecord(id)).some((one) => UNDECIDED.has(one.it.state))) return null;
    }
    // A form under way may guard the records above the mark they have.
    const raised = asked !== null && record.level > asked.level && (await tx.cases.openOf(asked.classificationId ?? '')) !== undefined;
    const level = raised ? asked.level : record.level;
    const ever = highest([level, ...(it === null ? [] : [it.current.level, ...it.changes.map(({ from }) => from.level)])]);
    const files = await tx.files.ofRecord(id);
    const [page = null] = mark === null ? [] : traceText({ mark, code: record.electronicRecordCode, orderNo: null, person: '', unit: '', at: clock.now(), short: '' });
    return { level, mark, decided: asked === null ? null : { level: asked.level, mark: asked.mark ?? '' }, page, fileNames: files.map(({ sealed }) => nameHeldTo(sealed.fileName, level, ever)), header: mark };
  }

  /** A report prints the mark of the day it was made: what it tells of may have been raised, lowered or extended since. */
  async function ofReport(sql: Sql, id: string): Promise<MarkPlaces | null> {
    const report = await repositories(sql, parts.sealing).reports.get(id);
    if (report === undefined) return null;
    const container = await parts.containers.get(sql, { kind: 'report', id });
    const document = checkedDocument(JSON.parse((await fileOf(parts.vault, report, 'json')).toString('utf8')));
    const since = container !== undefined && container.changedAt > report.createdAt;
    return {
      level: report.level, mark: report.mark, decided: since ? { level: container.held.level, mark: rollUpMark(container.held, policy) } : null,
      page: document.mark, fileNames: [markedName(`${report.number}.pdf`, report.level)], header: document.mark,
    };
  }

  return {
    async faults(sql: Sql, { kind, id }: Placed): Promise<readonly PlaceFault[]> {
      try {
        const places = kind === 'record' ? await ofRecord(sql, id) : await ofReport(sql, id);
        return places === null ? [] : markDisagreements(places, policy);
      } catch (error) {
        if (error instanceof ArchiveError && error.code !== 'E_BOX_LOCKED') return ['unreadable'];
        throw error;
      }
    },
  };
}
