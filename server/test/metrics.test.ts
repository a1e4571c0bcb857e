import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { renderMetricsDocument } from "../src/admin/metrics-document.js";
import { ApiNode } from "./support/api-node.js";

/** Lines of Prometheus' text format without the comments. */
async function scrape(node: ApiNode): Promise<Map<string, number>> {
  const text = await node.metrics.text();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

describe("metrics", () => {
  it("are what the node's view shows when they are read", async () => {
    const values = await scrape(new ApiNode());
    const expected: Record<string, number> = {
      'statewire_function_messages_in_total{function="shop/order"}': 10,
      'statewire_function_messages_out_local_total{function="shop/order"}': 5,
      'statewire_function_messages_out_egress_total{function="shop/order"}': 2,
      'statewire_function_invocations_total{function="shop/order"}': 9,
      'statewire_function_failures_total{function="shop/order",code="function"}': 1,
      'statewire_function_backlog_messages{function="shop/order"}': 4,
      'statewire_function_in_flight_invocations{function="shop/order"}': 2,
      'statewire_function_parked_addresses{function="shop/order"}': 1,
      'statewire_function_active_addresses{function="shop/order"}': 3,
      statewire_epoch_durable: 21,
      statewire_epoch_folded: 20,
      statewire_journal_bytes: 4096,
      statewire_journal_segments: 2,
      statewire_expired_rows_total: 11,
      statewire_timers: 6,
      statewire_ingress_pending_requests: 0,
      statewire_ingress_accepting: 1,
      'statewire_ingress_position{ingress="shop/in"}': 99,
      'statewire_ingress_state{ingress="shop/in",state="running"}': 1,
      'statewire_ingress_state{ingress="shop/in",state="failed"}': 0,
      'statewire_egress_state{egress="shop/out",state="retrying"}': 1,
      'statewire_egress_state{egress="shop/out",state="running"}': 0,
      'statewire_egress_records_total{egress="shop/out"}': 7,
      'statewire_egress_backlog_records{egress="shop/out"}': 3,
    };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(values.get(name), value, name);
    }
    assert.ok((values.get("process_resident_memory_bytes") ?? 0) > 1e6);
    assert.ok((values.get("process_cpu_seconds_total") ?? 0) > 0);
  });

  it("counters read twice do not add up", async () => {
    const node = new ApiNode();
    assert.deepEqual(
      [...(await scrape(node))].filter(([name]) => name.startsWith("statewire_")),
      [...(await scrape(node))].filter(([name]) => name.startsWith("statewire_")),
    );
  });

  it("histograms hold what was observed, in seconds", async () => {
    const node = new ApiNode();
    node.latency.observe(0.003);
    node.latency.observe(0.2);
    node.metrics.observeCommit({ durationMs: 4, changes: 10, bytes: 5000 });
    node.metrics.observeFold(40);
    const values = await scrape(node);
    const latency = "statewire_function_invocation_seconds";
    assert.equal(values.get(`${latency}_bucket{le="0.0025",function="shop/order"}`), 0);
    assert.equal(values.get(`${latency}_bucket{le="0.005",function="shop/order"}`), 1);
    assert.equal(values.get(`${latency}_bucket{le="+Inf",function="shop/order"}`), 2);
    assert.equal(values.get(`${latency}_count{function="shop/order"}`), 2);
    assert.equal(values.get(`${latency}_sum{function="shop/order"}`), 0.203);
    assert.equal(values.get('statewire_commit_seconds_bucket{le="0.005"}'), 1);
    assert.equal(values.get("statewire_epoch_changes_sum"), 10);
    assert.equal(values.get("statewire_epoch_bytes_sum"), 5000);
    assert.equal(values.get("statewire_fold_seconds_sum"), 0.04);
  });

  it("that docs/OPERATING.md names are metrics that the node shows", async () => {
    const text = await new ApiNode().metrics.text();
    const shown = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const path = new URL("../../../docs/OPERATING.md", import.meta.url);
    const named = [...readFileSync(path, "utf8").matchAll(/\b(?:statewire|process)_[a-z_]+/g)];
    const names = named.map(([name]) => name.replace(/_bucket$/, ""));
    assert.ok(names.length > 8, "the alerts are there");
    assert.deepEqual(
      names.filter((name) => !shown.has(name)),
      [],
    );
  });

  it("docs/METRICS.md is current", () => {
    const path = new URL("../../../docs/METRICS.md", import.meta.url);
    const document = renderMetricsDocument();
    if (process.env["UPDATE"] === "1") writeFileSync(path, document);
    assert.equal(readFileSync(path, "utf8"), document, "UPDATE=1 writes it");
  });
});
