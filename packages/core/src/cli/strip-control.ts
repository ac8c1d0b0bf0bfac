/*
 * Text that came from outside (a peer's name, a file name, a subject) may carry escape codes that move the cursor, change
 * the title of the window or turn the reading direction. None of it reaches a terminal.
 * C0 and C1 controls, DEL, the marks that turn the direction of text, the line and paragraph separators, the byte order mark.
 */
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu
// eslint-disable-next-line no-control-regex
const CONTROLS_BUT_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** One line: tabs and line ends become a space, every other control character goes. */
export const stripControl = (text: string): string => text.replace(/[\t\n\r]+/gu, ' ').replace(CONTROLS, '')

/** Several lines: line feeds and tabs stay, CR LF becomes LF. */
export const stripControlLines = (text: string): string => text.replace(/\r\n/gu, '\n').replace(CONTROLS_BUT_LINES, '')
