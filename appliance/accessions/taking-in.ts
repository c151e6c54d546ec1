import { canonicalBytes } from '../../core/canonical.js';
import { searchedTexts } from '../../core/description.js';
import { ArchiveError } from '../../core/errors.js';
import { store as stored } from '../../core/accession.js';
import type { Call, WriteTools } from '../../core/ports.js';
import { indexTerms } from '../../core/search-terms.js';
import { metadataOf } from '../../core/services/inspection.js';
import { scopeOf } from '../../secrecy/scope.js';
import { inheritMark } from '../../secrecy/travelling-mark.js';
import type { Box } from '../box.js';
import { accessionTarget } from '../store/repositories/accessions.js';
import type { AccessionItem, StoredAccession } from '../store/repositories/accessions.js';
import type { Repositories } from '../store/repositories/index.js';
import { earlierEvents, recordOf } from './item.js';
import type { Becoming } from './item.js';

type Tx = Repositories & WriteTools;

export interface TakingInParts {
  readonly box: Box;
  readonly searchedKeys: readonly string[];
  readonly becoming: (one: StoredAccession, item: AccessionItem) => Becoming;
}

/**
 * 入库: one transaction an item, from the decision on. Whoever stops the box in between finds the rest waiting; an item is a record with its mark,
 * files, history and words, or not there at all. Nothing of a package is seen before it was accepted.
 */
export function takingIn({ box, searchedKeys, becoming }: TakingInParts) {
  const { store, clock, ids, sm3 } = box;

  async function item(tx: Tx, call: Call, one: StoredAccession, waiting: AccessionItem): Promise<void> {
    const { content } = waiting;
    if (content === null || one.batch === null) throw new ArchiveError('E_STATE_INVALID', { item: waiting.id });
    const { marking } = content;
    const lines = becoming(one, waiting);
    const { record, files } = recordOf(waiting, content, { ...lines, classification: marking === null ? null : ids.uuid() });
    const metadataDigest = Buffer.from(sm3(canonicalBytes(metadataOf(record, files, 'offline_package_import')))).toString('hex');
    await tx.records.add({ ...record, metadataDigest });
    for (const file of files) await tx.files.add(file);
    if (marking !== null && record.classificationId !== null) {
      const [first] = one.it.signatures;
      const it = inheritMark(marking, { id: record.classificationId, record: record.id, archivalCode: waiting.archivalCode, scope: scopeOf({ persons: [...one.persons] }), holder: { person: lines.owner, tokens: first === undefined ? [] : [first.token] } });
      await tx.matters.add({ it, level: waiting.level, fonds: record.fonds, department: record.department, scope: { persons: [...one.persons], departments: [] }, before: [], proposedAt: marking.matter.proposed.at, decidedAt: null, version: 1 });
      tx.audit({ action: 'classification.inherit', object: it.id, objectType: 'classification', objectLevel: waiting.level, detail: { record: record.id, level: marking.level } });
    }
    await tx.records.indexWords(record, indexTerms([...searchedTexts(record.description, searchedKeys), waiting.archivalCode]));
    for (const event of earlierEvents(content, 'opening' in one.it ? one.it.opening?.unit ?? '' : '', lines.at)) await tx.records.addEvent(record.id, event);
    await tx.records.addEvent(record.id, {
      activity: 'accession', at: clock.now(), person: call.person, duty: call.duty, mandate: '办法第二十六条',
      detail: { number: one.it.form.number, accessionNo: waiting.accessionNo, ...('decision' in one.it && one.it.decision.outcome === 'accepted' ? { storageLocation: one.it.decision.storageLocation, receiptNo: one.it.decision.receiptNo } : {}) },
    });
    await tx.accessions.forgetObjects(waiting.id);
    await tx.accessions.saveItem({ ...waiting, state: 'stored', record: record.id, content: null });
    tx.audit({ action: 'record.accession', object: record.id, objectType: 'record', objectLevel: waiting.level, detail: { archivalCode: waiting.archivalCode, accessionNo: waiting.accessionNo, metadataDigest, item: waiting.seq } });
  }

  /** Goes on with an accepted package until all of it is in. */
  return async (call: Call, accession: string, progress: (done: number) => void): Promise<void> => {
    for (let done = 0; ; done += 1) {
      const left = await store.write(call, async (tx: Tx) => {
        const one = await tx.accessions.get(accession);
        if (one?.it.state !== 'accepted') throw new ArchiveError('E_STATE_INVALID', { accession, state: one?.it.state ?? '' });
        await tx.allow(accessionTarget(one), 'accession.accept');
        const waiting = await tx.accessions.nextStaged(accession);
        if (waiting !== undefined) {
          await item(tx, call, one, waiting);
          return true;
        }
        const { next, audit } = stored(one.it, clock.now());
        await tx.accessions.save({ ...one, it: next }, one.version);
        tx.audit({ ...audit, objectLevel: one.level });
        return false;
      });
      progress(done + 1);
      if (!left) return;
    }
  };
}
