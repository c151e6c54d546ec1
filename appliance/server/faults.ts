import { ArchiveError } from '../../core/errors.js';

/** A full or failing disk under the database: nothing was written. */
const DATABASE_DISK: ReadonlySet<string> = new Set(['SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_READONLY', 'SQLITE_CANTOPEN']);
const DISK_FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
/** Too many files open, or another process at the database: gone in a moment. */
const BUSY: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'SQLITE_BUSY']);
/** The sender went away in the middle of a body. */
const CUT_OFF: ReadonlySet<string> = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNABORTED']);

/** Faults of adapters that a person can do something about, as refusals of the catalogue; all others as they are. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof ArchiveError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  if (DISK_FULL.has(code)) return new ArchiveError('E_STORAGE_FULL');
  if (DATABASE_DISK.has(code)) return new ArchiveError('E_AUDIT_UNAVAILABLE');
  if (BUSY.has(code)) return new ArchiveError('E_BUSY');
  if (CUT_OFF.has(code)) return new ArchiveError('E_INPUT_INVALID', { why: 'cut off' }, [{ at: '', message: '传输中断，请重试' }]);
  // Addresses that the web framework refuses: bad escapes, hostile paths, methods.
  const { status } = error as { readonly status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500 ? new ArchiveError('E_NOT_FOUND', { status }) : error;
}

/** The code of the error, or of the driver's error that the ORM wraps. */
function codeOf(error: Error): string {
  const { code, parent } = error as { readonly code?: unknown; readonly parent?: { readonly code?: unknown } };
  const found = parent?.code ?? code;
  return typeof found === 'string' ? found : '';
}

/** Where it broke, without the message: driver and parser messages quote values. */
export function faultOf(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = codeOf(error);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /u.test(line)).slice(0, 12).map((line) => line.trim());
  return { name: error.name, ...(code === '' ? {} : { code }), frames };
}
