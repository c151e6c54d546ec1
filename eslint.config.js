import js from '@eslint/js';
import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';

/** 方向: core ← secrecy ← appliance; policies imports nothing of ours; ui knows only the HTTP API and types of policies/schemas. */
const away = (rooms, why) => ({ group: rooms.flatMap((room) => [`**/../${room}/*`, `**/../${room}/**`]), message: why });
const ARROW = 'imports point one way: core ← secrecy ← appliance';

const NODE_BUILTINS = { group: ['node:*', 'fs', 'fs/*', 'path', 'crypto', 'os', 'net', 'http', 'https', 'child_process', 'stream', 'worker_threads'], message: 'core and secrecy do no I/O' };
const IO_PACKAGES = { group: ['koa', 'koa-*', '@koa/*', 'sequelize', 'sqlite3', 'umzug', 'pino', 'sm-crypto', 'pdfkit', 'commander'], message: 'core and secrecy do no I/O' };

const pure = (forbidden) => ({
  'no-restricted-imports': ['error', { patterns: [away(forbidden, ARROW), NODE_BUILTINS, IO_PACKAGES] }],
  'no-restricted-globals': [
    'error',
    ...['Date', 'process', 'fetch', 'crypto', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'globalThis', 'console', 'require'].map((name) => ({
      name,
      message: 'time, chance and I/O come in through ports',
    })),
  ],
  'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: 'chance comes in through a port' }],
});

const CLOCK_RULE = [
  'error',
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'take a Clock' },
  { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'take a Clock' },
  { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: 'take randomness as a parameter' },
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'data/', '.native/'] },
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  ...vue.configs['flat/essential'],
  {
    rules: {
      eqeqeq: ['error', 'smart'],
      'no-console': 'error',
      '@typescript-eslint/no-unused-expressions': ['error', { allowTernary: true }],
      'no-undef': 'off',
      // File names and texts are searched for exactly such characters.
      'no-control-regex': 'off',
      'no-misleading-character-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['ui/vite.config.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
    },
  },
  { files: ['core/**/*.ts'], rules: pure(['secrecy', 'appliance', 'ui']) },
  { files: ['secrecy/**/*.ts'], rules: pure(['appliance', 'ui']) },
  { files: ['policies/**/*.ts'], rules: pure(['core', 'secrecy', 'appliance', 'ui']) },
  {
    files: ['appliance/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [away(['ui', 'test'], ARROW)] }] },
  },
  {
    files: ['appliance/**/*.ts'],
    ignores: ['appliance/main.ts', 'appliance/cli.ts', 'appliance/clock.ts', 'appliance/cli/**'],
    rules: { 'no-restricted-syntax': CLOCK_RULE },
  },
  {
    files: ['ui/**/*.{ts,vue}'],
    ignores: ['ui/vite.config.ts'],
    // The ideographic space parts the words of a Chinese line.
    rules: { 'no-irregular-whitespace': 'off', 'no-restricted-imports': ['error', { patterns: [away(['core', 'secrecy', 'appliance', 'test'], 'the console knows only the HTTP API'), NODE_BUILTINS] }] },
  },
  { files: ['**/*.vue'], languageOptions: { parserOptions: { parser: tseslint.parser } }, rules: { 'vue/multi-word-component-names': 'off' } },
  { files: ['**/*.mjs', 'ui/vite.config.ts'], rules: { 'no-console': 'off' } },
);
