/** `.ipfs-version`: which version a folder wants. A pin is a file that strangers write; docs/formats/ipfsup.md */

export const PIN_FILE = '.ipfs-version'

/** Pin files as they lie in folders. */
export interface PinFiles {
  /** @param folder physical and absolute @returns undefined where there is none */
  read(folder: string): Promise<Pin | undefined>
}

export interface Pin {
  /** Absolute. */
  readonly file: string
  /** The line that names the version; '' where there is none. */
  readonly line: string
  /** Why it does not count, in words: 'it is a link'; undefined: it counts. */
  readonly passedOver: string | undefined
}

/** The first line that is neither empty nor begins with `#`, without blanks at either end. @returns '' where there is none */
export const pinLine = (text: string): string =>
  text.split('\n').map(line => line.replace(/^[ \t]+|[ \t\r]+$/g, '')).find(line => line !== '' && !line.startsWith('#')) ?? ''
