import { Ajv, type ValidateFunction } from 'ajv';
import formatsPlugin from 'ajv-formats';
import { ArchiveError, type ErrorDetail } from '../../core/errors.js';
import { metadataDetail, recordSchema, type SchemaContext } from '../../core/metadata.js';
import type { Dictionaries } from '../../policies/schemas/dictionaries.js';
import type { MetadataScheme, Stage } from '../../policies/schemas/metadata.js';

/** Checks whole records against the scheme, stage by stage. */
export interface MetadataCheck {
  /** Everything that is wrong, by pointer, in the words of the scheme; empty where the record may go on. */
  readonly details: (stage: Stage, record: unknown) => readonly ErrorDetail[];
  /** @throws ArchiveError `E_META_REQUIRED` where only values are missing, else `E_META_INVALID` */
  readonly require: (stage: Stage, record: unknown) => void;
}

/** Compiles the schema of filing at once, so that a bad scheme stops the start and not an officer; those of other stages ask less of the same elements. */
export function metadataCheck(scheme: MetadataScheme, dictionaries: Dictionaries, context: SchemaContext): MetadataCheck {
  const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
  formatsPlugin.default(ajv);
  const byStage = new Map<Stage, ValidateFunction>();
  const compiled = (stage: Stage): ValidateFunction => {
    const validate = byStage.get(stage) ?? ajv.compile(recordSchema(scheme, dictionaries, stage, context));
    byStage.set(stage, validate);
    return validate;
  };
  compiled('fil');
  const faults = (stage: Stage, record: unknown): { readonly details: readonly ErrorDetail[]; readonly onlyMissing: boolean } => {
    const validate = compiled(stage);
    if (validate(record)) return { details: [], onlyMissing: true };
    const telling = (validate.errors ?? []).filter((fault) => fault.keyword !== 'if');
    const details = new Map(telling.map((fault) => {
      const detail = metadataDetail(scheme, fault);
      return [`${detail.at} ${detail.message}`, detail] as const;
    }));
    return { details: [...details.values()], onlyMissing: telling.every((fault) => fault.keyword === 'required') };
  };
  return {
    details: (stage, record) => faults(stage, record).details,
    require: (stage, record) => {
      const { details, onlyMissing } = faults(stage, record);
      if (details.length > 0) throw new ArchiveError(onlyMissing ? 'E_META_REQUIRED' : 'E_META_INVALID', { stage, places: details.length }, details);
    },
  };
}
