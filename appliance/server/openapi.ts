import type { TSchema } from '@sinclair/typebox';
import { CATALOG } from '../../core/errors.js';
import type { RouteRow, Routes } from './route.js';

/** OpenAPI 3.1 description of every act, made from the routes themselves, so that none can be forgotten. */
export function describeApi(routes: Routes): Readonly<Record<string, unknown>> {
  const paths = Object.fromEntries(Object.entries(routes).map(([act, row]) => [`/api/${act}`, { [row.method.toLowerCase()]: operation(act, row) }]));
  return {
    openapi: '3.1.0',
    info: { title: '守藏 Shouzang', version: '1', description: '仅限本机或隔离局域网使用。读用 GET，写用 POST，内容用 PUT；错误为 RFC 9457 problem+json。' },
    paths,
    components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: '__Host-shouzang' } } },
  };
}

function operation(act: string, row: RouteRow): Record<string, unknown> {
  return {
    operationId: act,
    summary: row.summary,
    ...(row.open ? {} : { security: [{ session: [] }] }),
    ...(row.method === 'POST'
      ? { requestBody: { required: true, content: { 'application/json': { schema: row.input } } } }
      : { parameters: parameters(row.input) }),
    ...(row.method === 'PUT' ? { requestBody: { required: true, content: { 'application/octet-stream': {} } } } : {}),
    responses: {
      200: { description: '成功' },
      ...Object.fromEntries(byStatus(row).map(([status, codes]) => [status, { description: codes.join('、'), content: { 'application/problem+json': {} } }])),
    },
  };
}

function parameters(schema: TSchema): unknown[] {
  const { properties = {}, required = [] } = schema as { properties?: Record<string, TSchema>; required?: readonly string[] };
  return Object.entries(properties).map(([name, part]) => ({ name, in: 'query', required: required.includes(name), schema: part }));
}

function byStatus(row: RouteRow): [number, string[]][] {
  const groups = new Map<number, string[]>();
  for (const code of row.errors) groups.set(CATALOG[code].status, [...(groups.get(CATALOG[code].status) ?? []), code]);
  return [...groups].sort(([a], [b]) => a - b);
}
