/** A file of an archive or of a folder, where its bytes stand in the content of a root. */
export interface Member {
  /** As the archive has it: not to be trusted. */
  readonly name: string
  /** With what is told of it; `dataStart` to `dataEnd` are its own bytes. */
  readonly start: number
  readonly dataStart: number
  readonly dataEnd: number
  readonly end: number
}
