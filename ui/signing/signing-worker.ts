import { KeyFileError, openKeyFile } from './key-file.js';
import { decryptSm2, signSm2 } from './sm2.js';
import type { SigningResult, SigningWork } from './work.js';

self.addEventListener('message', (event: MessageEvent<SigningWork>) => {
  const { id, act, keyFile, pin, bytes } = event.data;
  const answer = (result: SigningResult): void => self.postMessage(result);
  try {
    const { secret } = openKeyFile(keyFile, pin);
    answer({ id, bytes: act === 'sign' ? signSm2(bytes, secret) : decryptSm2(bytes, secret) });
  } catch (cause) {
    answer({ id, fault: cause instanceof KeyFileError ? cause.fault : 'failed' });
  }
});
