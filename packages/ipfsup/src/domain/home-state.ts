import type { Lang, Version } from './version.ts'

/** What ipfsup remembers in its home; docs/formats/ipfsup.md. Each write is atomic and durable when it resolves. */
export interface HomeState {
  /** The one pointer. @throws AppError DEFAULT_DAMAGED */
  default(): Promise<Version | undefined>
  /** Versions that were the default, oldest first, the present one last; each at most once in a row. */
  history(): Promise<readonly Version[]>
  /** History first, pointer last: a crash in between is mended by the next read. */
  setDefault(version: Version | undefined, history: readonly Version[]): Promise<void>
  /** What `<lang>-latest` means to the shim: the last answer that was installed. */
  alias(lang: Lang): Promise<Version | undefined>
  setAlias(lang: Lang, version: Version): Promise<void>
  /** The last answers of origins. */
  latest(lang: Lang, pre: boolean): Promise<SeenLatest | undefined>
  setLatest(lang: Lang, pre: boolean, seen: SeenLatest): Promise<void>
  /** Of a folder, physical and absolute. */
  override(folder: string): Promise<string | undefined>
  setOverride(folder: string, version: string | undefined): Promise<void>
  overrides(): Promise<ReadonlyArray<{ readonly folder: string, readonly version: string }>>
  /** The lock file. @throws AppError LOCK_FILE_DAMAGED (exit refused) */
  lockedHash(version: Version, architecture: string): Promise<LockedHash | undefined>
  /** @throws AppError RELEASE_CHANGED when there is another one already */
  lockHash(version: Version, architecture: string, hash: LockedHash): Promise<void>
  /** Runs `work` while no other process changes the default or the history. */
  locked<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>
  /** What `rollback` went back from: automatic updates go beyond it or stay. */
  left(): Promise<Version | undefined>
  setLeft(version: Version | undefined): Promise<void>
  auto(): Promise<boolean>
  setAuto(on: boolean): Promise<void>
  /** When updates were last looked for. */
  checkedMs(): Promise<number | undefined>
  setCheckedMs(ms: number): Promise<void>
  /** What the shim tells once, on a terminal. One line; undefined takes it away. */
  setNotice(text: string | undefined): Promise<void>
}

export interface SeenLatest {
  /** The highest ever seen here, and when it was seen first. */
  readonly version: Version
  readonly sinceMs: number
  /** The last answer and its time: lower than `version` where an origin took a release back, or hides one. */
  readonly answer: Version
  readonly answeredMs: number
}

export interface LockedHash { readonly sha512: string, readonly cid: string | undefined, readonly seenMs: number }
