import { KeyFileError, openKeyFile } from './key-file.js';
import { signSm2 } from './sm2.js';
import type { SigningResult, SigningWork } from './work.js';

self.addEventListener('message', (event: MessageEvent<SigningWork>) => {
  const { id, keyFile, pin, message } = event.data;
  const answer = (result: SigningResult): void => self.postMessage(result);
  try {
    answer({ id, signature: signSm2(message, openKeyFile(keyFile, pin).secret) });
  } catch (cause) {
    answer({ id, fault: cause instanceof KeyFileError ? cause.fault : 'failed' });
  }
});
