/** Whether a text has a UTF-8 form: no half of a surrogate pair stands alone. (`\p{Cs}` says the same, and has ICU build a table at each start.) */
export const isWellFormed = (text: string): boolean => !/[\ud800-\udfff]/u.test(text)
