import type { NodeDoor } from '../daemon/node-door.ts'
import type { ServiceLog } from '../daemon/service.ts'
import type { Clock } from '../time/clock.ts'

/** The process as a value: a command sees nothing else of the outside, so a test can run it without a child process. */
export interface Io {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Aborts on SIGINT and SIGTERM; the reason is an AppError INTERRUPTED or TERMINATED. */
  readonly signal: AbortSignal
  readonly stdin: InputStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly files: FileAccess
  readonly prompt: Prompt
  readonly report: Reporter
  /** For -v: how things are done, not what was done. Silent without it. */
  readonly log: ServiceLog
  readonly flags: GlobalFlags
  readonly clock: Clock
  randomBytes(sizeBytes: number): Uint8Array
  /** The way to the shared node. Nothing is dialled or started before its first use. */
  readonly node: NodeDoor
}

/** The flags that every command understands; `global-flags.ts` declares them for the parser. */
export interface GlobalFlags {
  readonly json: boolean
  /** As typed; `$IPKIT_HOME` and the platform's place are looked at by whoever resolves it. */
  readonly home: string | undefined
  readonly node: string | undefined
  readonly progress: 'auto' | 'json' | 'off'
  readonly quiet: boolean
  /** How often -v was given. */
  readonly verbose: number
}

export interface InputStream { readonly source: AsyncIterable<Uint8Array>, readonly isTTY: boolean }

export interface OutputStream {
  /**
   * Resolves when more can be written.
   * @throws AppError OUTPUT_CLOSED when the reader went away (EPIPE): run-cli then ends quietly (exit 0; 1 where
   * bytes were the answer and not all of them arrived); DISK_FULL
   */
  write(data: string | Uint8Array): Promise<void>
  readonly isTTY: boolean
  readonly columns: number
}

/** Files as commands may use them. Paths are taken relative to `Io.cwd`. */
export interface FileAccess {
  /** @throws AppError FILE_NOT_FOUND, FILE_IS_DIRECTORY, FILE_NOT_READABLE */
  openRead(path: string): Promise<ReadableFile>
  /** Writes to a hidden temp file beside `path`; `commit` makes it appear whole. @throws AppError FILE_EXISTS, FILE_NOT_WRITABLE, DISK_FULL */
  createWhole(path: string, options?: { readonly overwrite?: boolean, readonly mode?: number }): Promise<WholeFile>
  readText(path: string, maxBytes: number): Promise<string>
}

export interface ReadableFile extends AsyncDisposable {
  /** Base name only. */
  readonly name: string
  readonly sizeBytes: number
  /** The file as it was at one moment. @throws AppError FILE_CHANGED when somebody writes to it meanwhile */
  readonly source: AsyncIterable<Uint8Array>
}

export interface WholeFile extends AsyncDisposable {
  /** One call at a time. It is synced from time to time, and a sync that failed is final. @throws AppError DISK_FULL; the disk's own errors */
  write(bytes: Uint8Array): Promise<void>
  /** fsync, rename, directory fsync. Disposing without it removes the temp file. */
  commit(): Promise<void>
}

export interface Prompt {
  /** False when stdin or stderr is not a terminal: callers then decide without asking. */
  readonly canAsk: boolean
  /** @returns true for yes; the empty answer is `fallback` @throws AppError NO_TERMINAL, NO_ANSWER (end of input) */
  confirm(question: string, fallback: boolean): Promise<boolean>
  /** Reads one line without echo; from the terminal itself when stdin is something else. @throws AppError NO_TERMINAL, NO_ANSWER */
  secret(question: string): Promise<string>
}

/** What a command says beside its answer. Goes to stderr; under --json as one object a line. */
export interface Reporter {
  progress(event: ProgressEvent): void
  warn(code: string, message: string): void
  /** A sentence for people; dropped under --json and --quiet. */
  note(message: string): void
  /** Takes the progress line away; the next event draws it again. For what stays on the line: a question, the answer, a text that is typed. */
  pause(): void
}

export interface ProgressEvent {
  /** What is being done: 'encrypting', 'fetching'. Also what it waits for: 'waiting for the sender'. */
  readonly step: string
  readonly doneBytes?: number
  readonly totalBytes?: number
}
