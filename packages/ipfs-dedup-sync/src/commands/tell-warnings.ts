import type { Io } from '@ipkit/core/cli/io'
import { stripControl } from '@ipkit/core/cli/strip-control'

export function tellWarnings (io: Io, warnings: ReadonlyArray<{ readonly code: string, readonly message: string }>): void {
  for (const { code, message } of warnings) io.report.warn(code, stripControl(message))
}
