import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

/*
 * Loaded before everything else in the box's process, its workers and its children (`NODE_OPTIONS=--require`). Whatever would look up a
 * name, open a connection or send a datagram is noted in `SHOUZANG_EGRESS_LOG` and refused; so is every other program that is started.
 */
const log = process.env['SHOUZANG_EGRESS_LOG'] ?? '/dev/null';
const note = (what: string): void => { appendFileSync(log, `${what}\n`); };

function forbid(module: object, name: string, what: (args: readonly unknown[]) => string | null): void {
  const holder = module as Record<string, unknown>;
  const real = holder[name];
  if (typeof real !== 'function') return;
  holder[name] = function forbidden(this: unknown, ...args: unknown[]): unknown {
    const told = what(args);
    if (told === null) return Reflect.apply(real, this, args);
    note(told);
    throw new Error(`forbidden: ${name}`);
  };
}

for (const name of Object.keys(dns).filter((key) => /^(?:lookup|resolve|reverse)/u.test(key))) {
  // A number is no name: the listener is given its own address that way.
  forbid(dns, name, ([host]) => (name === 'lookup' && net.isIP(String(host)) !== 0 ? null : `dns.${name} ${String(host)}`));
}
for (const name of Object.keys(dns.promises).filter((key) => /^(?:lookup|resolve|reverse)/u.test(key))) forbid(dns.promises, name, ([host]) => `dns.promises.${name} ${String(host)}`);
forbid(net.Socket.prototype, 'connect', ([first]) => `connect ${JSON.stringify(first)}`);
forbid(dgram, 'createSocket', ([first]) => `dgram ${JSON.stringify(first)}`);
for (const name of ['spawn', 'exec', 'execFile', 'spawnSync', 'execSync', 'execFileSync']) {
  forbid(childProcess, name, ([program]) => (program === process.execPath ? null : `program ${String(program)}`));
}
syncBuiltinESMExports();
note(`watching ${String(process.pid)}`);
