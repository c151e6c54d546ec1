import type { Box } from '../box.js';
import { compilationService } from './service.js';
import { sharingService } from './sharing.js';

/** 编研、专题与目录共享 over the parts of the box. */
export function composeCompilations(box: Box, { nameOf }: { readonly nameOf: (person: string) => Promise<string> }) {
  const { store, gate, clock, ids, containers, policies } = box;
  return {
    compilations: compilationService({ store, gate, clock, ids, containers, nameOf, marks: policies.content('marking.json'), rules: policies.content('suggestions.json') }),
    sharing: sharingService({ box, nameOf, policy: policies.content('use.json') }),
  };
}
