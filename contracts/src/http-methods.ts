/** What a function can be called by. HEAD counts as GET, and OPTIONS is answered without it. */
export const httpMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
