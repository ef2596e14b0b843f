import { MongoServerError } from 'mongodb'

export const isDuplicateKey = (error: unknown): error is MongoServerError => error instanceof MongoServerError && error.code === 11000
