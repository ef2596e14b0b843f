/** The yardstick: node:http calling the function in its own process, and nothing else. */
import { callTax, serveRaw } from './raw-http.ts'

serveRaw(callTax)
