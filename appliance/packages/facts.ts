import { Type } from '@sinclair/typebox';
import { ArchiveError } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import { checkFor } from '../validation.js';
import type { PackageFacts } from './port.js';

const Count = Type.Integer({ minimum: 0 });
const Facts = Type.Object({
  packageNo: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,39}$' }), kind: Type.Union([Type.Literal('filing'), Type.Literal('transfer')]), form: Type.Union([Type.Literal('folder'), Type.Literal('eep')]),
  volume: Type.Integer({ minimum: 1 }), volumes: Type.Integer({ minimum: 1 }), fonds: Type.String({ minLength: 1 }), unitName: Type.String({ minLength: 1 }), box: Type.String({ minLength: 1 }),
  madeAt: Type.String({ format: 'date-time' }), level: Type.Integer({ minimum: 0, maximum: 4 }), mark: Type.Union([Type.String({ minLength: 1 }), Type.Null()]), items: Count, bytes: Count,
  encoding: Type.Union([Type.Literal('UTF-8'), Type.Literal('GB18030')]),
}, { additionalProperties: false });
const check = checkFor(Facts);

/** @throws ArchiveError `E_PKG_CATALOGUE` for anything but 包信息.json as written */
export function readFacts(bytes: Uint8Array | undefined): PackageFacts {
  try {
    const checked = check(JSON.parse(Buffer.from(bytes ?? []).toString('utf8')));
    if (checked.ok) return { ...checked.value, level: checked.value.level as Level };
  } catch {
    // told below
  }
  throw new ArchiveError('E_PKG_CATALOGUE', { what: 'facts' });
}
