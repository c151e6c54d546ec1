import { timingSafeEqual } from 'node:crypto';
import path from 'node:path';
import { bodyParser } from '@koa/bodyparser';
import Router from '@koa/router';
import Koa from 'koa';
import type { Context, Middleware } from 'koa';
import compress from 'koa-compress';
import helmet from 'koa-helmet';
import serve from 'koa-static';
import type { Logger } from 'pino';
import { ArchiveError } from '../../core/errors.js';
import type { Call } from '../../core/ports.js';
import { describeApi } from './openapi.js';
import { problemOf } from './problem.js';
import type { Bytes, RouteRow, Routes, ServerCall } from './route.js';
import { WHEN_EXPIRED, WHEN_LOCKED } from './session.js';
import type { Sessions, SessionView } from './session.js';
import { compileValidators, readQuery } from './validate.js';

export interface ServerParts {
  readonly routes: Routes;
  readonly sessions: Sessions;
  readonly log: Logger;
  readonly newTraceId: () => string;
  /** Enters a refusal in the ledger, unless a unit of work has done so. */
  readonly refused: (call: Call, error: unknown) => Promise<void>;
  /** Folder of the built console. */
  readonly consoleFolder: string;
  readonly health: () => Promise<Readonly<Record<string, unknown>>>;
  readonly metrics: () => Promise<string>;
}

const COOKIE = '__Host-shouzang';
const JSON_LIMIT = '8mb';
const CSP = {
  defaultSrc: ["'self'"], scriptSrc: ["'self'"], styleSrc: ["'self'", "'unsafe-inline'"], imgSrc: ["'self'", 'blob:', 'data:'],
  fontSrc: ["'self'"], connectSrc: ["'self'"], workerSrc: ["'self'", 'blob:'], objectSrc: ["'none'"], baseUri: ["'none'"],
  formAction: ["'self'"], frameAncestors: ["'none'"], frameSrc: ["'self'", 'blob:'],
};

/** The application, without listening. */
export function buildServer(parts: ServerParts): Koa {
  const app = new Koa();
  app.use(traced(parts));
  app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: CSP }, referrerPolicy: { policy: 'no-referrer' }, crossOriginEmbedderPolicy: false }));
  const router = new Router();
  router.get('/healthz', async (ctx) => { ctx.body = await parts.health(); });
  router.get('/metrics', async (ctx) => { ctx.type = 'text/plain; version=0.0.4'; ctx.body = await parts.metrics(); });
  const description = describeApi(parts.routes);
  router.get('/api/openapi.json', (ctx) => { ctx.body = description; });
  const validate = compileValidators(parts.routes);
  for (const [act, row] of Object.entries(parts.routes)) {
    // Who asks is known before a byte of what they ask is read.
    const handlers: Middleware[] = [
      entering(parts, act),
      async (ctx, next) => { ctx.state['session'] = await sessionOf(parts, act, row, ctx); await next(); },
      ...(row.method === 'POST' ? [bodyParser({ enableTypes: ['json'], jsonLimit: JSON_LIMIT, onError: unreadable })] : []),
      async (ctx: Context) => { await serveAct(act, row, (input) => { validate(act, input); }, ctx); },
    ];
    router.register(`/api/${act}`, [row.method], handlers);
  }
  app.use(router.routes());
  app.use(async (ctx, next) => {
    if (ctx.path.startsWith('/api/')) throw new ArchiveError('E_NOT_FOUND');
    await next();
  });
  app.use(compress({ threshold: 1024 }));
  app.use(singlePage(parts.consoleFolder));
  return app;
}

/** Turns every error into a problem document; the log gets the fault, never the words. */
function traced(parts: ServerParts): Middleware {
  return async (ctx, next) => {
    const traceId = parts.newTraceId();
    ctx.state['traceId'] = traceId;
    ctx.set('X-Trace-Id', traceId);
    if (ctx.path.startsWith('/api/')) ctx.set('Cache-Control', 'no-store');
    try {
      await next();
    } catch (error) {
      const problem = problemOf(error, traceId);
      if (problem.code === 'E_INTERNAL') parts.log.error({ traceId, path: ctx.path, fault: faultOf(error) }, 'request failed');
      ctx.status = problem.status;
      ctx.type = 'application/problem+json';
      ctx.body = JSON.stringify(problem);
    }
  };
}

