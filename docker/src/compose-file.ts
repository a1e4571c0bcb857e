import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The reference implementation of the compose specification: it validates, merges and interpolates. */
const loader = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2";
const folder = fileURLToPath(new URL("../..", import.meta.url));

const words = z.array(z.string()).nullish();

const serviceSchema = z.object({
  image: z.string(),
  command: words,
  entrypoint: words,
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()).optional() }).optional(),
  build: z.object({ dockerfile: z.string() }).optional(),
  restart: z.string().optional(),
  read_only: z.boolean().optional(),
  ports: z.array(z.object({ target: z.number(), host_ip: z.string().optional() })).default([]),
  volumes: z
    .array(z.object({ type: z.string(), source: z.string(), target: z.string() }))
    .default([]),
  deploy: z
    .object({ resources: z.object({ limits: z.object({ memory: z.string() }) }) })
    .optional(),
});

/** A service of a compose file, as compose would run it: merged, with its variables filled in. */
export type Service = z.infer<typeof serviceSchema>;

const modelSchema = z.object({ services: z.record(z.string(), serviceSchema) });

/**
 * Reads compose files of docker/ as compose does, later ones over earlier ones.
 *
 * @throws Error with the loader's words when a file does not conform to the compose specification.
 */
export function readComposeFiles(names: readonly string[]): ReadonlyMap<string, Service> {
  const output = execFileSync("go", ["run", loader, "--format", "json", ...names], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 16 * 1024 * 1024,
  });
  return new Map(Object.entries(modelSchema.parse(JSON.parse(output)).services));
}
