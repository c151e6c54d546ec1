import canonicalize from 'canonicalize';
import test from 'ava';
import fc from 'fast-check';
import { entryBytes, type AuditEntry } from '../../core/audit.js';

const text = fc.string({ unit: 'binary' });
const maybe = fc.option(text);

test('the bytes an entry\'s hash covers are its canonical JSON (RFC 8785), whatever the values', (t) => {
  const entries = fc.record({
    seq: fc.nat(), at: text, actor: text, duty: maybe, terminal: text, action: text, objectType: maybe, object: maybe,
    objectLevel: fc.option(fc.constantFrom<0 | 1 | 2 | 3 | 4>(0, 1, 2, 3, 4)), result: fc.constantFrom<AuditEntry['result']>('ok', 'refused', 'failed'),
    reason: maybe, approval: maybe, detail: fc.dictionary(text, fc.jsonValue()), prevHash: text,
  });
  fc.assert(fc.property(entries, (entry) => { t.is(new TextDecoder().decode(entryBytes(entry)), new TextDecoder().decode(new TextEncoder().encode(canonicalize(entry)))); }));
});
