import type * as vscode from 'vscode'
import type { FrameTarget } from '../logs/frame-links.ts'
import type { ApplicationNode, GrantNode, KeyNode } from '../tree/application-nodes.ts'
import type { DeploymentNode } from '../tree/deployment-node.ts'
import type { EnvironmentNode } from '../tree/environment-node.ts'
import type { FunctionNode } from '../tree/function-node.ts'
import type { GatewayNode } from '../tree/gateway-node.ts'
import type { MoreNode } from '../tree/small-nodes.ts'
import type { ToolNode } from '../tree/tool-node.ts'

/** What a command that is about a function may be handed: its row, the address of its file, or nothing: then it asks. */
export type FunctionTarget = FunctionNode | vscode.Uri | undefined

/** A deployment's row, or its id: a link of a notification knows no row. */
export type DeploymentTarget = DeploymentNode | string | undefined

/** Every command with what it takes. The manifest is checked against `commandIds`, so neither can drift from the other. */
export interface CommandArguments {
  'imprun.signIn': []
  'imprun.signOut': []
  'imprun.switchBackend': []
  'imprun.reconnect': []
  'imprun.createGateway': []
  'imprun.startGateway': [node?: GatewayNode]
  'imprun.stopGateway': [node?: GatewayNode]
  'imprun.deleteGateway': [node?: GatewayNode]
  'imprun.forceDelete': [node?: GatewayNode]
  'imprun.retry': [node?: GatewayNode | EnvironmentNode]
  'imprun.manageMembers': [node?: GatewayNode]
  'imprun.editBundle': [node?: GatewayNode]
  'imprun.manageRegions': []
  'imprun.createPerson': []
  'imprun.startEnvironment': [node?: EnvironmentNode]
  'imprun.stopEnvironment': [node?: EnvironmentNode]
  'imprun.acknowledgeDrift': [node?: EnvironmentNode]
  'imprun.editProtection': [node?: EnvironmentNode]
  'imprun.createFunction': [node?: GatewayNode | EnvironmentNode]
  'imprun.deleteFunction': [target?: FunctionTarget]
  'imprun.openFunction': [target?: FunctionTarget]
  'imprun.publish': [target?: FunctionTarget]
  'imprun.publishAs': [target?: FunctionTarget]
  'imprun.run': [target?: FunctionTarget]
  'imprun.cancelRun': [uri?: vscode.Uri]
  'imprun.sendRequest': [target?: FunctionTarget]
  'imprun.openFrame': [frame: FrameTarget]
  'imprun.showLogs': [target?: FunctionTarget | GatewayNode | EnvironmentNode]
  'imprun.filterLogs': []
  'imprun.pauseLogs': []
  'imprun.editVariables': [node?: EnvironmentNode]
  'imprun.showVariableHistory': [node?: EnvironmentNode]
  'imprun.editLimits': [target?: FunctionTarget | EnvironmentNode]
  'imprun.goToEnvironment': [target?: FunctionTarget]
  'imprun.promote': [target?: FunctionTarget]
  'imprun.promoteGradually': [target?: FunctionTarget]
  'imprun.promoteAll': [node?: EnvironmentNode]
  'imprun.promoteCanary': [target?: DeploymentNode | FunctionNode]
  'imprun.abortCanary': [target?: DeploymentNode | FunctionNode]
  'imprun.approve': [target?: DeploymentTarget]
  'imprun.reject': [target?: DeploymentTarget]
  'imprun.cancelDeployment': [target?: DeploymentNode]
  'imprun.compareEnvironments': [target?: FunctionTarget]
  'imprun.rollback': [target?: FunctionTarget | DeploymentNode]
  'imprun.releaseHold': [node?: EnvironmentNode]
  'imprun.compareReleases': [target?: FunctionTarget]
  'imprun.showHistory': [target?: FunctionTarget]
  'imprun.copyUrl': [target?: FunctionTarget | EnvironmentNode]
  'imprun.copyCurl': [target?: FunctionTarget]
  'imprun.openInBrowser': [target?: FunctionTarget]
  'imprun.resolveConflict': [target?: FunctionTarget]
  'imprun.setAuth': [node?: EnvironmentNode]
  'imprun.createApplication': []
  'imprun.deleteApplication': [node?: ApplicationNode]
  'imprun.createGrant': [node?: ApplicationNode | EnvironmentNode]
  'imprun.revokeKey': [node?: GrantNode | KeyNode]
  'imprun.registerTool': [target?: FunctionTarget]
  'imprun.deleteTool': [node?: ToolNode]
  'imprun.copyToolUrl': [node?: ToolNode]
  'imprun.openDeployment': [node?: DeploymentNode]
  'imprun.showDeployment': [node: DeploymentNode]
  'imprun.compareDeployment': [node: DeploymentNode]
  'imprun.copyDeploymentId': [node: DeploymentNode]
  'imprun.filterDeployments': []
  'imprun.manageNotifiers': [node?: GatewayNode]
  'imprun.showAudit': [node?: GatewayNode]
  'imprun.loadMore': [node: MoreNode]
  'imprun.refresh': []
  'imprun.filter': []
  'imprun.showOutput': []
  'imprun.openDocs': []
}
export type CommandId = keyof CommandArguments

