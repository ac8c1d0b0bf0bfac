import type { ContentPlace, ContentWriter } from './content-writer.ts'
import { TarWatch } from './tar-watch.ts'

export interface TextPlace { readonly content: ContentPlace, readonly watch: TarWatch }

/** Plain text on its way into the content: cuts are forced where a tar in it has its headers and members. */
export class TextSink {
  readonly #content: ContentWriter
  #watch = new TarWatch()

  constructor (content: ContentWriter) { this.#content = content }

  get isTar (): boolean { return this.#watch.members > 0 }

  /** A part of it begins or ends that is a stream of its own. */
  async cut (): Promise<void> { await this.#content.cut() }

  async write (text: Uint8Array): Promise<void> {
    let from = 0
    for (const cut of this.#watch.pass(text)) {
      await this.#content.write(text.subarray(from, cut))
      await this.#content.cut()
      from = cut
    }
    await this.#content.write(text.subarray(from))
  }

  /** What comes is not what a tar goes on with. */
  lose (): void { this.#watch.stop() }

  /** Forces a cut. */
  async mark (): Promise<TextPlace> { return { content: await this.#content.mark(), watch: this.#watch.fork() } }

  async goBack ({ content, watch }: TextPlace): Promise<void> {
    await this.#content.goBack(content)
    this.#watch = watch.fork()
  }
}
