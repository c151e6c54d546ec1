import type { Readable } from 'node:stream';
import type { Static, TSchema } from '@sinclair/typebox';
import type { ErrorCode } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import type { SessionView } from './session.js';

/** A call that came in over HTTP, with the session behind it. */
export interface ServerCall extends Call {
  /** `undefined` on open routes only. */
  readonly session: SessionView | undefined;
  /** Address of the peer, for the ledger's terminal. */
  readonly ip: string;
  /** Cookie and header changes that sign-in and sign-out make. */
  readonly reply: { setSession(token: string | null): void };
}

/** Bytes instead of JSON: page pictures, reports, exports. */
export interface Bytes {
  readonly kind: 'bytes';
  readonly type: string;
  readonly body: Buffer | Readable;
  /** Offered as a download under this name when given; inline otherwise. */
  readonly fileName?: string;
  /** Extra headers, e.g. `X-Trace-Code`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export const bytes = (type: string, body: Buffer | Readable, more: Pick<Bytes, 'fileName' | 'headers'> = {}): Bytes =>
  ({ kind: 'bytes', type, body, ...more });

/**
 * One act on the wire. `GET` reads take `input` from the query, `POST` from a JSON body, `PUT` from the query with the raw body
 * handed to `handle` as a stream. No logic lives here: `handle` is a service.
 */
export interface RouteRow {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly input: TSchema;
  /** What refusals a caller must expect, for the API description. */
  readonly errors: readonly ErrorCode[];
  /** One Chinese line for the API description. */
  readonly summary: string;
  /** Reached without a session: sign-in, health. */
  readonly open: boolean;
  /** Largest PUT body. */
  readonly limitBytes?: number;
  handle(call: ServerCall, input: never, body: Readable): Promise<unknown>;
}

type RouteOptions<I extends TSchema> = Omit<RouteRow, 'handle' | 'input' | 'open'> & {
  readonly input: I;
  readonly open?: boolean;
  handle(call: ServerCall, input: Static<I>, body: Readable): Promise<unknown>;
};

/** Ties the input schema to the type that `handle` takes. */
export function route<I extends TSchema>(row: RouteOptions<I>): RouteRow {
  return { ...row, open: row.open ?? false, handle: row.handle as RouteRow['handle'] };
}

export type Routes = Readonly<Record<string, RouteRow>>;
