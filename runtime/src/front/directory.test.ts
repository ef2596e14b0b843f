import { strict as assert } from 'node:assert'
import { createDirectory } from './directory.ts'
import { Environment } from './environment.ts'

const environmentOf = (gatewayId: string, environment: 'dev' | 'prod'): Environment =>
  new Environment({
    gatewayId,
    environment,
    fence: 1,
    hosts: [`${gatewayId}.${environment}.localhost`],
    gatewayDatabase: `gatewayid_${gatewayId}`,
    dataDatabase: `gatewayid_${gatewayId}_${environment}`,
    dataUri: 'mongodb://localhost',
  })

describe('the directory', () => {
  const directory = createDirectory(['localhost', 'example.org'])
  const dev = environmentOf('hometax', 'dev')
  directory.add(dev)

  for (const host of ['hometax.dev.localhost', 'hometax.dev.localhost:7421', 'HomeTax.DEV.localhost:80', 'hometax.dev.localhost.']) {
    it(`finds an environment by the host ${host}`, () =>
      assert.deepEqual(directory.find(host, '/f?x=1'), { is: 'environment', environment: dev, path: '/f?x=1' }))
  }
  for (const [url, path] of [
    ['/hometax/dev/f?x=1', '/f?x=1'],
    ['/hometax/dev/orders/list', '/orders/list'],
    ['/hometax/dev', '/'],
    ['/hometax/dev?x=1', '/?x=1'],
    ['/hometax/dev/', '/'],
  ] as const) {
    it(`finds an environment by the path ${url}`, () => assert.deepEqual(directory.find('127.0.0.1:7421', url), { is: 'environment', environment: dev, path }))
  }
  for (const [host, url, code] of [
    ['other.dev.localhost', '/hometax/dev/f', 'GATEWAY_NOT_FOUND'],
    ['hometax.prod.localhost', '/f', 'ENVIRONMENT_NOT_FOUND'],
    ['hometax.qa.example.org:1', '/f', 'ENVIRONMENT_NOT_FOUND'],
    ['localhost', '/', 'GATEWAY_NOT_FOUND'],
    ['localhost', '/other/dev/f', 'GATEWAY_NOT_FOUND'],
    ['localhost', '/hometax', 'ENVIRONMENT_NOT_FOUND'],
    ['localhost', '/hometax/prod/f', 'ENVIRONMENT_NOT_FOUND'],
    [undefined, '/hometax//f', 'ENVIRONMENT_NOT_FOUND'],
  ] as const) {
    it(`says ${code} for ${host ?? 'no host'} and ${url}`, () => assert.deepEqual(directory.find(host, url), { is: 'unknown', code }))
  }
  it('answers for its own health only where no environment does', () => {
    assert.deepEqual(directory.find('localhost:7421', '/healthz'), { is: 'healthz' })
    assert.deepEqual(directory.find('hometax.dev.localhost', '/healthz'), { is: 'environment', environment: dev, path: '/healthz' })
  })
  it('forgets an environment with all its hosts', () => {
    const gone = environmentOf('gone', 'prod')
    directory.add(gone)
    directory.remove(gone)
    assert.deepEqual(directory.find('gone.prod.localhost', '/'), { is: 'unknown', code: 'GATEWAY_NOT_FOUND' })
    assert.deepEqual(directory.find('localhost', '/gone/prod/f'), { is: 'unknown', code: 'GATEWAY_NOT_FOUND' })
  })
})
