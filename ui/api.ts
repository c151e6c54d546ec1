/** The one door to the server: `capability.verb` over HTTPS, same origin, cookie session. */

export interface ProblemDetail { readonly at: string; readonly message: string }

interface ProblemBody {
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly details?: readonly ProblemDetail[];
  readonly articles?: readonly string[];
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly traceId?: string;
}

/** A refusal as the server words it (RFC 9457). `code` is a catalogue code, or `E_NETWORK` when the box was not reached. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: readonly ProblemDetail[];
  readonly articles: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly traceId: string | null;

  constructor(body: ProblemBody) {
    super(body.detail ?? '系统没有说明原因，请记下时间并联系系统管理员');
    this.name = 'Problem';
    this.status = body.status ?? 0;
    this.code = body.code ?? 'E_INTERNAL';
    this.details = body.details ?? [];
    this.articles = body.articles ?? [];
    this.facts = body.facts ?? {};
    this.traceId = body.traceId ?? null;
  }
}

/** Where a detail points, as an officer reads it: a row, a column, a name; a path inside the request says nothing to anybody. */
export const placeOf = (detail: ProblemDetail): string => (/^\/[\w/-]*$/.test(detail.at) ? '' : detail.at);

export const asProblem = (cause: unknown): Problem =>
  cause instanceof Problem ? cause
    : new Problem({ code: 'E_CONSOLE', detail: cause instanceof Error ? cause.message : String(cause) });

export type Query = Readonly<Record<string, string | number | boolean | null | undefined | readonly (string | number)[]>>;

let csrfToken = '';
let onSignedOut: () => void = () => undefined;
let onActivity: () => void = () => undefined;

export const useCsrf = (token: string): void => { csrfToken = token; };
/** Called when the server says the session is gone or locked, so that the frame can react without losing the page. */
export const whenRefusedSession = (handler: () => void): void => { onSignedOut = handler; };
/** Called after each answer a person asked for: it restarts the idle clock as the server does. */
export const whenActive = (handler: () => void): void => { onActivity = handler; };

export function address(act: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(key, String(one));
  }
  const text = search.toString();
  return `/api/${act}${text ? `?${text}` : ''}`;
}

async function call(url: string, init: RequestInit, passive = false): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', cache: 'no-store', ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new Problem({ code: 'E_NETWORK', detail: '连不上本机服务。请查看主机是否开机、网线是否插好，稍后再试' });
  }
  if (response.ok) {
    if (!passive) onActivity();
    return response;
  }
  const problem = new Problem({ status: response.status, ...await response.json().catch(() => ({})) as ProblemBody });
  if (response.status === 401) onSignedOut();
  throw problem;
}

const parsed = async <T>(response: Response): Promise<T> =>
  (response.status === 204 ? undefined : await response.json()) as T;

/** `passive` marks refreshes made by the page itself; they never count as activity for the console's idle lock. */
export async function read<T>(act: string, query: Query = {}, options: { signal?: AbortSignal; passive?: boolean } = {}): Promise<T> {
  return parsed<T>(await call(address(act, query), { headers: { Accept: 'application/json' }, ...(options.signal ? { signal: options.signal } : {}) }, options.passive));
}

export async function write<T>(act: string, body: unknown = {}): Promise<T> {
  return parsed<T>(await call(address(act), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRF-Token': csrfToken },
    body: JSON.stringify(body),
  }));
}

/** A deed whose answer is content: a copy made for one person. */
export async function made(act: string, body: unknown = {}): Promise<Response> {
  return call(address(act), { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrfToken }, body: JSON.stringify(body) });
}

export async function put<T>(act: string, query: Query, content: Blob, signal?: AbortSignal): Promise<T> {
  return parsed<T>(await call(address(act, query), {
    method: 'PUT',
    headers: { 'Content-Type': 'application/octet-stream', Accept: 'application/json', 'X-CSRF-Token': csrfToken },
    body: content,
    ...(signal ? { signal } : {}),
  }));
}

/** Content as bytes with its headers: page images and finished reports. */
export const content = (act: string, query: Query = {}): Promise<Response> => call(address(act, query), {});

export interface Page<Row> { readonly rows: readonly Row[]; readonly total: number; readonly page: number; readonly size: number }
