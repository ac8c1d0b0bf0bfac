/**
 * The texts of a domain's TXT records, the strings of each joined, in no order that means anything.
 * @param domain as it is asked: `_dnslink.` in front is the caller's
 * @returns none where DNS says that there is no such domain, or no such record of it
 * @throws AppError DNS_UNREACHABLE when DNS does not answer; the signal's reason
 */
export type ResolveTxt = (domain: string, signal: AbortSignal) => Promise<readonly string[]>
