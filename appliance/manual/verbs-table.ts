import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { buildProgram } from '../cli/frame.js';
import { VERBS } from '../cli/verbs.js';

const OPEN = '<!-- verbs -->';
const CLOSE = '<!-- /verbs -->';

/** The table of verbs, one row per verb of `npx shouzang`. */
function verbsTable(): string {
  const silent = new PassThrough();
  const program = buildProgram(VERBS, { stdin: silent, stdout: silent, stderr: silent, env: {} });
  const rows = leavesOf(program, 'npx shouzang').map(([signature, description]) => {
    const [chinese = '', english = ''] = description.split('\n');
    return `| \`${signature.replaceAll('|', '\\|')}\` | ${chinese} | ${english} |\n`;
  });
  return `| Command | 用途 | Meaning |\n|---|---|---|\n${rows.join('')}`;
}

function leavesOf(command: Command, path: string): (readonly [string, string])[] {
  return command.commands
    .filter((child) => child.name() !== 'help')
    .flatMap((child) => {
      const name = `${path} ${child.name()}`;
      if (child.commands.length > 0) return leavesOf(child, name);
      const taken = child.registeredArguments.map((one) => {
        const words = `${one.name()}${one.variadic ? '…' : ''}`;
        return one.required ? words.toUpperCase() : `[${words.toUpperCase()}]`;
      });
      return [[[name, ...taken].join(' '), child.description()] as const];
    });
}

/** A page with the table between its two marks brought up to date. */
export function withVerbsTable(page: string): string {
  const [before, after] = [page.indexOf(OPEN), page.indexOf(CLOSE)];
  if (before < 0 || after < before) throw new Error('the page has no place for the table of verbs');
  return `${page.slice(0, before + OPEN.length)}\n${verbsTable()}${page.slice(after)}`;
}