const ids: Record<CommandId, true> = {
  'imprun.signIn': true,
  'imprun.signOut': true,
  'imprun.switchBackend': true,
  'imprun.reconnect': true,
  'imprun.createGateway': true,
  'imprun.startGateway': true,
  'imprun.stopGateway': true,
  'imprun.deleteGateway': true,
  'imprun.forceDelete': true,
  'imprun.retry': true,
  'imprun.manageMembers': true,
  'imprun.editBundle': true,
  'imprun.manageRegions': true,
  'imprun.createPerson': true,
  'imprun.startEnvironment': true,
  'imprun.stopEnvironment': true,
  'imprun.acknowledgeDrift': true,
  'imprun.editProtection': true,
  'imprun.createFunction': true,
  'imprun.deleteFunction': true,
  'imprun.openFunction': true,
  'imprun.publish': true,
  'imprun.publishAs': true,
  'imprun.run': true,
  'imprun.cancelRun': true,
  'imprun.sendRequest': true,
  'imprun.openFrame': true,
  'imprun.showLogs': true,
  'imprun.filterLogs': true,
  'imprun.pauseLogs': true,
  'imprun.editVariables': true,
  'imprun.showVariableHistory': true,
  'imprun.editLimits': true,
  'imprun.goToEnvironment': true,
  'imprun.promote': true,
  'imprun.promoteGradually': true,
  'imprun.promoteAll': true,
  'imprun.promoteCanary': true,
  'imprun.abortCanary': true,
  'imprun.approve': true,
  'imprun.reject': true,
  'imprun.cancelDeployment': true,
  'imprun.compareEnvironments': true,
  'imprun.rollback': true,
  'imprun.releaseHold': true,
  'imprun.compareReleases': true,
  'imprun.showHistory': true,
  'imprun.copyUrl': true,
  'imprun.copyCurl': true,
  'imprun.openInBrowser': true,
  'imprun.resolveConflict': true,
  'imprun.setAuth': true,
  'imprun.createApplication': true,
  'imprun.deleteApplication': true,
  'imprun.createGrant': true,
  'imprun.revokeKey': true,
  'imprun.registerTool': true,
  'imprun.deleteTool': true,
  'imprun.copyToolUrl': true,
  'imprun.openDeployment': true,
  'imprun.showDeployment': true,
  'imprun.compareDeployment': true,
  'imprun.copyDeploymentId': true,
  'imprun.filterDeployments': true,
  'imprun.manageNotifiers': true,
  'imprun.showAudit': true,
  'imprun.loadMore': true,
  'imprun.refresh': true,
  'imprun.filter': true,
  'imprun.showOutput': true,
  'imprun.openDocs': true,
}
export const commandIds = Object.keys(ids) as readonly CommandId[]

/** Commands that mean nothing without their row, so the palette does not list them. */
export const rowOnlyCommandIds: readonly CommandId[] = [
  'imprun.openFrame',
  'imprun.loadMore',
  'imprun.showDeployment',
  'imprun.compareDeployment',
  'imprun.copyDeploymentId',
]

export type Handlers = { readonly [Id in CommandId]: (...args: CommandArguments[Id]) => unknown }
