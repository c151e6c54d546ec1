import type { AuditEntry } from '../core/audit.js';
import type { Instant } from '../core/ports.js';
import { needsKnowledgeLog } from './scope.js';

/** 知悉方式: 阅览登记, 阅览全文, 报表, 导出. */
export type KnowledgeMode = 'show' | 'read' | 'report' | 'export';

/** The acts by which a person comes to know what a record holds. A list shows no more than that a person may ask. */
const KNOWING: Readonly<Record<string, KnowledgeMode>> = {
  'record.show': 'show', 'record.read': 'read', 'report.create': 'report', 'report.show': 'report', 'report.read': 'report',
  'output.print': 'export', 'output.burn': 'export', 'output.export': 'export',
};

/** One line of the register. */
export interface Knowing {
  readonly record: string;
  readonly person: string;
  readonly at: Instant;
  readonly level: 3 | 4;
  readonly mode: KnowledgeMode;
  /** 审批单号, where the knowing rests on one. */
  readonly approval: string | null;
  readonly file: string | null;
  readonly page: number | null;
  readonly terminal: string;
}

/**
 * 知悉机密级以上国家秘密的人员须作出记录: taken from what is entered in the ledger, in the same transaction, so that no act can forget it
 * and nothing can switch it off.
 * @see 保密法实施条例(2024)第二十条
 */
export function knowings(entries: readonly AuditEntry[]): readonly Knowing[] {
  return entries.flatMap(({ action, object, objectType, objectLevel, result, actor, at, approval, terminal, detail }) => {
    const mode = KNOWING[action];
    if (mode === undefined || result !== 'ok' || objectType !== 'record' || object === null || objectLevel === null || !needsKnowledgeLog(objectLevel)) return [];
    const { file, page, holder } = detail;
    // Of a copy that is given out, who is handed it comes to know it as well as who made it.
    const persons = typeof holder === 'string' && holder !== actor ? [actor, holder] : [actor];
    return persons.map((person) => ({
      record: object, person, at, level: objectLevel as Knowing['level'], mode, approval, file: typeof file === 'string' ? file : null,
      page: typeof page === 'number' ? page : null, terminal,
    }));
  });
}
