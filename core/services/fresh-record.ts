import { NOTHING_SINCE_FILING } from '../holdings.js';
import type { CaptureBatch, StoredRecord } from '../holdings.js';
import type { Description } from '../description.js';
import type { Clock, Ids } from '../ports.js';

/** 件 the moment it comes in: everything that is decided later is open. */
export function freshRecord({ clock, ids }: { readonly clock: Clock; readonly ids: Ids }, batch: CaptureBatch, description: Description): StoredRecord {
  return {
    id: ids.uuid(), electronicRecordCode: `ERC-${clock.today().slice(0, 4)}-${ids.uuid().replaceAll('-', '').slice(0, 16)}`, batch: batch.id, state: 'captured', level: batch.level,
    fonds: batch.fonds, department: batch.department, owner: batch.openedBy, categoryCode: null, archivalYear: null, retentionCode: null, orgOrFunction: null,
    scheduleItemId: null, scheme: null, documentDate: null, completedOn: null, series: null, sequence: null, archivalCode: null, codeProfile: null, codeStatus: null,
    classificationId: null, mark: null, filingDeadline: null, filedAt: null, transferDueOn: null, retentionExpiresOn: null, verdict: null, metadataDigest: null,
    ...NOTHING_SINCE_FILING, capturedAt: clock.now(), version: 1, description,
    // Secrets are known to whoever handed them in and to the department, until marking says otherwise.
    scope: batch.level >= 2 ? { persons: [batch.openedBy], departments: [batch.department] } : { persons: [], departments: [] },
  };
}
