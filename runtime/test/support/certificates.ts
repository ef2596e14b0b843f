import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** As `node:tls` takes it, in PEM. */
export interface Certificate {
  cert: string
  key: string
}
export interface Authority {
  /** Its own certificate: who trusts that, trusts all that it issues. */
  readonly cert: string
  issue(name: string, validity?: { endedDaysAgo?: number }): Promise<Certificate>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000

const makeKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
const toPem = async ({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> =>
  PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY')
const lifetime = (endedDaysAgo = -1) => ({
  notBefore: new Date(Date.now() - (endedDaysAgo + 10) * dayMs),
  notAfter: new Date(Date.now() - endedDaysAgo * dayMs),
})

/** An authority of the test's own, that nobody trusts who was not told to. */
export async function givenAuthority(): Promise<Authority> {
  const keys = await makeKeys()
  const own = await X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=An authority of a test', keys, signingAlgorithm: algorithm, ...lifetime() },
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)],
  })
  return {
    cert: own.toString('pem'),
    issue: async (name, { endedDaysAgo } = {}) => issue(own, keys.privateKey, name, lifetime(endedDaysAgo)),
  }
}

async function issue(authority: X509Certificate, signingKey: webcrypto.CryptoKey, name: string, dates: ReturnType<typeof lifetime>): Promise<Certificate> {
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.create({
    ...{ subject: `CN=${name}`, issuer: authority.subject, publicKey: keys.publicKey, signingKey, signingAlgorithm: algorithm, ...dates },
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  })
  return { cert: certificate.toString('pem'), key: await toPem(keys) }
}

/** Vouched for by nobody but itself. */
export async function selfSignedCertificate(name: string): Promise<Certificate> {
  const keys = await makeKeys()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ name: `CN=${name}`, keys, signingAlgorithm: algorithm, ...lifetime() },
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  })
  return { cert: certificate.toString('pem'), key: await toPem(keys) }
}
