/** The box as a signer: its serial, its SM2 key (behind the keystore) and the certificates that a stranger checks it with. */
export interface BoxIdentity {
  /** 设备编号 in the certificate, e.g. `SZ-5f3a…`. */
  readonly serial: string;
  /** PEM, box certificate first, its CA after it. */
  readonly chain: readonly string[];
  /** SM2 over SM3(Z ‖ message), DER. @throws ArchiveError E_BOX_LOCKED */
  sign(message: Uint8Array): Uint8Array;
}
