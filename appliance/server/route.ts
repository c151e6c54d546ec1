import type { Readable } from 'node:stream';
import type { Static, TSchema } from '@sinclair/typebox';
import type { ErrorCode } from '../../core/errors.js';
import type { ServerCall } from '../call.js';

export { bytes } from '../call.js';
export type { Bytes, ServerCall } from '../call.js';

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
