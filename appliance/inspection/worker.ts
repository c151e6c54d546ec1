/** The examining process: facts about content, from its bytes. */
import { EXAMINE_LIMITS } from './limits.js';
import { examineContent } from './identify.js';
import { serve } from './serve.js';

serve<string>((source, name) => examineContent(source, name, EXAMINE_LIMITS));
