import { type Deployment, type Environment, type Gateway, type ImprunFunction, kindOfName, type Served } from '@imprun/contracts'

const at = '2026-01-01T00:00:00.000Z'

export const sampleGateway = (gatewayId: string, name = gatewayId): Gateway => ({
  gatewayId,
  name,
  regionId: 'local',
  bundle: { runtime: 'nodejs24', memory: '512Mi', cpu: '500m' },
  database: 'separate',
  pipeline: 'on',
  retention: { releases: 100, deploymentDays: 180 },
  environments: [],
  state: 'active',
  phase: 'Started',
  attempts: 0,
  isStalled: false,
  createdAt: at,
  updatedAt: at,
})

export const sampleFunction = (name: string, more: Partial<ImprunFunction> = {}): ImprunFunction => ({
  functionId: `id-of-${name}`,
  gatewayId: 'hometax',
  name,
  kind: kindOfName(name),
  revision: 1,
  limits: {},
  served: [],
  isLiveInDev: false,
  updatedAt: at,
  updatedBy: 'kim',
  ...more,
})

export const sampleDeployment = (version: string, more: Partial<Deployment> = {}): Deployment => ({
  deploymentId: `deployment-${version}`,
  gatewayId: 'hometax',
  functionId: 'id-of-calculateTax',
  functionName: 'calculateTax',
  environment: 'dev',
  kind: 'publish',
  releaseId: `release-${version}`,
  version,
  status: 'SUCCESS',
  message: `Published to dev (version: ${version})`,
  liveMs: 38,
  createdAt: at,
  by: 'kim',
  ...more,
})

export const sampleEnvironment = (gatewayId: string, name: Environment['name'], more: Partial<Environment> = {}): Environment => ({
  gatewayId,
  name,
  authType: 'none',
  url: `http://${gatewayId}.${name}.localhost:7421`,
  pathUrl: `http://localhost:7421/${gatewayId}/${name}`,
  state: 'active',
  phase: 'Started',
  attempts: 0,
  isStalled: false,
  updatedAt: at,
  ...more,
})

export const sampleServed = (environment: Served['environment'], version: string, more: Partial<Served> = {}): Served => ({
  environment,
  version,
  releaseId: `release-${version}`,
  revision: 1,
  deploymentId: `deployment-${version}`,
  at,
  by: 'kim',
  ...more,
})
