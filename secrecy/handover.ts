import type { HandoverForm } from '../core/transfer.js';
import { canonical } from './signing.js';

/** What each of the two signs on 载体交接单: the form whole, under the signer's own name. */
export function handoverStatement(form: HandoverForm, signer: { readonly person: string; readonly certificateSerial: string }): string {
  return canonical({
    ...form, volumes: form.volumes.map((one) => ({ ...one })), sealNos: [...form.sealNos], couriers: form.couriers.map((one) => ({ ...one })), signer: { person: signer.person, certificateSerial: signer.certificateSerial },
  });
}
