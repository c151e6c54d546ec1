/**
 * 错误目录: every refusal of the product, one row each. `message` is what the officer reads; it says what to do next.
 * Facts given to `ArchiveError` go to the audit ledger and, only where the row says `tell`, over the wire.
 * @see domain table of error codes (办法 articles beside each row)
 */
export interface ErrorRow {
  /** HTTP status the server answers with. */
  readonly status: number;
  /** 中文提示: what happened and the next step. No titles, names or other telling text. */
  readonly message: string;
  /** 办法 articles, as numerals, for the console's 依据 line. */
  readonly articles?: readonly number[];
}

export const CATALOG = {
  E_NOT_FOUND: { status: 404, message: '未找到该档案，请核对编号或向档案部门查询' },
  E_INPUT_INVALID: { status: 400, message: '填写内容不符合要求，请按标出的字段修改后重新提交' },
  E_STATE_INVALID: { status: 409, message: '当前状态不允许该操作，请刷新后按允许的下一步办理', articles: [3] },
  E_STALE_VERSION: { status: 409, message: '内容已被他人修改，请刷新后重试' },
  E_SOD_SELF_APPROVAL: { status: 403, message: '不得审批本人拟定的事项，请由另一名有权人员办理' },
  E_SOD_CONFLICT: { status: 403, message: '职责冲突：该人员已任互斥岗位，请先解除原岗位或另选人员' },
  E_CLI_USAGE: { status: 400, message: '命令或参数不正确，请加 --help 查看用法' },
  E_CLI_FILE: { status: 400, message: '无法读写指定的文件或目录，请核对路径与权限' },
  E_INTERNAL: { status: 500, message: '系统内部错误，已记录。请记下编号并联系系统管理员' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof CATALOG;

/** A refusal with its catalogue code. `facts` are structural (ids, codes, counts), never titles or names. */
export class ArchiveError extends Error {
  constructor(
    readonly code: ErrorCode,
    readonly facts: Readonly<Record<string, unknown>> = {},
    /** JSON pointers or `file:row:column` places, shown to the officer beside the message. */
    readonly details: readonly ErrorDetail[] = [],
  ) {
    super(code);
    this.name = 'ArchiveError';
  }
}

export interface ErrorDetail {
  /** Where: a JSON pointer (`/title`), or a row and column of a catalogue (`第3行「题名」`). */
  readonly at: string;
  /** What is wrong there and how to mend it, in Chinese. */
  readonly message: string;
}
