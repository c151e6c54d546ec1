/** A numbered step of the schema. Never edited once released: a change is a new number. */
export interface Migration {
  /** `NNNN-subject`. */
  readonly name: string;
  readonly statements: readonly string[];
}
