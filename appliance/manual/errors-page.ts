import { CATALOG, errorRow, isErrorCode, type ErrorCode } from '../../core/errors.js';

const HEAD = `# 错误代码

本页由错误目录（\`core/error-catalogue.ts\`）生成，改目录后运行 \`npm run pages\` 重写。界面、接口和命令行遇到问题时给出下列代码之一，
并用中文说明下一步；命令行加 \`--json\` 时给出同样的问题文档（RFC 9457）。「依据」为《昆明市电子文件归档与电子档案管理办法（征求意见稿）》的条。
界面另有两个自己的代码：\`E_NETWORK\` 连不上本机服务，\`E_CONSOLE\` 页面自身出错，刷新后重试。
标有「对外为 E_NOT_FOUND」的代码只写入审计日志，无权的人看到的与档案不存在时完全相同。

| 代码 | 状态 | 说明与下一步 | 依据 |
|---|---|---|---|
`;

/** \`appliance/manual/errors.md\`, every row of the catalogue in order of its code. */
export function errorsPage(): string {
  return HEAD + Object.keys(CATALOG).filter(isErrorCode).sort().map(rowOf).join('');
}

function rowOf(code: ErrorCode): string {
  const { status, message, articles = [], hiddenAs } = errorRow(code);
  const hidden = hiddenAs === undefined ? '' : `（对外为 ${hiddenAs}）`;
  return `| \`${code}\` | ${status} | ${message}${hidden} | ${articles.map((one) => `第${one}条`).join('、')} |\n`;
}
