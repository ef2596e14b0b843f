import { ImprunError } from '@imprun/contracts'
import type { AccountStore, SignedIn } from '../accounts/account-store.ts'

const bearer = /^Bearer +([\w.~+/-]+=*) *$/i
const tokenLengthMax = 200

/** @throws SIGN_IN_REQUIRED, in the same words whether the token is missing, malformed or unknown. */
export async function signIn(accounts: Pick<AccountStore, 'findByToken'>, authorization: string | undefined): Promise<SignedIn> {
  const token = bearer.exec(authorization ?? '')?.[1]
  const found = token && token.length <= tokenLengthMax ? await accounts.findByToken(token) : undefined
  if (!found) throw new ImprunError('SIGN_IN_REQUIRED', 'Send an access token that is known here: "Authorization: Bearer <access token>".')
  return found
}
