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
import { faultOf, refusalOf } from './faults.js';
import { describeApi } from './openapi.js';
import { problemOf } from './problem.js';
import type { Bytes, RouteRow, Routes, ServerCall } from './route.js';
import { WHEN_EXPIRED, WHEN_LOCKED } from './session.js';
import type { Sessions, SessionView } from '../call.js';
import { ANONYMOUS } from '../store/unit-of-work.js';
import { compileValidators, readQuery } from './validate.js';

export interface ServerParts {
  readonly routes: Routes;
  readonly sessions: Sessions;
  /** Enters a refusal or fault that no unit of work has entered. */
  readonly refused: (call: ServerCall, error: unknown) => Promise<void>;
  /** Whether a duty may do the act at all: of several duties, the one the person comes under. */
  readonly mayHold: (act: string, duty: string) => boolean;
  readonly log: Logger;
  readonly newTraceId: () => string;
  /** Folder of the built console. */
  readonly consoleFolder: string;
  readonly health: () => Promise<Readonly<Record<string, unknown>>>;
  readonly metrics: () => Promise<string>;
}

const COOKIE = '__Host-shouzang';
const JSON_LIMIT = '8mb';
/** Of forms that anyone may send. */
const OPEN_JSON_LIMIT = '64kb';
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
    const parse = bodyParser({ enableTypes: ['json'], jsonLimit: row.open ? OPEN_JSON_LIMIT : JSON_LIMIT, onError: unreadable });
    router.register(`/api/${act}`, [row.method], async (ctx: Context) => {
      await serveAct(parts, act, row, ctx, async () => {
        if (row.method === 'POST') await parse(ctx, async () => Promise.resolve());
        const input: unknown = row.method === 'POST' ? ctx.request.body ?? {} : readQuery(row.input, new URLSearchParams(ctx.querystring));
        validate(act, input);
        return input;
      });
    });
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
      const problem = problemOf(refusalOf(error), traceId);
      if (problem.code === 'E_INTERNAL') parts.log.error({ traceId, act: ctx.state['act'], fault: faultOf(error) }, 'request failed');
      ctx.status = problem.status;
      ctx.type = 'application/problem+json';
      ctx.body = JSON.stringify(problem);
    }
  };
}

function unreadable(): never {
  throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '', message: '请求内容不是有效的 JSON，或超过大小限制' }]);
}

/** The session first, then the form: nobody unknown makes the box read more than a sign-in. */
async function serveAct(parts: ServerParts, act: string, row: RouteRow, ctx: Context, readInput: () => Promise<unknown>): Promise<void> {
  ctx.state['act'] = act;
  const token = ctx.cookies.get(COOKIE);
  let session: SessionView | undefined;
  let unresumed: Error | undefined;
  try {
    session = token === undefined ? undefined : await parts.sessions.resume(token);
  } catch (error) {
    unresumed = error instanceof Error ? error : new Error('session');
  }
  const call: ServerCall = {
    act, session, ip: ctx.ip, person: session?.person ?? ANONYMOUS, duty: session?.duties.find((duty) => parts.mayHold(act, duty)) ?? session?.duties[0] ?? null,
    terminal: session?.terminal ?? ctx.ip, traceId: String(ctx.state['traceId']),
    reply: {
      setSession: (fresh) => {
        ctx.cookies.set(COOKIE, fresh, { httpOnly: true, sameSite: 'strict', secure: true, path: '/', overwrite: true });
      },
    },
  };
  try {
    if (!row.open) {
      if (unresumed !== undefined) throw unresumed;
      requireSession(act, row, session, ctx);
    }
    const input = await readInput();
    if (row.limitBytes !== undefined && Number(ctx.get('content-length')) > row.limitBytes) throw new ArchiveError('E_UPLOAD_TOO_LARGE', { limitBytes: row.limitBytes });
    answer(ctx, await row.handle(call, input as never, ctx.req));
  } catch (error) {
    const refusal = refusalOf(error);
    await parts.refused(call, refusal).catch((fault: unknown) => { parts.log.error({ traceId: call.traceId, act, fault: faultOf(fault) }, 'refusal not entered'); });
    throw refusal;
  }
}

function requireSession(act: string, row: RouteRow, session: SessionView | undefined, ctx: Context): void {
  if (!session) throw new ArchiveError('E_SESSION_REQUIRED');
  if (row.method !== 'GET' && !sameText(ctx.get('x-csrf-token'), session.csrf)) throw new ArchiveError('E_CSRF');
  if (session.locked && !WHEN_LOCKED.has(act)) throw new ArchiveError('E_SESSION_EXPIRED', { locked: true });
  if (session.mustChangePassword && !WHEN_EXPIRED.has(act)) throw new ArchiveError('E_PASSWORD_EXPIRED');
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
