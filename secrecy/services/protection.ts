import { searchedTexts } from '../../core/description.js';
import type { StoredRecord } from '../../core/holdings.js';
import type { Clock, WriteTools } from '../../core/ports.js';
import { isArchived, isRecordState } from '../../core/record.js';
import { indexTerms } from '../../core/search-terms.js';
import type { ContentStore } from '../../core/services/content.js';
import type { Classification, Terms } from '../classification-state.js';
import type { MarkingPolicy } from '../classification-rules.js';
import { termText } from '../marking.js';
import { declassificationMark } from '../mark-history.js';
import type { Protection, SecrecyTx } from '../ports.js';

/** A matter with a mark, in force or past. */
export type Held = Extract<Classification, { readonly current: Terms }>;

/** What a decision asks of every record it covers. Lifted, a record is 内部 to whoever knew it: 解密 is no 公开. */
export function protectionOf(it: Held, policy: MarkingPolicy): Protection {
  const { current } = it;
  if (it.state === 'declassified') return { level: 1, scope: current.scope, mark: declassificationMark(it), classificationId: it.id, secrecyPeriod: null };
  return { level: current.level, scope: current.scope, mark: current.mark, classificationId: it.id, secrecyPeriod: termText(current.term, policy).slice(0, 40) || '未标明' };
}

export interface ProtectionParts {
  readonly clock: Clock;
  readonly content: Pick<ContentStore, 'relevel'>;
  /** Keys of the description that are searched, in order. */
  readonly searchedKeys: readonly string[];
}

/**
 * Puts a record under another level: description resealed, words blinded under the level's own key, files resealed and their objects
 * written down, in this transaction; data keys move after the commit, from the intents, which `recover` repeats.
 */
export async function protect(parts: ProtectionParts, tx: SecrecyTx & WriteTools, record: StoredRecord, to: Protection): Promise<StoredRecord> {
  const { secrecyPeriod: _before, ...description } = record.description;
  const next: StoredRecord = {
    ...record, level: to.level, scope: to.scope, mark: to.mark, classificationId: to.classificationId,
    description: to.secrecyPeriod === null ? description : { ...description, secrecyPeriod: to.secrecyPeriod },
  };
  await tx.records.save(next, record.version);
  if (isRecordState(record.state) && isArchived(record.state)) {
    await tx.records.indexWords(next, indexTerms([...searchedTexts(next.description, parts.searchedKeys), next.archivalCode ?? '']));
  }
  if (to.level !== record.level) {
    const objects = await tx.files.relevel(record.id, to.level);
    for (const object of objects) await tx.objects.relevel(object, to.level, parts.clock.now());
    tx.afterCommit(async () => { for (const object of objects) await parts.content.relevel(object, to.level); });
  }
  return { ...next, version: record.version + 1 };
}
