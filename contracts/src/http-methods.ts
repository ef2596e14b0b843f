/** What functions can be called by; HEAD and OPTIONS are answered for them. */
export const httpMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
