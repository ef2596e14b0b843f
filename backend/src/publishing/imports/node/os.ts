/** What packages ask to know where they are; a function has no machine. */
export const nodeModule = {
  EOL: '\n',
  arch: () => '',
  availableParallelism: () => 1,
  cpus: () => [],
  endianness: () => 'LE',
  homedir: () => '/',
  hostname: () => '',
  networkInterfaces: () => ({}),
  platform: () => 'linux',
  release: () => '',
  tmpdir: () => '/tmp',
  type: () => 'Linux',
}
