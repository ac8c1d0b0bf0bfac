import { execFileSync } from 'node:child_process'
import path from 'node:path'

/** Makes `key.pem` and `cert.pem`, signed by themselves, for one host name. @returns their paths */
export function makeCertificate (dir: string, name: string): { readonly key: string, readonly cert: string } {
  const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { key, cert }
}
