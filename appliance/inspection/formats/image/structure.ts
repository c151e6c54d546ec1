/** What the bytes of a picture say before anything is decoded. */
export interface Structure {
  /** Why it cannot be whole, in Chinese; null when nothing speaks against it. */
  readonly broken: string | null;
  /** Departures from the format that leave the picture readable. */
  readonly odd: readonly string[];
  /** Pixels declared, of the largest frame with its offset. */
  readonly pixels: number;
  readonly pages: number;
  /** Offset of the first byte that is not part of the picture; the file's size when there is none. */
  readonly end: number;
  /** 地理位置: a GPS block that says something. */
  readonly location: boolean;
  readonly version: string | null;
}

export const sound = (part: Partial<Structure> & { readonly end: number }): Structure => ({ broken: null, odd: [], pixels: 0, pages: 1, location: false, version: null, ...part });
