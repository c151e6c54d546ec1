// npm start: brings the build up to date, then becomes the box.
import { ensureBuilt } from './build.mjs';

try {
  await ensureBuilt();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(4);
}
await import('../../dist/appliance/main.js');
