// npm run pages: writes the pages that are made from code.
import { readFileSync, writeFileSync } from 'node:fs';
import { ensureBuilt } from './build.mjs';

await ensureBuilt({ console: false });
const { errorsPage } = await import('../../dist/appliance/manual/errors-page.js');
writeFileSync(new URL('../manual/errors.md', import.meta.url), errorsPage());

const { withVerbsTable } = await import('../../dist/appliance/manual/verbs-table.js');
const readme = new URL('../../README.md', import.meta.url);
writeFileSync(readme, withVerbsTable(readFileSync(readme, 'utf8')));
