import { strict as assert } from 'node:assert'
import { givenWorker, type WorkerUnderTest } from '../support/given-worker.ts'
import { assertSameInNode } from '../support/same-in-node.ts'

const tools = `
  const { subtle } = crypto
  const hex = (b) => [...new Uint8Array(b)].map((n) => n.toString(16).padStart(2, "0")).join("")
  const bytes = (t) => new TextEncoder().encode(t)
  const nameOf = (p) => p.then(() => "fine", (e) => e.name)`

/** Bodies of async functions whose value in a function is that in Node. */
const sameInNode: Record<string, string[]> = {
  'digests, signatures and ciphers': [
    `const out = []; for (const a of ["SHA-1", "SHA-256", "SHA-384", { name: "SHA-512" }]) out.push(hex(await crypto.subtle.digest(a, bytes("é")))); return out`,
    `const k = await crypto.subtle.importKey("raw", bytes("secret"), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]); const s = await crypto.subtle.sign("HMAC", k, bytes("x")); return [hex(s), await crypto.subtle.verify("HMAC", k, s, bytes("x")), await crypto.subtle.verify("HMAC", k, s, bytes("y")), k.type, k.extractable, k.algorithm.hash.name, k.usages]`,
    `const k = await crypto.subtle.importKey("raw", new Uint8Array(32), "AES-GCM", true, ["encrypt", "decrypt"]); const iv = new Uint8Array(12); const e = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes("aad") }, k, bytes("text")); const d = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: bytes("aad") }, k, e); return [hex(e), new TextDecoder().decode(d), hex(await crypto.subtle.exportKey("raw", k)), (await crypto.subtle.exportKey("jwk", k)).alg]`,
    `const k = await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["decrypt"]); const out = []; for (const f of [() => crypto.subtle.decrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, k, new Uint8Array(20)), () => crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, k, new Uint8Array(1)), () => crypto.subtle.exportKey("raw", k), () => crypto.subtle.digest("MD5", new Uint8Array(1)), () => crypto.subtle.digest("SHA-256", "text")]) await f().catch((e) => out.push(e.name)); return out`,
    `const k = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]); return [(await crypto.subtle.exportKey("raw", k)).byteLength, k.type, k.algorithm.length]`,
    `const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]); const s = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, bytes("x")); return [s.byteLength, await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, publicKey, s, bytes("x")), publicKey.extractable, privateKey.extractable, privateKey.usages]`,
    `const k = await crypto.subtle.importKey("raw", bytes("password"), "PBKDF2", false, ["deriveBits"]); return hex(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: bytes("salt"), iterations: 1000 }, k, 256))`,
    `return hex(await crypto.subtle.digest("SHA-256", new Uint8Array(100000)))`,
  ],
  deriving: [
    `const k = await subtle.importKey("raw", bytes("password"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
      const p = { name: "PBKDF2", hash: "SHA-512", salt: bytes("salt"), iterations: 1000 };
      const made = await subtle.deriveKey(p, k, { name: "AES-GCM", length: 256 }, true, ["encrypt"]);
      const hidden = await subtle.deriveKey(p, k, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
      return [hex(await subtle.exportKey("raw", made)), made.algorithm, made.usages, made.extractable, hidden.algorithm, hidden.extractable,
        hex(await subtle.sign("HMAC", hidden, bytes("x"))), await nameOf(subtle.exportKey("raw", hidden))]`,
    `const k = await subtle.importKey("raw", bytes("secret"), "HKDF", false, ["deriveBits", "deriveKey"]);
      const p = { name: "HKDF", hash: "SHA-256", salt: bytes("salt"), info: bytes("info") };
      const hmac = await subtle.deriveKey(p, k, { name: "HMAC", hash: "SHA-384", length: 256 }, true, ["sign", "verify"]);
      return [hex(await subtle.deriveBits(p, k, 1024)), hex(await subtle.exportKey("raw", hmac)), hmac.algorithm, hmac.usages]`,
    `const a = await subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits", "deriveKey"]);
      const b = await subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits", "deriveKey"]);
      const mine = await subtle.deriveBits({ name: "ECDH", public: b.publicKey }, a.privateKey, null);
      const theirs = await subtle.deriveBits({ name: "ECDH", public: a.publicKey }, b.privateKey, 256);
      const key = await subtle.deriveKey({ name: "ECDH", public: b.publicKey }, a.privateKey, { name: "AES-CBC", length: 128 }, true, ["decrypt"]);
      const further = await subtle.deriveKey({ name: "ECDH", public: b.publicKey }, a.privateKey, "HKDF", false, ["deriveBits"]);
      const bits = await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: bytes(""), info: bytes("") }, further, 128);
      return [hex(mine) === hex(theirs), mine.byteLength, hex(await subtle.exportKey("raw", key)) === hex(mine).slice(0, 32), bits.byteLength, further.type, a.publicKey.algorithm]`,
    `const [a, b] = [await subtle.generateKey("X25519", false, ["deriveBits"]), await subtle.generateKey("X25519", false, ["deriveBits"])];
      return hex(await subtle.deriveBits({ name: "X25519", public: b.publicKey }, a.privateKey, 256)) === hex(await subtle.deriveBits({ name: "X25519", public: a.publicKey }, b.privateKey, 256))`,
    `const k = await subtle.importKey("raw", bytes("password"), "PBKDF2", false, ["deriveBits"]);
      const p = { name: "PBKDF2", hash: "SHA-256", salt: bytes("salt"), iterations: 10 };
      return [await nameOf(subtle.deriveKey(p, k, { name: "AES-GCM", length: 256 }, true, ["encrypt"])), await nameOf(subtle.deriveBits(p, k, null)),
        await nameOf(subtle.deriveBits(p, k, 7)), await nameOf(subtle.deriveBits({ ...p, iterations: 0 }, k, 128)),
        await nameOf(subtle.deriveBits({ ...p, name: "HKDF" }, k, 128)), await nameOf(subtle.importKey("raw", bytes("x"), "PBKDF2", true, ["deriveBits"]))]`,
  ],
  wrapping: [
    `const wrapping = await subtle.importKey("raw", new Uint8Array(32).fill(7), "AES-KW", false, ["wrapKey", "unwrapKey"]);
      const key = await subtle.importKey("raw", new Uint8Array(16).fill(9), "AES-GCM", true, ["encrypt", "decrypt"]);
      const wrapped = await subtle.wrapKey("raw", key, wrapping, "AES-KW");
      const back = await subtle.unwrapKey("raw", wrapped, wrapping, "AES-KW", "AES-GCM", false, ["decrypt"]);
      const iv = new Uint8Array(12);
      const text = await subtle.decrypt({ name: "AES-GCM", iv }, back, await subtle.encrypt({ name: "AES-GCM", iv }, key, bytes("text")));
      const kdf = await subtle.unwrapKey("raw", wrapped, wrapping, "AES-KW", "HKDF", false, ["deriveBits"]);
      const bits = await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: bytes(""), info: bytes("") }, kdf, 128);
      return [hex(wrapped), hex(bits), kdf.algorithm, kdf.extractable, new TextDecoder().decode(text), back.algorithm, back.usages, back.extractable, await nameOf(subtle.exportKey("raw", back))]`,
    `const wrapping = await subtle.importKey("raw", new Uint8Array(32).fill(7), "AES-GCM", false, ["wrapKey", "unwrapKey"]);
      const p = { name: "AES-GCM", iv: new Uint8Array(12), additionalData: bytes("for") };
      const hmac = await subtle.importKey("raw", bytes("secret"), { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
      const wrapped = await subtle.wrapKey("jwk", hmac, wrapping, p);
      const back = await subtle.unwrapKey("jwk", wrapped, wrapping, p, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
      const ec = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
      const ecBack = await subtle.unwrapKey("pkcs8", await subtle.wrapKey("pkcs8", ec.privateKey, wrapping, p), wrapping, p, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
      const signature = await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, ecBack, bytes("x"));
      return [hex(wrapped), await subtle.exportKey("jwk", back), ecBack.type, await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, ec.publicKey, signature, bytes("x"))]`,
    `const pair = await subtle.generateKey({ name: "RSA-OAEP", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, false, ["wrapKey", "unwrapKey"]);
      const key = await subtle.importKey("raw", new Uint8Array(16).fill(3), "AES-CTR", true, ["encrypt"]);
      const wrapped = await subtle.wrapKey("raw", key, pair.publicKey, "RSA-OAEP");
      const back = await subtle.unwrapKey("raw", wrapped, pair.privateKey, "RSA-OAEP", "AES-CTR", true, ["encrypt"]);
      return [wrapped.byteLength, hex(await subtle.exportKey("raw", back)), pair.publicKey.algorithm.modulusLength]`,
    `const wrapping = await subtle.importKey("raw", new Uint8Array(16), "AES-KW", false, ["wrapKey"]);
      const other = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt", "unwrapKey"]);
      const key = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]);
      return [await nameOf(subtle.wrapKey("raw", other, wrapping, "AES-KW")), await nameOf(subtle.wrapKey("raw", key, other, { name: "AES-GCM", iv: new Uint8Array(12) })),
        await nameOf(subtle.wrapKey("raw", key, wrapping, { name: "AES-GCM", iv: new Uint8Array(12) })),
        await nameOf(subtle.unwrapKey("raw", new Uint8Array(24), wrapping, "AES-KW", "AES-GCM", true, ["encrypt"])),
        await nameOf(subtle.unwrapKey("raw", new Uint8Array(40), other, { name: "AES-GCM", iv: new Uint8Array(12) }, "AES-GCM", true, ["encrypt"]))]`,
  ],
}

