#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cli = new URL('../dist/appliance/cli.js', import.meta.url);
if (!existsSync(fileURLToPath(cli))) {
  const { ensureBuilt } = await import('./image/build.mjs');
  await ensureBuilt({ console: false });
}
const { main } = await import(cli.href);
await main(process.argv.slice(2));
