/**
 * What a file is called on the reader's disk: the sender chose its name, and must not choose what a shell or a person takes it for. A leading
 * dot would hide it and could make it a start-up file (`.zshenv`), a leading dash an option of the next command, a direction mark an exe of
 * a txt.
 * @param name any text, also a path @returns undefined when nothing is left of it
 */
export function savedName (name: string): string | undefined {
  const safe = name
    .replace(/^.*[/\\]/s, '')
    // eslint-disable-next-line no-control-regex -- these are the characters to keep out
    .replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '')
    .replace(/^[\s.~-]+|[\s.]+$/g, '')
  return safe === '' ? undefined : safe
}
