// The container's health check: the box answers on its own port. Its certificate is its own, so only the answer counts here.
import { get } from 'node:https';

const port = process.env.SHOUZANG_PORT ?? '8443';
const request = get(`https://127.0.0.1:${port}/healthz`, { rejectUnauthorized: false, timeout: 4000 }, (answer) => {
  answer.resume();
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
});
request.on('timeout', () => request.destroy(new Error('timeout')));
request.on('error', () => (process.exitCode = 1));
