import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { test } from '@jest/globals'

type TestBody = () => void | Promise<void>

/**
 * `test` for what needs a program that not every machine has: `testWithProgram('chromium')('renders', …)`. Without it the test is
 * skipped and says why; where IPKIT_REQUIRE_ALL=1 it fails.
 */
export const testWithProgram = (...programs: string[]): (title: string, body: TestBody, timeoutMs?: number) => void =>
  testWith(missing(programs))

/** The same for any other need. @param lacking what is missing, in words; undefined when all is there */
export function testWith (lacking: string | undefined): (title: string, body: TestBody, timeoutMs?: number) => void {
  return (title, body, timeoutMs) => {
    if (lacking === undefined) test(title, body, timeoutMs)
    else if (process.env['IPKIT_REQUIRE_ALL'] === '1') test(title, () => { throw new Error(`this machine has no ${lacking}, and IPKIT_REQUIRE_ALL is set`) })
    else test.skip(`${title} - skipped: no ${lacking}`, body)
  }
}

/**
 * The same for a program that no package of Debian's has, so that no machine need have it, whatever IPKIT_REQUIRE_ALL says: the test is
 * skipped unless the environment variable names the program, and fails when what it names cannot be run.
 * @param variable its value is the program's absolute path, which the test gets
 */
export function testWithGiven (variable: string, program: string): (title: string, body: (file: string) => void | Promise<void>, timeoutMs?: number) => void {
  const file = process.env[variable] ?? ''
  return (title, body, timeoutMs) => {
    if (file === '') test.skip(`${title} - skipped: no ${program}; ${variable} can name one`, () => {})
    else test(title, async () => {
      accessSync(file, constants.X_OK)
      await body(file)
    }, timeoutMs)
  }
}

function missing (programs: readonly string[]): string | undefined {
  const absent = programs.filter(program => !onPath(program))
  return absent.length === 0 ? undefined : absent.join(', ')
}

function onPath (program: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some(folder => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
