import type { TransportName } from '../domain/origin.ts'

/** How a command may get what is not here; the flags that update, default, use, run and which share. */
export interface GettingOptions {
  readonly transport: TransportName | 'auto'
  readonly offline: boolean
  readonly trustOrigin: readonly string[]
}
