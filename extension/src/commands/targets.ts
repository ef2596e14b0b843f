import type { Environment, EnvironmentName, Gateway, ImprunFunction } from '@imprun/contracts'
import { ImprunError } from '@imprun/contracts/errors'
import * as vscode from 'vscode'
import { describeFunction, describeLifecycle } from '../tree/describe.ts'
import { describeEnvironment } from '../tree/describe-environment.ts'
import { EnvironmentNode } from '../tree/environment-node.ts'
import { FunctionNode } from '../tree/function-node.ts'
import { GatewayNode } from '../tree/gateway-node.ts'
import { readOnlyText } from '../workspace/read-only-documents.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { FunctionTarget } from './command-table.ts'

/** A function, and the environment in which it was pointed at. */
export interface ChosenFunction {
  readonly gatewayId: string
  readonly functionId: string
  readonly name: string
  readonly environment: EnvironmentName
}

/** The gateway of a row, the only one that suits, or the one that is picked. Undefined when given up. @throws ImprunError */
export async function chooseGateway(
  context: CommandContext,
  node: unknown,
  title: string,
  suits: (gateway: Gateway) => boolean = () => true,
): Promise<Gateway | undefined> {
  if (node instanceof GatewayNode) return node.gateway
  if (node instanceof EnvironmentNode) return node.parent.gateway
  const all = await openSession(context).catalog.gateways.ensureLoaded()
  if (all.length === 0) throw new ImprunError('GATEWAY_NOT_FOUND', context.t('There is no gateway to choose. Create one first.'))
  const gateways = all.filter(suits)
  if (gateways.length === 0) throw new ImprunError('GATEWAY_NOT_FOUND', context.t('No gateway is in a state for that.'))
  if (gateways.length === 1) return gateways[0]
  return context.prompts.pick(
    title,
    gateways.map((gateway) => ({ label: gateway.name, description: gateway.gatewayId, detail: describeLifecycle(gateway, context.t), value: gateway })),
  )
}

/** @throws ImprunError */
export async function chooseEnvironment(
  context: CommandContext,
  node: unknown,
  title: string,
  suits: (environment: Environment) => boolean = () => true,
): Promise<Environment | undefined> {
  if (node instanceof EnvironmentNode) return node.facts
  const gateway = await chooseGateway(context, node, title)
  if (!gateway) return undefined
  return context.prompts.pick(
    title,
    gateway.environments.filter(suits).map((environment) => ({
      label: `${gateway.gatewayId}/${environment.name}`,
      description: describeEnvironment(environment, context.t),
      value: environment,
    })),
  )
}

/** A function by its row, its file, the file in the active editor, or by picking. Undefined when given up. @throws ImprunError */
export async function chooseFunction(context: CommandContext, target: FunctionTarget, title: string): Promise<ChosenFunction | undefined> {
  if (target instanceof FunctionNode) return { ...target.facts, environment: target.environment }
  const uri = target ?? vscode.window.activeTextEditor?.document.uri
  const ofFile = uri instanceof vscode.Uri ? await functionOfUri(context, uri) : undefined
  if (ofFile) return ofFile
  const gateway = await chooseGateway(context, undefined, title)
  if (!gateway) return undefined
  const functions = await openSession(context).catalog.functions(gateway.gatewayId).ensureLoaded()
  if (functions.length === 0) throw new ImprunError('FUNCTION_NOT_FOUND', context.t('{0} has no function yet. Create one first.', gateway.name))
  const picked = await context.prompts.pick<ImprunFunction>(
    title,
    functions.map((item) => ({ label: item.name, description: describeFunction(item, 'dev', context.t), value: item })),
  )
  return picked && { ...picked, environment: 'dev' }
}

async function functionOfUri({ mirrorStore, session }: CommandContext, uri: vscode.Uri): Promise<ChosenFunction | undefined> {
  const text = readOnlyText(uri)
  if (text && text.kind !== 'nothing') {
    const { gatewayId, functionId, name } = text
    return { gatewayId, functionId, name, environment: text.kind === 'saved' ? 'dev' : text.environment }
  }
  const key = uri.scheme === 'file' ? await mirrorStore.findKey(uri.fsPath) : undefined
  const record = key && key.apiUrl === session.current?.backend.apiUrl ? await mirrorStore.findRecord(key) : undefined
  return key && record && { gatewayId: key.gatewayId, functionId: record.functionId, name: key.name, environment: 'dev' }
}

/** @throws ImprunError */
export async function getFunctionFacts(context: CommandContext, { gatewayId, functionId }: ChosenFunction): Promise<ImprunFunction> {
  return openSession(context).api.call('getFunction', { params: { gatewayId, functionId } })
}

/** @throws ImprunError */
export async function getEnvironmentFacts(context: CommandContext, gatewayId: string, environment: EnvironmentName): Promise<Environment> {
  return openSession(context).api.call('getEnvironment', { params: { gatewayId, environment } })
}
