import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../appliance/package-root.js';

const SKIPPED = new Set(['node_modules', 'dist', 'data', 'coverage', '.git', '.native', '__screens__']);

/** Every file of the package, as paths from its root with `/`, without what is built or installed. */
export function filesOf(folder = ''): string[] {
  const at = path.join(packageRoot, folder);
  if (!existsSync(at)) return [];
  return readdirSync(at)
    .filter((name) => !SKIPPED.has(name))
    .sort()
    .flatMap((name) => {
      const inner = folder === '' ? name : `${folder}/${name}`;
      return statSync(path.join(packageRoot, inner)).isDirectory() ? filesOf(inner) : [inner];
    });
}

export const textOf = (file: string): string => readFileSync(path.join(packageRoot, file), 'utf8');

/** The script of a `.vue` file, or the file itself. */
const scriptOf = (file: string): string =>
  file.endsWith('.vue') ? [...textOf(file).matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) => script).join('\n') : textOf(file);

export interface Import {
  /** As written. */
  readonly from: string;
  /** Path from the package root for one of ours, else `null`. */
  readonly ours: string | null;
  readonly typeOnly: boolean;
}

export interface Source {
  readonly file: string;
  readonly imports: readonly Import[];
  /** Free names that read the world: `Date`, `process`, `Math.random`, … with their line. */
  readonly worldly: readonly string[];
}

const WORLDLY = new Set(['Date', 'process', 'globalThis', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'crypto', 'console', 'Buffer']);

/** Reads a source as the compiler does, so that comments and texts are not mistaken for code. */
export function readSource(file: string): Source {
  const tree = ts.createSourceFile(file, scriptOf(file), ts.ScriptTarget.ES2023, true);
  const imports: Import[] = [];
  const worldly: string[] = [];
  const add = (from: string, typeOnly: boolean): void => {
    imports.push({ from, ours: from.startsWith('.') ? path.posix.join(path.posix.dirname(file), from) : null, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) add(node.moduleSpecifier.text, onlyTypes(node));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) add(node.moduleSpecifier.text, node.isTypeOnly);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [wanted] = node.arguments;
      if (wanted && ts.isStringLiteral(wanted)) add(wanted.text, false);
    } else if (ts.isIdentifier(node) && WORLDLY.has(node.text) && isFree(node)) worldly.push(`${node.text} at line ${lineOf(tree, node)}`);
    else if (ts.isPropertyAccessExpression(node) && node.getText(tree) === 'Math.random') worldly.push(`Math.random at line ${lineOf(tree, node)}`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  const declared = new Set(ownNames(tree));
  return { file, imports, worldly: worldly.filter((name) => !declared.has(name.split(' ')[0] ?? '')) };
}

/** Names the file gives itself: `const process: Method = …` is a rule of the trade, not the machine. */
function ownNames(tree: ts.SourceFile): string[] {
  return tree.statements.filter(ts.isVariableStatement).flatMap((one) => one.declarationList.declarations).map(({ name }) => name.getText(tree));
}

const lineOf = (tree: ts.SourceFile, node: ts.Node): number => tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;

function onlyTypes({ importClause }: ts.ImportDeclaration): boolean {
  if (importClause === undefined) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = importClause.namedBindings;
  return importClause.name === undefined && named !== undefined && ts.isNamedImports(named) && named.elements.every((one) => one.isTypeOnly);
}

/** Not a property name, a declaration or a member of something else. */
function isFree(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent)) return parent.name !== node;
  return !(ts.isMethodSignature(parent) || ts.isMethodDeclaration(parent) || ts.isParameter(parent) || ts.isVariableDeclaration(parent) || ts.isImportSpecifier(parent) || ts.isBindingElement(parent));
}

/** Rooms in which the product's code lives. */
export const ROOMS = ['core', 'secrecy', 'policies', 'appliance', 'ui', 'test'] as const;
export type Room = (typeof ROOMS)[number];

/** Rooms a path from the package root belongs to. */
export const roomOf = (file: string): string => file.split('/')[0] ?? '';

let read: readonly Source[] | undefined;

/** Every TypeScript and Vue source of the rooms, read once. */
export const allSources = (): readonly Source[] =>
  (read ??= ROOMS.flatMap((room) => filesOf(room)).filter((file) => /\.(?:ts|vue)$/.test(file) && !file.endsWith('.d.ts')).map(readSource));
