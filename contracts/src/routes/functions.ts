import * as z from 'zod'
import { createFunctionSchema, functionSchema, savedFunctionSchema, saveFunctionSchema } from '../function.ts'
import { pageOf, pageQuerySchema } from '../paging.ts'
import { runFunctionSchema, runResultSchema } from '../run.ts'
import { type RouteDefinition, removedSchema } from './route-definition.ts'

export const functionRoutes = {
  createFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions',
    summary: 'Create a function',
    role: 'user',
    tag: 'functions',
    body: createFunctionSchema,
    status: 201,
    response: functionSchema,
  },
  listFunctions: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions',
    summary: 'Functions of a gateway, by name, without code',
    role: 'user',
    tag: 'functions',
    query: pageQuerySchema,
    status: 200,
    response: pageOf(functionSchema),
  },
  getFunction: {
    method: 'GET',
    path: '/api-gateways/:gatewayId/functions/:functionId',
    summary: 'One function with its code',
    role: 'user',
    tag: 'functions',
    status: 200,
    response: functionSchema,
  },
  saveFunction: {
    method: 'PUT',
    path: '/api-gateways/:gatewayId/functions/:functionId',
    summary: 'Save a function; with ?publish=dev also publish it in the same call',
    role: 'user',
    tag: 'functions',
    query: z.object({ publish: z.literal('dev').optional() }),
    body: saveFunctionSchema,
    status: 200,
    response: savedFunctionSchema,
  },
  deleteFunction: {
    method: 'DELETE',
    path: '/api-gateways/:gatewayId/functions/:functionId',
    summary: 'Remove a function from every environment',
    role: 'user',
    tag: 'functions',
    status: 200,
    response: removedSchema,
  },
  runFunction: {
    method: 'POST',
    path: '/api-gateways/:gatewayId/functions/:functionId/run',
    summary: 'Run code that is not saved once against dev, publishing nothing',
    role: 'user',
    tag: 'functions',
    body: runFunctionSchema,
    status: 200,
    response: runResultSchema,
  },
} as const satisfies Record<string, RouteDefinition>