describe('crypto in a function', () => {
  let worker: WorkerUnderTest
  before(async () => {
    worker = await givenWorker()
  })
  after(() => worker[Symbol.asyncDispose]())

  for (const [area, bodies] of Object.entries(sameInNode)) {
    it(`is that of Node: ${area}`, () =>
      assertSameInNode(
        worker,
        bodies.map((body) => `await (async () => { ${tools}; ${body} })()`),
      ))
  }
  it('refuses what its standard refuses outside of subtle, by the same names', () =>
    assertSameInNode(worker, [
      '(() => { try { crypto.getRandomValues(new Uint8Array(65537)) } catch (e) { return e.name } })()',
      '(() => { try { new CryptoKey() } catch (e) { return e.name } })()',
    ]))

  const pbkdf2 = (iterations: number): string =>
    `await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt: bytes("salt"), iterations: ${iterations} }, await subtle.importKey("raw", bytes("p"), "PBKDF2", false, ["deriveBits"]), 256)`
  it('says how much work may be asked for', async () => {
    const { text } = await worker.answerOf(`${tools}; try { ${pbkdf2(1e9)} } catch (error) { return [error.name, error.message] }`)
    assert.deepEqual(JSON.parse(text), ['NotSupportedError', 'algorithm.iterations may be at most 1000000 in a function.'])
  })
  it('does what takes no time while much heavy work waits', async () => {
    // Its own, because the work goes on when the test has seen enough.
    await using busy = await givenWorker()
    const heavy = await busy.load(`export default async () => { ${tools}; await Promise.all(Array.from({ length: 12 }, async () => ${pbkdf2(1e6)})) }`)
    let hasEnded = false
    busy.begin(heavy.index).answer.catch(() => {
      hasEnded = true
    })
    const { text } = await busy.answerOf(`${tools}; return hex(await subtle.digest("SHA-256", bytes("x"))).length`)
    assert.deepEqual([text, hasEnded], ['64', false])
  })
})
