/** What something took. */
export interface Measured<T> {
  readonly result: T;
  readonly wallMs: number;
  /** Of all threads of this process. Other load on the machine blurs it least. */
  readonly cpuMs: number;
}

export async function measured<T>(act: () => Promise<T>): Promise<Measured<T>> {
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  const result = await act();
  const wallMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { result, wallMs, cpuMs: (user + system) / 1000 };
}
