import { describedKeys } from '../../core/metadata.js';
import type { InspectionParts } from '../../core/services/inspection.js';
import type { Inspector } from '../../core/services/content.js';
import type { VerifySignature } from '../../secrecy/signing.js';
import type { Box } from '../box.js';
import type { CounterpartService } from '../counterparts/service.js';
import type { TransportKeys } from '../counterparts/transport-key.js';
import type { Certificate } from '../crypto/certificate.js';
import { SmCryptoVerifier } from '../crypto/sm-crypto-adapter.js';
import type { DeviceService } from '../devices/service.js';
import { officerVerifier } from '../identity/officer-signature.js';
import type { PackageRoom } from '../packages/compose.js';
import { fondsRules } from '../store/repositories/box.js';
import type { AccessionItem, StoredAccession } from '../store/repositories/accessions.js';
import type { Becoming } from './item.js';
import { openingOf } from './opening.js';
import { accessionService } from './service.js';
import { takingIn } from './taking-in.js';
import { receivingTester } from './testing.js';

export interface AccessionComposition {
  readonly inspectionParts: InspectionParts;
  readonly inspector: Inspector;
  readonly room: PackageRoom;
  readonly transport: TransportKeys;
  readonly devices: DeviceService;
  readonly inForce: CounterpartService['inForce'];
  readonly searchedKeys: readonly string[];
  readonly verifierFor: (certificate: string, at: string) => VerifySignature;
  readonly nameOf: (person: string) => Promise<string>;
}

/** 接收 over the parts of the box. */
export function composeAccessions(box: Box, given: AccessionComposition) {
  const { clock, ids, policies, profile, store, gate, crypto } = box;
  const described = describedKeys(policies.content('metadata.json'));
  const second = new SmCryptoVerifier();
  const becoming = (one: StoredAccession, _item: AccessionItem): Becoming => {
    const fonds = 'opening' in one.it ? one.it.opening?.fonds ?? '' : '';
    const rules = fondsRules(profile, fonds);
    return {
      record: ids.uuid(), batch: one.batch ?? ids.uuid(), fonds, department: one.department, owner: 'decision' in one.it ? one.it.decision.by : one.it.arrived.by, persons: one.persons, at: clock.now(),
      codeProfile: rules.profile, scheme: rules.schemeId, described, classification: null, archivesName: profile.unitName, file: () => ids.uuid(),
    };
  };
  return accessionService({
    store, gate, clock, ids, box: box.identity, data: box.paths.root, inForce: given.inForce, nameOf: given.nameOf, verifierFor: given.verifierFor, systemCall: (act) => box.systemCall(act),
    unit: { name: profile.unitName, mode: profile.mode, fonds: profile.fonds[0]?.fonds ?? '', systemLevel: profile.systemLevel }, eraseObject: async (object) => box.vault.erase(object),
    openPackage: openingOf({
      box, policy: policies.content('accession.json'), room: given.room, two: { native: crypto, second }, transport: given.transport, devices: given.devices, inspector: given.inspector,
      keepsFonds: (fonds) => profile.fonds.some((one) => one.fonds === fonds), verifierFor: (authority: Certificate) => officerVerifier(crypto, second, () => authority),
    }),
    test: receivingTester({ ...given.inspectionParts, marking: policies.content('marking.json'), becoming }),
    takeIn: takingIn({ box, searchedKeys: given.searchedKeys, becoming }),
  });
}
