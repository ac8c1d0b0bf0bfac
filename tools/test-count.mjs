// Prints `N passed, N failed[, N skipped]` from jest's own result file; exits 1 when something failed or nothing ran.
import { readFileSync } from 'node:fs'

const result = read(process.argv[2])
// a suite that could not be loaded has no failed test to its name
const failed = result.numFailedTests + result.numRuntimeErrorTestSuites
const skipped = result.numPendingTests + result.numTodoTests
process.stdout.write(`${result.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
process.exitCode = failed > 0 || result.numPassedTests === 0 ? 1 : 0

function read (file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch { // jest never got as far as writing it
    return { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1, numPendingTests: 0, numTodoTests: 0 }
  }
}