/** Where it broke, without the message: driver and parser messages quote values. */
function faultOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = (error as NodeJS.ErrnoException).code;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at ')).slice(0, 12).map((line) => line.trim());
  return { name: error.name, ...(code === undefined ? {} : { code }), frames };
}

function unreadable(): never {
  throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '', message: '请求内容不是有效的 JSON，或超过大小限制' }]);
}

/** Every refusal of an act is entered in the ledger, also one that never came as far as a unit of work. */
function entering(parts: ServerParts, act: string): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const call = callOf(act, ctx, ctx.state['asker'] as SessionView | undefined);
      await parts.refused(call, error).catch((fault: unknown) => { parts.log.error({ traceId: call.traceId, fault: faultOf(fault) }, 'a refusal could not be entered'); });
      throw error;
    }
  };
}

const callOf = (act: string, ctx: Context, session: SessionView | undefined): Call => ({
  act, person: session?.person ?? 'anonymous', duty: session?.duty ?? null, terminal: session?.terminal ?? ctx.ip, traceId: String(ctx.state['traceId']),
});

async function serveAct(act: string, row: RouteRow, validate: (input: unknown) => void, ctx: Context): Promise<void> {
  const session = ctx.state['session'] as SessionView | undefined;
  const call: ServerCall = {
    ...callOf(act, ctx, session), session, ip: ctx.ip,
    reply: {
      setSession: (token) => {
        ctx.cookies.set(COOKIE, token, { httpOnly: true, sameSite: 'strict', secure: true, path: '/', overwrite: true });
      },
    },
  };
  const body: unknown = row.method === 'POST' ? (ctx.request.body ?? {}) : undefined;
  const input = row.method === 'POST' ? body : readQuery(row.input, ctx.URL.searchParams);
  validate(input);
  if (row.limitBytes !== undefined && Number(ctx.get('content-length')) > row.limitBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: row.limitBytes });
  answer(ctx, await row.handle(call, input as never, ctx.req));
}

async function sessionOf(parts: ServerParts, act: string, row: RouteRow, ctx: Context): Promise<SessionView | undefined> {
  const token = ctx.cookies.get(COOKIE);
  let session: SessionView | undefined;
  try {
    session = token === undefined ? undefined : await parts.sessions.resume(token);
  } catch (error) {
    if (!row.open) throw error;
  }
  ctx.state['asker'] = session;
  if (row.open) return session;
  if (!session) throw new ArchiveError('E_SESSION_REQUIRED');
  if (row.method !== 'GET' && !sameText(ctx.get('x-csrf-token'), session.csrf)) throw new ArchiveError('E_CSRF');
  if (session.locked && !WHEN_LOCKED.has(act)) throw new ArchiveError('E_SESSION_EXPIRED', { locked: true });
  if (session.mustChangePassword && !WHEN_EXPIRED.has(act)) throw new ArchiveError('E_PASSWORD_EXPIRED');
  return session;
}

function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function answer(ctx: Context, result: unknown): void {
  if (isBytes(result)) {
    ctx.type = result.type;
    for (const [name, value] of Object.entries(result.headers ?? {})) ctx.set(name, value);
    ctx.set('Content-Disposition', result.fileName === undefined ? 'inline' : `attachment; filename*=UTF-8''${encodeURIComponent(result.fileName)}`);
    ctx.body = result.body;
    return;
  }
  ctx.body = result ?? {};
}

const isBytes = (result: unknown): result is Bytes => typeof result === 'object' && result !== null && (result as { kind?: unknown }).kind === 'bytes';

/** Built assets for ever, the page itself never from a cache; every other path is the console's own. */
function singlePage(folder: string): Middleware {
  const assets = serve(folder, {
    index: false,
    setHeaders: (response, file) => {
      response.setHeader('Cache-Control', file.includes(`${path.sep}assets${path.sep}`) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    await assets(ctx, async () => {
      ctx.path = '/index.html';
      await assets(ctx, next);
    });
  };
}
