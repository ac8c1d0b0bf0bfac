import type { RuleState } from '../rpc.ts'

/** In one line, and the peers below it. */
export function ruleText ({ open, allowed, denied }: Pick<RuleState, 'open' | 'allowed' | 'denied'>): string {
  const peers = (ids: readonly string[]): string => ids.map(id => `\n  ${id}`).join('')
  if (open) return denied.length === 0 ? 'anyone who knows it may have it' : `anyone who knows it may have it, but not${peers(denied)}`
  return allowed.length === 0 ? 'nobody may have it' : `only these may have it${peers(allowed)}`
}
