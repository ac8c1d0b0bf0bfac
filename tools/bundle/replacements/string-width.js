// Stands in for the package of this name, with which yargs sets its help pages. Loading the real one costs 40 ms (Unicode tables for
// emoji and wide characters) at every start, and pages are hardly ever set then. Our pages hold single-width characters only: a test
// compares what is set here with what the real one gives.
import { stripVTControlCharacters } from 'node:util'

export default function stringWidth (text) {
  return [...stripVTControlCharacters(text)].length
}
