import type { Readable } from 'node:stream';
import { ArchiveError } from '../../core/errors.js';
import { requestText } from '../../core/source-request.js';
import type { OnlineCapture, SourceSystemsPolicy } from '../../policies/schemas/source.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../call.js';
import { parseCertificate } from '../crypto/certificate.js';
import { verifyChain } from '../crypto/certificate-chain.js';
import { sourceRepository } from '../store/repositories/sources.js';
import type { SourceSystem } from '../store/repositories/sources.js';

/** A request that is proven to come from the system, and its body as signed. */
export interface Admitted { readonly system: SourceSystem; readonly body: Buffer }

/**
 * Who asks, before anything of the body is read: a system of the register, its certificate good today, its signature over the query,
 * its clock near ours, a nonce never seen; then the body, up to a limit and as the signed digest says.
 */
export function admission(box: Box, policy: SourceSystemsPolicy) {
  const { clock, crypto, keys, sm3 } = box;
  const windowMs = policy.windowSeconds * 1000;

  return {
    /**
     * @param trial a system that is registered and cleared may try before its test is entered
     * @throws ArchiveError E_SOURCE_UNREGISTERED, E_SOURCE_SIGNATURE, E_SOURCE_CLOCK, E_SOURCE_REPLAY, E_UPLOAD_TOO_LARGE, E_FIXITY_FAILED
     */
    async admit(call: ServerCall, query: OnlineCapture, stream: Readable, limitBytes: number, trial = false): Promise<Admitted> {
      const system = await sourceRepository(box.reader, box.sealing).byCode(query.source);
      if (system === undefined) throw new ArchiveError('E_SOURCE_UNREGISTERED', { why: 'unknown' });
      const known = { source: system.id };
      const certificate = parseCertificate(system.certificate);
      const chain = verifyChain(crypto, { chain: [certificate], anchors: [keys.identity.authority], at: clock.now(), usage: 'digitalSignature' });
      if (!chain.valid) throw new ArchiveError('E_SOURCE_SIGNATURE', { ...known, why: chain.fault });
      if (!crypto.verify(requestText(call.act, { ...query }), Buffer.from(query.signature, 'base64url'), certificate.publicKey)) throw new ArchiveError('E_SOURCE_SIGNATURE', { ...known, why: 'signature' });
      if (system.state === 'suspended' || system.level === null || (system.state !== 'in_use' && !trial)) throw new ArchiveError('E_SOURCE_UNREGISTERED', { ...known, state: system.level === null ? 'uncleared' : system.state });
      const now = Date.parse(clock.now());
      const off = Math.abs(now - Date.parse(query.at));
      if (!(off <= windowMs)) throw new ArchiveError('E_SOURCE_CLOCK', { ...known, windowSeconds: policy.windowSeconds, now: clock.now() });
      const fresh = await box.store.housekeep(async (sql) => sourceRepository(sql, box.sealing).useNonce(system.id, query.nonce, clock.now(), new Date(now + 2 * windowMs).toISOString()));
      if (!fresh) throw new ArchiveError('E_SOURCE_REPLAY', known);
      const parts: Buffer[] = [];
      let length = 0;
      for await (const part of stream as AsyncIterable<Buffer>) {
        length += part.length;
        if (length > limitBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes });
        parts.push(part);
      }
      const body = Buffer.concat(parts);
      const digest = Buffer.from(sm3(body)).toString('hex');
      if (digest !== query.sm3) throw new ArchiveError('E_FIXITY_FAILED', { ...known, registered: query.sm3, found: digest });
      return { system, body };
    },
  };
}
