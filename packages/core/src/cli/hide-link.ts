/**
 * What stands after the # of a link may be a secret, and an error may quote what was typed: a link in the wrong place must not get
 * from there into a log.
 */
export const hideLink = (text: string): string => text.replace(/(\w:\/\/[^\s'"#]*#)[^\s'"]+/gu, '$1<hidden>')
