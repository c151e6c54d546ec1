import type { Level } from '../../../core/ports.js';
import { insert } from '../sql.js';
import type { Sql } from '../sql.js';

/** 复制 under a use request: which orders of the outputs room it led to. */
export interface UseLinkRepository {
  link(use: string, output: string): Promise<void>;
  outputsOf(use: string, ceiling: Level): Promise<readonly { readonly output: string; readonly no: string; readonly kind: string; readonly copies: number }[]>;
}

export const useLinkRepository = (sql: Sql): UseLinkRepository => ({
  link: async (use, output) => insert(sql, 'use_output', { use, output }),
  outputsOf: async (use, ceiling) => sql.all(
    `SELECT output_request.id AS output, output_request.no, output_request.kind, (SELECT count(*) FROM output_copy WHERE output_copy.output = output_request.id) AS copies
     FROM use_output JOIN output_request ON output_request.id = use_output.output WHERE use_output.use = $1 AND output_request.level <= $2 ORDER BY output_request.no`, use, ceiling,
  ),
});
