/** What isHostAndPort() accepts, for error messages. */
export const hostAndPortSyntax = '"host:port" or "[ipv6]:port"';

/** Whether the text is a host and a port from `portMin` (0: any free one, for listening). */
export function isHostAndPort(text: string, portMin: 0 | 1): boolean {
  const match = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[1] ?? -1);
  return port >= portMin && port <= 65_535;
}
