/**
 * What a worker's process, buffers on their way and garbage not yet collected take beside the functions' own memory, in MiB. isolated-vm lends an isolate that
 * is full up to 1 GiB to wind up in (measured), so without this bound one function could take that much from all the others.
 */
export const processMemoryMb = 384
