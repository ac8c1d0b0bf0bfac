import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** A certificate authority of the test's own, and certificates that it signed for `localhost` and 127.0.0.1. Needs openssl. */
export interface TestAuthority {
  /** For `NODE_EXTRA_CA_CERTS`. */
  readonly caFile: string
  /** In PEM. */
  readonly tls: { readonly key: string, readonly cert: string }
}

/** @param dir an empty folder that the caller removes */
export function testAuthority (dir: string): TestAuthority {
  const at = (name: string): string => path.join(dir, name)
  const openssl = (...args: string[]): void => { execFileSync('openssl', args, { stdio: 'ignore' }) }
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=test authority', '-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', at('ca.key'), '-out', at('ca.pem'))
  openssl('req', ...newKey, '-subj', '/CN=localhost', '-keyout', at('site.key'), '-out', at('site.csr'))
  writeFileSync(at('site.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  openssl('x509', '-req', '-in', at('site.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('site.ext'), '-out', at('site.pem'))
  return { caFile: at('ca.pem'), tls: { key: readFileSync(at('site.key'), 'utf8'), cert: readFileSync(at('site.pem'), 'utf8') } }
}
