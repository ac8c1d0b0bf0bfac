/** A place in a text that is read from left to right. Offsets count UTF-16 units from the start of the whole text. */
export class Cursor {
  readonly text: string
  at = 0
  readonly #fail: (problem: string, offset: number) => never

  constructor (text: string, fail: (problem: string, offset: number) => never) {
    this.text = text
    this.#fail = fail
  }

  get done (): boolean { return this.at === this.text.length }

  /** Steps over `literal` when it stands here. */
  skip (literal: string): boolean {
    if (!this.text.startsWith(literal, this.at)) return false
    this.at += literal.length
    return true
  }

  expect (literal: string): void {
    if (!this.skip(literal)) this.fail(`'${literal}' is expected`)
  }

  /** Reads up to the first of `stops`, or to the end. */
  word (stops: string): string {
    const start = this.at
    while (this.at < this.text.length && !stops.includes(this.text[this.at]!)) this.at++
    return this.text.slice(start, this.at)
  }

  fail (problem: string, offset = this.at): never { return this.#fail(problem, offset) }
}
