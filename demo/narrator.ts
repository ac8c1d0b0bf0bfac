/** Says what happens, in lines that fit 80 columns. */
export const narrator = {
  scene (text: string): void { process.stdout.write(`\n${text}\n`) },

  command (who: string, line: string): void { process.stdout.write(`\n  ${who} $ ${line}\n`) },

  output (text: string): void {
    for (const line of text.trimEnd().split('\n')) process.stdout.write(`  ${line}\n`)
  },

  plain (text: string): void { process.stdout.write(`${text}\n`) },
}
